/** The version of this server. */
import { readFileSync } from "node:fs";

/** As package.json has it; read anew at each call. */
export function serverVersion(): string {
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { readonly version: string };
  return version;
}
