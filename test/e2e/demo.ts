/** The demo, running: a server with simulated clients of all services, for pages to show. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { within } from "../support/inbox.ts";
import { projectPath } from "../support/paths.ts";
import type { Scope } from "../support/scope.ts";
import { environment, temporaryFolder } from "../support/server-process.ts";

const startDeadlineMs = 60_000;

/** Starts it on a free port, as `npm run demo` does, and resolves to its server's URL. It is killed with the scope. */
export async function startDemo(scope: Scope): Promise<string> {
  const temporary = await temporaryFolder(scope);
  const child = spawn(process.execPath, [join(projectPath, "dist/demo/main.js"), "--port", "0"], {
    cwd: projectPath,
    env: environment({ TMPDIR: temporary }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  scope.own(child, async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let said = "";
  const url = new Promise<string>((resolve) => {
    const look = (text: string) => {
      said += text;
      const found = /running at (http:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.setEncoding("utf8").on("data", look);
    // Read, so that it does not stand still.
    child.stderr.resume();
  });
  const over = ended.then(([code]) => {
    throw new Error(`the demo ended with ${code}; it said ${said}`);
  });
  return within(Promise.race([url, over]), "the demo's server", startDeadlineMs);
}
