/** Builds the server and the web console, each unless it is newer than everything it is made of. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));
const parts = [
  {
    script: "build:server",
    built: "dist/cli/main.js",
    madeOf: ["src", "package.json", "tsconfig.json", "tsconfig.build.json"],
  },
  // The console has the client in it, and the contracts that its entry points import.
  {
    script: "build:console",
    built: "dist/console/index.html",
    madeOf: ["console", "src", "package.json"],
  },
];

/** The newest change of a file, or of anything in a folder; the folder's own time tells of files that are gone. */
function newestMs(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function isFresh({ built, madeOf }) {
  const file = join(project, built);
  if (!existsSync(file)) return false;
  const builtMs = statSync(file).mtimeMs;
  return madeOf.every((name) => newestMs(join(project, name)) < builtMs);
}

/** Ends the process with 1 if something cannot be built. */
export function buildIfStale() {
  const stale = parts.filter((part) => !isFresh(part));
  if (stale.length === 0) return;
  if (!existsSync(join(project, "node_modules", "typescript"))) {
    console.error("error: nothing is installed here: run npm ci first");
    process.exit(1);
  }
  console.error("Building…");
  for (const { script } of stale) {
    // What the build prints goes to standard error: on standard output is what the built program says, and nothing else.
    const { status } = spawnSync("npm", ["run", "--silent", script], {
      cwd: project,
      stdio: ["ignore", 2, 2],
    });
    if (status === 0) continue;
    console.error("error: the build failed: see above");
    process.exit(1);
  }
}
