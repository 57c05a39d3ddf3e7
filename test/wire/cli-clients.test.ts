/** The commands that talk to a running server, as whoever types them sees them. */
import { readFile, writeFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken, runCli } from "../support/cli.ts";
import { CliProcess } from "../support/cli-process.ts";
import { loadStudy } from "../support/crowd.ts";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { publish, samplesBody, storedSamples } from "../support/experiments.ts";
import { newLobbyId, watching } from "../support/lobby.ts";
import { Scope, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";
import { clientAt, processorAt } from "../support/tracking.ts";

const scope = scopePerTest();
const all = new Scope();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(all);
  return () => all.end();
});

const start = (...args: string[]) => CliProcess.start(scope, server.url, ...args);

describe("tail", () => {
  it("shows samples from the first on, and ends after --count lines", async () => {
    await publish(
      server.url,
      "T1",
      samplesBody({ a: { mu: [1.5, 2], tau: [3, 4] } }, { a: [1, 2] }),
    );
    const tail = start("tail", "experiments", "T1", "--variable", "mu", "--count", "4");
    expect(await tail.lines.next()).toMatch(/^names {2}a: /);
    expect(await tail.lines.next()).toBe("a  mu[0] = 1.5");
    expect(await tail.lines.next()).toBe("a  mu[1] = 2");
    await publish(server.url, "T1", samplesBody({ a: { mu: [2.5], tau: [5] } }, { a: [3, 3] }));
    expect(await tail.lines.next()).toBe("a  mu[2] = 2.5");
    expect(await tail.ended()).toBe(0);
  });

  it("prints a JSON object a line with --json, and ends with 0 at Ctrl-C", async () => {
    const processor = await processorAt(scope, server, "entrance");
    const tail = start("tail", "tracking", "--camera", "entrance", "--json");
    const box = { boxId: 1, rect: [0, 0, 0.5, 0.5], objectType: "person", certainty: 0.9 };
    // Boxes are told to who watches: they are sent until the command does.
    let frame = 0;
    const feeding = setInterval(
      () => processor.send({ type: "boundingBoxes", frameId: ++frame, boxes: [box] }),
      50,
    );
    const line = JSON.parse(await tail.lines.next().finally(() => clearInterval(feeding)));
    expect(line).toMatchObject({ event: "boxes", cameraId: "entrance", boxes: [box] });
    tail.interrupt();
    expect(await tail.ended()).toBe(0);
  });

  it("comes back when the server does", async () => {
    const first = await startServer(scope);
    const tail = CliProcess.start(scope, first.url, "tail", "lobby", "7", "1", "--count", "2");
    const signalling = setInterval(
      () =>
        void fetch(`${first.url}/lobbies/7/prompts/1/leaderboard-updates`, {
          method: "POST",
        }).catch(() => {}),
      100,
    );
    expect(await tail.lines.next().finally(() => clearInterval(signalling))).toBe(
      "leaderboard refresh",
    );
    await first.stop();
    expect(await tail.remarks.next()).toMatch(/^not connected \(1012.*trying again in \d\.\d s$/);
    await startServer(scope, { port: first.port });
    await tail.remarks.until((remark) => remark === "connected", 20_000);
    // The server is there first, and what it said meanwhile nobody knows.
    expect(await tail.lines.next()).toMatch(/refresh \(was not connected/);
    expect(await tail.ended()).toBe(0);
  });

  it("says how a worker's numbers and a monitor's commands go", async () => {
    const crowd = start("tail", "crowd", "ann", "--count", "1");
    expect(await crowd.lines.next()).toBe("0 CADs, 0 rankings, 0 first places");
    expect(await crowd.ended()).toBe(0);
  });

  it("waits for a server that is not there, and says so", async () => {
    const tail = CliProcess.start(scope, "http://127.0.0.1:1", "tail", "lobby", "1");
    expect(await tail.remarks.next()).toContain("ECONNREFUSED");
    tail.interrupt();
    expect(await tail.ended()).toBe(0);
  });

  it("ends with 1 and says why where the token is not taken", async () => {
    const folder = await temporaryFolder(scope);
    const guarded = await startServer(scope, { data: folder, config: { auth: { enabled: true } } });
    const token = await createToken(folder, { name: "site", roles: ["experiments.subscribe"] });
    const refused = CliProcess.start(
      scope,
      guarded.url,
      "tail",
      "experiments",
      "X",
      "--token",
      "wrong",
    );
    expect(await refused.ended()).toBe(1);
    await refused.remarks.until((remark) => /^error: .*4401/.test(remark));
    const taken = CliProcess.start(
      scope,
      guarded.url,
      "tail",
      "experiments",
      "X",
      "--token",
      token,
      "--for",
      "1s",
    );
    expect(await taken.ended()).toBe(0);
  });
});

describe("send", () => {
  it("sends a command to a monitor, prints its end, and exits accordingly", async () => {
    const monitorId = newMonitorId();
    const monitor = await DeviceSocket.monitor(scope, server.url, monitorId);
    const done = start("send", "devices", monitorId, "open", "the", "valve");
    expect(await monitor.next("command do")).toMatchObject({ command: "open the valve" });
    monitor.emit("command done");
    expect(await done.lines.next()).toBe("done");
    expect(await done.ended()).toBe(0);

    const failed = start("send", "devices", monitorId, "close", "--json");
    await monitor.next("command do");
    monitor.emit("command error", { reason: "stuck" });
    expect(JSON.parse(await failed.lines.next())).toMatchObject({
      status: "failed",
      reason: "stuck",
    });
    expect(await failed.ended()).toBe(1);
  });

  it("tells viewers to refresh", async () => {
    const lobby = newLobbyId();
    const board = await watching(scope, server.ws("/lobby"), {
      type: "leaderboard",
      lobby_id: lobby,
      prompt_id: 5,
    });
    const prompts = await watching(scope, server.ws("/lobby"), {
      type: "lobby_prompts",
      lobby_id: lobby,
    });
    expect((await runCli("send", "lobby", lobby, "5", "--url", server.url)).code).toBe(0);
    expect(await board.next()).toBe("refresh");
    expect((await runCli("send", "lobby", lobby, "--url", server.url)).code).toBe(0);
    expect(await prompts.next()).toBe("refresh");
  });

  it("has an object tracked, and forgotten", async () => {
    const processor = await processorAt(scope, server, "hall");
    const client = await clientAt(scope, server, true);
    expect(
      (
        await runCli(
          "send",
          "tracking",
          "start",
          "hall",
          "--frame",
          "12",
          "--box",
          "3",
          "--url",
          server.url,
        )
      ).code,
    ).toBe(0);
    const started = await processor.json();
    expect(started).toMatchObject({ type: "start", frameId: 12, boxId: 3 });
    await client.json();
    expect(
      (await runCli("send", "tracking", "stop", String(started.objectId), "--url", server.url))
        .code,
    ).toBe(0);
    expect(await client.json()).toMatchObject({ type: "stop", objectId: started.objectId });
  });

  it("sends texts as they are, and prints what comes back", async () => {
    const { code, stdout } = await runCli(
      "send",
      "text",
      "/lobby",
      '{"type":"leaderboard_update","lobby_id":1,"prompt_id":2}',
      "--url",
      server.url,
    );
    expect([code, stdout]).toEqual([0, ""]);
    const player = start(
      "send",
      "text",
      "/lobby",
      '{"type":"wait_start","user":"dan","lobby_id":77,"prompt_id":2}',
      "--count",
      "1",
    );
    expect(JSON.parse(await player.lines.next())).toMatchObject({ type: "update", users: ["dan"] });
    expect(await player.ended()).toBe(0);
  });

  it("does not say that it has told the viewers where the server has refused it", async () => {
    const guarded = await startServer(scope, { config: { auth: { enabled: true } } });
    const { code, stdout, stderr } = await runCli("send", "lobby", "10", "--url", guarded.url);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: .*4401/);
  });

  it.each([
    ["ftp://x", "SWITCHBOARD_URL"],
    ["http://x/y", "without a path"],
  ])("refuses SWITCHBOARD_URL=%s with 2, and says what it should be", async (url, words) => {
    const command = CliProcess.start(scope, url, "export", "tracking");
    expect(await command.remarks.next()).toContain(words);
    expect(await command.ended()).toBe(2);
  });

  it("says that the server is not there, with 1", async () => {
    const { code, stderr } = await runCli("send", "lobby", "1", "2", "--url", "http://127.0.0.1:1");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("publish and export", () => {
  it("stores each row of a CSV file once, also when it is published again", async () => {
    const folder = await temporaryFolder(scope);
    const file = joinPath(folder, "draws.csv");
    const draws = Array.from({ length: 50_000 }, (_, n) => n / 8);
    await writeFile(file, `mu,tau\n${draws.map((draw) => `${draw},${-draw}`).join("\n")}\n`);
    for (let times = 0; times < 2; times++) {
      const { code, stdout, stderr } = await runCli(
        "publish",
        "P1",
        file,
        "--chain",
        "1",
        "--run",
        "r1",
        "--url",
        server.url,
      );
      expect([code, stdout, stderr]).toEqual([0, "50,000 draws are stored in P1\n", ""]);
    }
    expect(await storedSamples(server.url, "P1", "1", "mu")).toEqual(draws);
    const out = joinPath(folder, "mu.csv");
    expect(
      (
        await runCli(
          "export",
          "experiments",
          "P1",
          "--variable",
          "mu",
          "--chain",
          "1",
          "--out",
          out,
          "--url",
          server.url,
        )
      ).code,
    ).toBe(0);
    const lines = (await readFile(out, "utf8")).trim().split("\r\n");
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([
      50_001,
      "index,value",
      `49999,${49_999 / 8}`,
    ]);
    const { stdout } = await runCli("export", "experiments", "P1", "--url", server.url);
    expect(JSON.parse(stdout)).toBeTruthy();
  });

  it("takes JSON lines from a pipe, as they come", async () => {
    const publishing = start("publish", "P2", "--no-finish", "--log", "begun");
    publishing.input.write('{"mu":1,"chain":"a"}\n{"mu":2,"chain":"b"}\n');
    const tail = start("tail", "experiments", "P2", "--variable", "mu", "--count", "5");
    const seen = new Set<string>();
    while (seen.size < 5) seen.add(await tail.lines.next());
    expect([...seen]).toEqual(
      expect.arrayContaining(["log  begun", "a  mu[0] = 1", "b  mu[0] = 2"]),
    );
    publishing.input.end('{"mu":3,"chain":"a"}\n');
    expect(await publishing.ended()).toBe(0);
    expect(await storedSamples(server.url, "P2", "a", "mu")).toEqual([1, 3]);
  });

  it("stores what it has read when Ctrl-C is pressed while nothing comes, and ends with 1", async () => {
    const publishing = start("publish", "P4", "--chain", "a", "--log", "begun");
    publishing.input.write("mu\n1\n2\n");
    const tail = start("tail", "experiments", "P4", "--variable", "mu", "--count", "4");
    expect(await tail.ended()).toBe(0);
    publishing.interrupt();
    expect(await publishing.ended()).toBe(1);
    expect(await publishing.lines.next()).toBe("2 draws are stored in P4");
    expect(await publishing.remarks.until((remark) => remark.startsWith("Publish"))).toMatch(
      /--run \S+: .* Leave --log out/,
    );
  });

  it("keeps in --outbox what a server that is away does not take, and the next one stores it", async () => {
    const outbox = joinPath(await temporaryFolder(scope), "outbox");
    const data = joinPath(await temporaryFolder(scope), "data");
    const before = await startServer(scope, { data });
    const { url, port } = before;
    await before.stop();
    const away = CliProcess.start(
      scope,
      url,
      "publish",
      "P5",
      "--chain",
      "a",
      "--run",
      "r",
      "--outbox",
      outbox,
    );
    away.input.end('{"mu":1}\n');
    await away.remarks.until((remark) => remark.startsWith("the server is away"));
    away.interrupt();
    expect(await away.ended()).toBe(1);
    await away.remarks.until((remark) => remark.includes("wait in"));
    await startServer(scope, { data, port });
    const next = CliProcess.start(scope, url, "publish", "P5", "--chain", "b", "--outbox", outbox);
    next.input.end('{"mu":2}\n');
    expect(await next.ended()).toBe(0);
    expect(await storedSamples(url, "P5", "a", "mu")).toEqual([1]);
    expect(await storedSamples(url, "P5", "b", "mu")).toEqual([2]);
  });

  it("does not store in one experiment what waits in --outbox for another: 2, and nothing of the input is sent", async () => {
    const outbox = joinPath(await temporaryFolder(scope), "outbox");
    const id = "a http://127.0.0.1:1/api/object/P6";
    const post = {
      id,
      text: `${id}\n{}`,
      acceptedAt: 1,
      expiresAt: null,
      resend: true,
      awaitsAck: true,
      written: false,
    };
    await writeFile(outbox, `{"switchboardOutbox":1}\n${JSON.stringify({ put: post })}\n`);
    const other = start("publish", "P7", "--outbox", outbox);
    // Its input goes on.
    other.input.write("mu\n7\n");
    expect(await other.ended()).toBe(2);
    const remark = await other.remarks.until((line) => line.startsWith("error: "));
    expect(remark).toContain(
      `in it a post waits for http://127.0.0.1:1/api/object/P6, and this is ${server.url}/api/object/P7: publish there first`,
    );
    expect(await storedSamples(server.url, "P7", "chain_default", "mu")).toEqual([]);
  });

  it.each([[[]], [["--no-finish"]]])(
    "says at once that a token is needed, with %j too, and does not advise to try again",
    async (flags) => {
      const data = await temporaryFolder(scope);
      const guarded = await startServer(scope, { data, args: ["--set", "auth.enabled=true"] });
      const role = await createToken(data, { name: "watcher", roles: ["experiments.subscribe"] });
      for (const [token, reason] of [
        [
          "wrong",
          /^error: the server did not take the token: 401 .*\(--token or SWITCHBOARD_TOKEN gives one\)$/,
        ],
        [
          role,
          /^error: the token may not publish this: 403 .*\(it needs the role experiments\.publish\)$/,
        ],
      ] as const) {
        const publishing = CliProcess.start(
          scope,
          guarded.url,
          "publish",
          "P8",
          "--token",
          token,
          ...flags,
        );
        // Its input goes on.
        publishing.input.write("mu\n1\n");
        expect(await publishing.ended()).toBe(1);
        expect(await publishing.remarks.next()).toMatch(reason);
      }
    },
  );

  it("says what is wrong with the experiment's id and with the file", async () => {
    const file = joinPath(await temporaryFolder(scope), "draws.csv");
    for (const [args, code, reason] of [
      [["", file], 2, "Give the experiment a name."],
      [["P9", file], 1, `error: ${file} cannot be read: there is no such file`],
      [["P9", joinPath(file, "..")], 1, "it is a folder; name a file in it"],
    ] as const) {
      expect(await runCli("publish", ...args, "--url", server.url)).toMatchObject({
        code,
        stdout: "",
        stderr: expect.stringContaining(reason),
      });
    }
    await writeFile(file, "mu\n1\n");
    const long = await runCli("publish", "x".repeat(300), file, "--url", server.url);
    expect([long.code, long.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: GET .* was answered with 400 .*100/),
    ]);
  });

  it("names the line that is wrong, having stored what was before it", async () => {
    const publishing = start("publish", "P3", "--chain", "a");
    publishing.input.end('{"mu":1}\n{"mu":\n');
    expect(await publishing.ended()).toBe(1);
    const remedy = await publishing.remarks.next();
    expect(await publishing.remarks.next()).toMatch(/^error: line 2 is not JSON/);
    const run = /--run (\S+):/.exec(remedy)?.[1] ?? "";
    const again = start("publish", "P3", "--chain", "a", "--run", run);
    again.input.end('{"mu":1}\n{"mu":2}\n');
    expect(await again.ended()).toBe(0);
    expect(await storedSamples(server.url, "P3", "a", "mu")).toEqual([1, 2]);
  });

  it("exports a study", async () => {
    await loadStudy(server.url, "S1", 3);
    const { code, stdout } = await runCli(
      "export",
      "crowd",
      "S1",
      "--format",
      "json",
      "--url",
      server.url,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toBeTruthy();
    const unknown = await runCli("export", "crowd", "S2", "--url", server.url);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^error: .*S2/);
  });
});

describe("bench", () => {
  it("measures a running server, and loses nothing", async () => {
    const { code, stdout } = await runCli(
      "bench",
      "--clients",
      "20",
      "--seconds",
      "1",
      "--json",
      "--url",
      server.url,
    );
    const figures = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(figures).toMatchObject({
      clients: 20,
      missed: 0,
      lost: 0,
      deliveries: figures.rounds * 20,
    });
    expect(figures.rounds).toBeGreaterThan(0);
  });
});
