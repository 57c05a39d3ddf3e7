/** `npm run demo`, as a newcomer runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { within } from "../support/inbox.ts";
import { projectPath } from "../support/paths.ts";
import { type Scope, scopePerTest } from "../support/scope.ts";
import { environment, temporaryFolder } from "../support/server-process.ts";

const services = ["lobby", "devices", "experiments", "tracking", "crowd"];

/** What the participants wait for at the end is bounded; this is beyond it. */
const deadlineMs = 60_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunningDemo {
  readonly child: ChildProcess;
  /** Resolves when this text is on its standard output. */
  says(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** `temporary` is its folder for temporary files. It is killed with the scope if it still runs. */
function run(
  scope: Scope,
  command: string,
  args: readonly string[],
  temporary: string,
): RunningDemo {
  const child = spawn(command, args, {
    cwd: projectPath,
    env: environment({ TMPDIR: temporary }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  scope.own(child, () => child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
  return {
    child,
    ended: within(ended, `end of the demo; it said ${stdout}${stderr}`, deadlineMs),
    async says(text) {
      const said = new Promise<void>((resolve) => {
        const look = () => stdout.includes(text) && resolve();
        child.stdout.on("data", look);
        look();
      });
      await within(said, `"${text}" from the demo`, deadlineMs);
    },
  };
}

describe("npm run demo", () => {
  const scope = scopePerTest();

  it("shows all services and ends with 0: every client saw what it should have seen", {
    timeout: 2 * deadlineMs,
  }, async () => {
    const temporary = await temporaryFolder(scope);
    const { ended } = run(
      scope,
      "npm",
      ["run", "--silent", "demo", "--", "--seconds", "15", "--port", "0"],
      temporary,
    );
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    const [shown = "", summary = ""] = stdout.split("What each client saw:");
    for (const service of services) {
      expect(shown).toMatch(new RegExp(`^ {4}5 s {2}${service} |^ {9}${service} `, "m"));
      expect(summary).toMatch(new RegExp(`^ {2}${service} +ok `, "m"));
    }
    expect(summary).toMatch(/All \d+ clients of 5 services saw everything they should have seen\./);
    expect(summary).not.toMatch(/MISSED|STOPPED/);
    expect(
      (await readdir(temporary)).filter((name) => name.startsWith("switchboard-demo-")),
    ).toEqual([]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends at %s with the summary",
    { timeout: 2 * deadlineMs },
    async (signal) => {
      const { child, says, ended } = run(
        scope,
        process.execPath,
        ["scripts/demo.js", "--port", "0"],
        await temporaryFolder(scope),
      );
      await says("    5 s");
      child.kill(signal);
      // A terminal's signal comes a second time, by way of npm.
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain("clients of 5 services saw everything");
    },
  );

  it.each(["scripts/demo.js", "dist/cli/main.js demo"])(
    "comes to its end when nobody reads on: %s",
    { timeout: 2 * deadlineMs },
    async (command) => {
      const temporary = await temporaryFolder(scope);
      const { child, says, ended } = run(
        scope,
        process.execPath,
        [...command.split(" "), "--port", "0"],
        temporary,
      );
      await says("Switchboard is running");
      child.stdout?.destroy();
      const { code, stderr } = await ended;
      expect([code, stderr]).toEqual([0, ""]);
      expect(await readdir(temporary)).toEqual([]);
    },
  );

  it("says what to do when its port is taken", async () => {
    const other = scope.own(createServer(), (server) => server.close());
    await once(other.listen(0, "127.0.0.1"), "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const temporary = await temporaryFolder(scope);
    const { code, stderr } = await run(
      scope,
      process.execPath,
      ["scripts/demo.js", "--port", String(port)],
      temporary,
    ).ended;
    expect({ code, said: stderr.trim() }).toEqual({
      code: 1,
      said: `error: 127.0.0.1:${port} is in use by another process: stop it or choose another port (--port)`,
    });
    expect(await readdir(temporary)).toEqual([]);
  });

  it("refuses a flag that it has not", async () => {
    const { code, stderr } = await run(
      scope,
      process.execPath,
      ["scripts/demo.js", "--sekonds", "3"],
      await temporaryFolder(scope),
    ).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*--sekonds.*--help shows what there is/s);
  });
});
