/** Builds the web console once before the e2e tests, unless it is newer than everything it is made of. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectPath } from "../support/paths.ts";

const built = join(projectPath, "dist/console/index.html");
const madeOf = ["console", "src", "package.json"];

function newestMs(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // The folder's own time counts too: it changes when a file is removed.
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

/** Called by vitest once. Throws with the build's output if it fails; that the first load is within its budget is part of the build. */
export default function setup(): void {
  if (
    existsSync(built) &&
    madeOf.every((name) => newestMs(join(projectPath, name)) < statSync(built).mtimeMs)
  )
    return;
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build:console"], {
    cwd: projectPath,
    encoding: "utf8",
  });
  if (status === 0) return;
  // It may have been written all the same; without it the next run builds again.
  rmSync(built, { force: true });
  throw new Error(`npm run build:console ended with ${status}\n${stdout}${stderr}`);
}
