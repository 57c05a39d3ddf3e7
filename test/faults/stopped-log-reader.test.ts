/** Whoever reads the server's log stops: the server goes on, ends when told, and says what it dropped. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { within } from "../support/inbox.ts";
import { cliPath } from "../support/paths.ts";
import { scopePerTest } from "../support/scope.ts";
import { environment, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();

/** A started server whose log goes into a pipe that is read only when told. */
async function startUnread(): Promise<{ url: string; child: ChildProcess; read: () => string }> {
  const folder = await temporaryFolder(scope);
  const pipe = join(folder, "log");
  execFileSync("mkfifo", [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  scope.own(reader, closeSync);
  const writer = openSync(pipe, constants.O_WRONLY);
  const child = scope.own(
    spawn(
      process.execPath,
      [
        cliPath,
        "start",
        "--port",
        "0",
        "--data",
        join(folder, "data"),
        "--set",
        "limits.openRequestsPerSecondPerAddress=null",
      ],
      {
        env: environment(),
        stdio: ["ignore", "pipe", writer],
      },
    ),
    (started) => started.kill("SIGKILL"),
  );
  closeSync(writer);
  const [ready] = await within(once(child.stdout ?? child, "data"), "the ready line");
  const url = /http:\S+/.exec(String(ready))?.[0] ?? "";
  const read = () => {
    const chunk = Buffer.alloc(1 << 20);
    try {
      return chunk.toString("utf8", 0, readSync(reader, chunk));
    } catch {
      return "";
    }
  };
  return { url, child, read };
}

async function logErrors(url: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 50) {
    const posts = Array.from({ length: 50 }, () =>
      request(url, "POST /log_error", { body: { error: "x".repeat(100) } }),
    );
    await Promise.all(posts);
  }
}

describe.skipIf(process.platform !== "linux")("a log that nobody reads (needs /proc)", () => {
  it("holds up neither the requests nor the end", async () => {
    const { url, child } = await startUnread();
    await logErrors(url, 1_000);
    expect((await request(url, "GET /healthz")).status).toBe(200);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await within(ended, "the end of a server whose log nobody reads")).toEqual([0, null]);
  });

  it("is written again when it is read again, to the last line", async () => {
    const { url, child, read } = await startUnread();
    await logErrors(url, 1_000);
    let log = "";
    const reading = setInterval(() => {
      log += read();
    }, 5);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await within(ended, "the end of the server")).toEqual([0, null]);
    clearInterval(reading);
    log += read();
    const lines = log
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string; service?: string });
    expect(lines.at(-1)?.msg).toBe("drained");
    const reported = lines.filter(({ service }) => service === "crowd");
    expect(reported.length).toBe(1_000);
    for (const line of log.trimEnd().split("\n"))
      expect(line.match(/"service":/g)?.length ?? 0).toBeLessThan(2);
  });
});
