/** Builds `dist` once before the tests of a started server, unless it is newer than everything it is made of. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cliPath, projectPath } from "./paths.ts";

const madeOf = ["src", "package.json", "tsconfig.json", "tsconfig.build.json"];

function newestMs(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // The folder's own time counts too: it changes when a file is removed.
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function isFresh(): boolean {
  if (!existsSync(cliPath)) return false;
  const builtMs = statSync(cliPath).mtimeMs;
  return madeOf.every((name) => newestMs(join(projectPath, name)) < builtMs);
}

/** Called by vitest once, before the first wire test file. Throws with the compiler's output if the build fails. */
export default function setup(): void {
  if (isFresh()) return;
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build:server"], {
    cwd: projectPath,
    encoding: "utf8",
  });
  if (status === 0) return;
  // A failed build may have written it all the same; without it the next run builds again.
  rmSync(cliPath, { force: true });
  throw new Error(`npm run build:server ended with ${status}\n${stdout}${stderr}`);
}
