/** Commands that end before their time: Ctrl-C in the middle of a measurement, output that nobody reads on. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { CliProcess } from "../support/cli-process.ts";
import { within } from "../support/inbox.ts";
import { cliPath } from "../support/paths.ts";
import { type Scope, scopePerTest } from "../support/scope.ts";
import { environment, startServer } from "../support/server-process.ts";

const scope = scopePerTest();

/** Stands for a server: of the first `whole` signals it tells all viewers, of a later one all but the last. */
async function startForgetful(scope: Scope, whole: number) {
  let signals = 0;
  const viewers: WebSocket[] = [];
  const server = createServer((_, response) => {
    signals++;
    response.end("{}");
    for (const viewer of signals <= whole ? viewers : viewers.slice(0, -1)) viewer.send("refresh");
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => viewers.push(socket));
  scope.own(server, () => {
    for (const viewer of viewers) viewer.terminate();
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    signals: () => signals,
  };
}

interface Unread {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: () => Promise<number | null>;
  /** What is on standard error. */
  readonly said: () => string;
}

/** A command of which whoever runs it can stop reading. */
function run(scope: Scope, url: string, ...args: string[]): Unread {
  const child = spawn(process.execPath, [cliPath, ...args], {
    env: environment({ SWITCHBOARD_URL: url }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  scope.own(child, () => child.kill("SIGKILL"));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const closed = once(child, "close").then(([code]) => code as number | null);
  return { child, ended: () => within(closed, "the end of the command", 20_000), said: () => said };
}

describe("bench at Ctrl-C", () => {
  it("does not count the round that is broken off", async () => {
    // The first round only shows that all are connected.
    const server = await startForgetful(scope, 4);
    const bench = CliProcess.start(
      scope,
      server.url,
      "bench",
      "--clients",
      "3",
      "--seconds",
      "60",
      "--json",
    );
    await expect.poll(server.signals).toBe(5);
    bench.interrupt();
    expect(await bench.ended()).toBe(0);
    expect(JSON.parse(bench.lines.unread.join("\n"))).toMatchObject({
      rounds: 3,
      deliveries: 9,
      missed: 0,
      lost: 0,
    });
  });

  it("measures nothing where no round was over", async () => {
    const server = await startForgetful(scope, 1);
    const bench = CliProcess.start(scope, server.url, "bench", "--clients", "3", "--seconds", "60");
    await expect.poll(server.signals).toBe(2);
    bench.interrupt();
    expect(await bench.ended()).toBe(1);
    expect([bench.lines.unread, bench.remarks.unread]).toEqual([
      [],
      ["interrupted before a round was over: nothing is measured"],
    ]);
  });
});

describe("output that nobody reads on", () => {
  it("ends a command with 0 where it is the results", async () => {
    const server = await startServer(scope);
    const { child, ended, said } = run(scope, server.url, "tail", "lobby", "7", "1");
    const signalling = setInterval(
      () =>
        void fetch(`${server.url}/lobbies/7/prompts/1/leaderboard-updates`, {
          method: "POST",
        }).catch(() => {}),
      50,
    );
    scope.own(signalling, clearInterval);
    await within(once(child.stdout, "data"), "a line", 20_000);
    child.stdout.destroy();
    expect([await ended(), said()]).toEqual([0, ""]);
  });

  it("ends a command that waits, where it is the remarks", async () => {
    const { child, ended } = run(scope, "http://127.0.0.1:1", "tail", "lobby", "7", "1");
    await within(once(child.stderr, "data"), "a remark", 20_000);
    child.stderr.destroy();
    expect(await ended()).toBe(0);
  });

  it("does not change how a command ends that fails with its last remark", async () => {
    const { child, ended } = run(scope, "http://127.0.0.1:1", "check-config", "--bogus");
    child.stderr.destroy();
    expect(await ended()).toBe(2);
  });
});
