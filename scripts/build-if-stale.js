/** Builds `dist`, unless it is newer than everything it is made of. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));
const built = join(project, "dist", "cli", "main.js");
const madeOf = ["src", "package.json", "tsconfig.json", "tsconfig.build.json"];

/** The newest change of a file, or of anything in a folder; the folder's own time tells of files that are gone. */
function newestMs(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function isFresh() {
  if (!existsSync(built)) return false;
  const builtMs = statSync(built).mtimeMs;
  return madeOf.every((name) => newestMs(join(project, name)) < builtMs);
}

/** Ends the process with 1 if it cannot be built. */
export function buildIfStale() {
  if (isFresh()) return;
  if (!existsSync(join(project, "node_modules", "typescript"))) {
    console.error("error: nothing is installed here: run npm ci first");
    process.exit(1);
  }
  console.error("Building…");
  // What the build prints goes to standard error: on standard output is what the built program says, and nothing else.
  const { status } = spawnSync("npm", ["run", "--silent", "build"], { cwd: project, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    console.error("error: the build failed: see above");
    process.exit(1);
  }
}
