/** Where the project and the built command are. */
import { fileURLToPath } from "node:url";

/** The checkout. */
export const projectPath = fileURLToPath(new URL("../..", import.meta.url));

/** The built command `switchboard`. */
export const cliPath = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
