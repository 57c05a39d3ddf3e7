/** The command line, as whoever types it sees it: results on stdout, remarks on stderr, exit codes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createToken, runCli } from "../support/cli.ts";
import { within } from "../support/inbox.ts";
import { projectPath } from "../support/paths.ts";
import { opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerTest } from "../support/scope.ts";
import { environment, startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();
let data: string;

beforeEach(async () => {
  data = joinPath(await temporaryFolder(scope), "data");
});

interface Listed {
  readonly id: string;
  readonly name: string;
}

async function listed(): Promise<readonly Listed[]> {
  const { code, stdout } = await runCli("token", "list", "--data", data, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe("help", () => {
  it("lists the commands, and the flags of start", async () => {
    const { code, stdout, stderr } = await runCli("--help");
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of [
      "start",
      "token",
      "check-config",
      "--port",
      "--host",
      "--data",
      "--config",
      "--insecure",
      "--log-level",
      "--set",
    ]) {
      expect(stdout).toContain(word);
    }
  });

  it("is there for each command", async () => {
    const { code, stdout } = await runCli("token", "create", "--help");
    expect(code).toBe(0);
    for (const word of [
      "--name",
      "--role",
      "--lobby",
      "--monitor",
      "--expires",
      "lobby.host",
      "devices.user",
    ])
      expect(stdout).toContain(word);
  });
});

describe("a mistake on the command line", () => {
  it.each([
    [["strat"], 'there is no command "strat": did you mean start?'],
    [["--prot", "80"], "(Did you mean --port?)"],
    [["start", "now"], "too many arguments"],
    [["--set", "listen.port"], "PATH=VALUE"],
    [["token"], "create"],
    [["token", "creat"], "(Did you mean create?)"],
    [["token", "create", "--name", "a"], "--role"],
    [["token", "create", "--role", "a"], "--name"],
    [["token", "create", "--name", "a", "--role", "b", "--expires", "soon"], "such as 30d"],
    [["token", "create", "--name", "a\nb", "--role", "b"], "no control characters"],
    [["token", "revoke"], "token list"],
    [
      ["check-config", "--port", "70000"],
      "listen.port is 70000 (from --port): it must be a whole number from 0 to 65535",
    ],
    [["token", "list", "--config", "no-such.json"], "no-such.json does not exist"],
  ])("%j ends with 2 and says what to do", async (args, remedy) => {
    const { code, stdout, stderr } = await runCli(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("token create", () => {
  it("prints the token alone on stdout, and keeps only its hash, for this user only", async () => {
    const { code, stdout, stderr } = await runCli(
      "token",
      "create",
      "--data",
      data,
      "--name",
      "site",
      "--role",
      "lobby.host",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sb_[A-Za-z0-9_-]{43}\n$/);
    expect(stderr).toContain('Token "site"');
    expect(stderr).not.toContain(stdout.trim());
    const path = joinPath(data, "tokens.json");
    expect(await readFile(path, "utf8")).not.toContain(stdout.trim());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("takes several roles and ids, and an end", async () => {
    const flags = [
      "--role",
      "a",
      "--role",
      "b",
      "--lobby",
      "1",
      "--lobby",
      "2",
      "--monitor",
      "3",
      "--expires",
      "30d",
    ];
    const { code, stderr } = await runCli(
      "token",
      "create",
      "--data",
      data,
      "--name",
      "all",
      ...flags,
    );
    expect(code).toBe(0);
    expect(stderr).toContain('no installed service has a role "a"');
    const [token] = await listed();
    expect(token).toMatchObject({
      name: "all",
      roles: ["a", "b"],
      only: { lobbies: ["1", "2"], monitors: ["3"] },
    });
    const { createdAt, expiresAt } = token as unknown as {
      readonly createdAt: string;
      readonly expiresAt: string;
    };
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(30 * 86_400_000);
  });

  it("does not take a name twice", async () => {
    await createToken(data, { name: "site", roles: ["admin"] });
    const { code, stdout, stderr } = await runCli(
      "token",
      "create",
      "--data",
      data,
      "--name",
      "site",
      "--role",
      "admin",
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain('there is a token called "site" already');
    expect(await listed()).toHaveLength(1);
  });

  it("loses none when several run at once", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const tokens = await Promise.all(
      names.map((name) => createToken(data, { name, roles: ["admin"] })),
    );
    expect(new Set(tokens).size).toBe(names.length);
    expect((await listed()).map(({ name }) => name).sort()).toEqual(names);
    expect(await readdir(data)).toEqual(["tokens.json"]);
  });

  it("says so where it cannot write", async () => {
    await writeFile(data, "a file in the place of the directory");
    const { code, stdout, stderr } = await runCli(
      "token",
      "create",
      "--data",
      data,
      "--name",
      "site",
      "--role",
      "admin",
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: .*tokens\.json/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("keeps them where the config says", async () => {
    const folder = await temporaryFolder(scope);
    const [config, tokensFile] = [
      joinPath(folder, "config.json"),
      joinPath(folder, "elsewhere.json"),
    ];
    await writeFile(config, JSON.stringify({ auth: { enabled: true, tokensFile } }));
    const { code, stderr } = await runCli(
      "token",
      "create",
      "--config",
      config,
      "--name",
      "site",
      "--role",
      "admin",
    );
    expect([code, stderr.includes("auth is off")]).toEqual([0, false]);
    expect((await stat(tokensFile)).isFile()).toBe(true);
  });
});

describe("token list and revoke", () => {
  it("show and remove, by id or by name", async () => {
    const tokens = [
      await createToken(data, { name: "one", roles: ["lobby.host"] }),
      await createToken(data, { name: "two", roles: ["admin"] }),
    ];
    const [one] = await listed();
    const table = await runCli("token", "list", "--data", data);
    expect(table.stdout).toMatch(
      /^ID +NAME +ROLES +LIMITED TO +CREATED +EXPIRES\n\S+ +one +lobby\.host +- +\S+ +never\n\S+ +two /,
    );
    for (const token of tokens) expect(table.stdout).not.toContain(token);
    expect((await runCli("token", "revoke", "--data", data, one?.id ?? "")).code).toBe(0);
    expect((await listed()).map(({ name }) => name)).toEqual(["two"]);
    expect((await runCli("token", "revoke", "--data", data, "two")).code).toBe(0);
    expect(await listed()).toEqual([]);
    const again = await runCli("token", "revoke", "--data", data, "two");
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain('has the id or name "two"');
  });
});

describe("check-config", () => {
  it("prints every setting, where it was set, and no secret", async () => {
    const config = joinPath(await temporaryFolder(scope), "config.json");
    const engine = { kind: "nats", servers: ["nats://me:hunter2@localhost"], password: "hunter2" };
    await writeFile(config, JSON.stringify({ engine, services: { lobby: { graceMs: 7 } } }));
    const { code, stdout } = await runCli(
      "check-config",
      "--config",
      config,
      "--port",
      "81",
      "--set",
      "engine.token=hunter2",
    );
    expect(code).toBe(0);
    const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(lines).toContainEqual(["listen.port", "81", "--port"]);
    expect(lines).toContainEqual(["listen.host", '"127.0.0.1"']);
    expect(lines).toContainEqual(["services.lobby.graceMs", "7", config]);
    expect(lines).toContainEqual(["engine.servers", '["nats://***@localhost"]', config]);
    expect(lines).toContainEqual(["engine.password", "(secret)", config]);
    expect(lines).toContainEqual(["engine.token", "(secret)", "--set engine.token"]);
    expect(lines).toContainEqual(["engine.user", "(not set)"]);
    expect(stdout).not.toContain("hunter2");
  });
});

describe("start", () => {
  it("ends at once, with 1, at a second signal", async () => {
    const server = await startServer(scope, { config: { drainTimeoutMs: 9000 } });
    // Neither reads nor answers, so that leaving takes its time.
    const stalled = await RawWebSocket.open(scope, server.ws());
    await stalled.send(opcodes.ping, "here");
    await stalled.frames.next();
    stalled.stopReading();
    process.kill(server.pid, "SIGTERM");
    const refused = async () => {
      while (
        await fetch(`${server.url}/healthz`, { headers: { connection: "close" } }).catch(
          () => undefined,
        )
      ) {
        // It still listens: the first signal has not been seen yet.
      }
    };
    await refused();
    expect(await server.kill("SIGINT", 2000)).toEqual({ code: 1, signal: null });
  });

  it("by npm start, passes on the flags, and a signal to npm is the server's", async () => {
    const npm = spawn("npm", ["start", "--silent", "--", "--port", "0", "--data", data], {
      cwd: projectPath,
      env: environment(),
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    const ended = once(npm, "close");
    scope.own(npm.pid, (pid) => {
      if (pid !== undefined && npm.exitCode === null && npm.signalCode === null)
        process.kill(-pid, "SIGKILL");
    });
    const line = once(npm.stdout.setEncoding("utf8"), "data");
    const [text] = await within(Promise.race([line, ended]), "ready line of npm start", 20_000);
    const url = /^Switchboard is ready at (http:\S+)\n$/.exec(String(text))?.[1] ?? "";
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    npm.kill("SIGTERM");
    await within(ended, "end of npm start", 15_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});
