/** The configuration: where it comes from, which source counts, and how a mistake in it stops the start. */
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join as joinPath } from "node:path";
import { describe, expect, it } from "vitest";
import { newLobbyId, opening } from "../support/lobby.ts";
import { scopePerTest } from "../support/scope.ts";
import {
  launchServer,
  type ServerOptions,
  type ServerProcess,
  startServer,
  temporaryFolder,
} from "../support/server-process.ts";

const scope = scopePerTest();

/** Starts a server that is meant not to start, and returns what it says. */
async function complaint(options: ServerOptions): Promise<string> {
  const server = await launchServer(scope, options);
  expect(await server.ended(), server.log).toEqual({ code: 2, signal: null });
  expect(server.stdout).toBe("");
  // For a person: no stack trace.
  expect(server.log).not.toMatch(/^\s+at /m);
  return server.log;
}

const set = (assignment: string): ServerOptions => ({ args: ["--set", assignment] });

describe("a mistake", () => {
  const mistakes: readonly {
    readonly options: ServerOptions;
    readonly path: string;
    readonly value: string | null;
    readonly remedy: RegExp;
  }[] = [
    {
      options: { config: { limits: { maxFrameBytez: 4096 } } },
      path: "limits.maxFrameBytez",
      value: null,
      remedy: /maxFrameBytes\b/,
    },
    {
      options: { config: { limmits: { maxFrameBytes: 4096 } } },
      path: "limmits",
      value: null,
      remedy: /\blimits\b/,
    },
    {
      options: { config: { services: { lobbies: {} } } },
      path: "services.lobbies",
      value: null,
      remedy: /\blobby\b/,
    },
    {
      options: { config: { services: { lobby: { grace: 5 } } } },
      path: "services.lobby.grace",
      value: null,
      remedy: /graceMs/,
    },
    {
      options: { config: { listen: { port: "eighty" } } },
      path: "listen.port",
      value: "eighty",
      remedy: /number|integer/,
    },
    {
      options: { config: { limits: { maxFrameBytes: -7 } } },
      path: "limits.maxFrameBytes",
      value: "-7",
      remedy: /1\b|positive|greater|least/,
    },
    {
      options: { config: { services: { lobby: { host: "nobody" } } } },
      path: "services.lobby.host",
      value: "nobody",
      remedy: /anyone.*first|first.*anyone/s,
    },
    {
      options: { config: { services: { devices: { answers: 5 } } } },
      path: "services.devices.answers",
      value: "5",
      remedy: /sender.*all|all.*sender/s,
    },
    {
      options: { config: { services: { devices: { monitorIdPattern: "(" } } } },
      path: "services.devices.monitorIdPattern",
      value: "(",
      remedy: /reg|pattern/i,
    },
    {
      options: { config: { engine: { kind: "punchcards" } } },
      path: "engine.kind",
      value: "punchcards",
      remedy: /embedded/,
    },
    {
      options: { config: { auth: { enabled: "yes" } } },
      path: "auth.enabled",
      value: "yes",
      remedy: /true|boolean/,
    },
    {
      options: { config: { listeners: [{ port: 0, service: "nosuch" }] } },
      path: "listeners",
      value: "nosuch",
      remedy: /lobby/,
    },
    {
      options: set("limits.maxFrameBytez=4096"),
      path: "limits.maxFrameBytez",
      value: null,
      remedy: /maxFrameBytes\b/,
    },
    {
      options: set("limits.maxFrameBytes=lots"),
      path: "limits.maxFrameBytes",
      value: "lots",
      remedy: /number|integer/,
    },
    {
      options: { env: { SWITCHBOARD_LIMITS_MAX_FRAME_BYTES: "lots" } },
      path: "limits.maxFrameBytes",
      value: "lots",
      remedy: /number|integer/,
    },
    {
      options: { env: { SWITCHBOARD_SERVICES_LOBBY_HOST: "nobody" } },
      path: "services.lobby.host",
      value: "nobody",
      remedy: /anyone/,
    },
  ];

  it.each(mistakes)(
    "in $path stops the start with the path, the value and the remedy: $options",
    async ({ options, path, value, remedy }) => {
      const said = await complaint(options);
      // A variable may be named in place of the path that it stands for.
      const variable = Object.keys(options.env ?? {})[0];
      expect(said.includes(path) || (variable !== undefined && said.includes(variable)), said).toBe(
        true,
      );
      if (value !== null) expect(said).toContain(value);
      expect(said.replaceAll(path, "")).toMatch(remedy);
    },
  );

  it("is a key that every object has, too", async () => {
    expect(await complaint(set("limits.__proto__.maxFrameBytes=4096"))).toContain("__proto__");
    expect(await complaint(set("constructor.prototype.x=1"))).toContain("constructor");
  });

  it("is told together with the others, not one a start", async () => {
    const said = await complaint({
      config: { listen: { port: "eighty" }, services: { lobby: { host: "nobody" } } },
    });
    expect(said).toContain("listen.port");
    expect(said).toContain("services.lobby.host");
  });

  it("in the file as such names the file", async () => {
    const folder = await temporaryFolder(scope);
    const broken = joinPath(folder, "broken.json");
    await writeFile(broken, '{"limits":');
    expect(await complaint({ args: ["--config", broken] })).toContain(broken);
    const absent = joinPath(folder, "absent.json");
    expect(await complaint({ args: ["--config", absent] })).toContain(absent);
  });
});

/** Whether a frame of so many bytes is taken; if not, it closes with 1009. */
async function takes(server: ServerProcess, bytes: number): Promise<boolean> {
  const first = {
    type: "wait_start",
    user: "dan",
    lobby_id: newLobbyId(),
    prompt_id: 5,
    padding: "",
  };
  const padding = "x".repeat(bytes - JSON.stringify(first).length);
  const player = await opening(scope, server.ws(), { ...first, padding });
  const outcome = await player.next().then(
    () => true,
    () => false,
  );
  if (!outcome) expect(await player.closed()).toMatchObject({ code: 1009 });
  return outcome;
}

/** Ports that were free just now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

describe("sources", () => {
  const config = { limits: { maxFrameBytes: 3_000 } };
  const env = { SWITCHBOARD_LIMITS_MAX_FRAME_BYTES: "6000" };
  const args = ["--set", "limits.maxFrameBytes=9000"];

  it.each([
    { what: "the file", options: { config }, good: 3_000 },
    { what: "the environment over the file", options: { config, env }, good: 6_000 },
    { what: "--set over both", options: { config, env, args }, good: 9_000 },
    { what: "--set over the environment", options: { env, args }, good: 9_000 },
  ])("count: $what", async ({ options, good }) => {
    const server = await startServer(scope, options);
    expect(await takes(server, good)).toBe(true);
    expect(await takes(server, good + 1)).toBe(false);
  });

  it("may be a file in JavaScript", async () => {
    const path = joinPath(await temporaryFolder(scope), "switchboard.config.mjs");
    await writeFile(path, "export default { limits: { maxFrameBytes: 1000 + 2000 } };\n");
    const server = await startServer(scope, { args: ["--config", path] });
    expect(await takes(server, 3_000)).toBe(true);
    expect(await takes(server, 3_001)).toBe(false);
  });

  it("give the port: --port over SWITCHBOARD_LISTEN_PORT over the file", async () => {
    const [inFile = 0, inEnv = 0, inFlag = 0] = await freePorts(3);
    const listen = { config: { listen: { port: inFile } }, port: null };
    expect((await startServer(scope, listen)).port).toBe(inFile);
    const withEnv = { ...listen, env: { SWITCHBOARD_LISTEN_PORT: String(inEnv) } };
    expect((await startServer(scope, withEnv)).port).toBe(inEnv);
    expect((await startServer(scope, { ...withEnv, port: inFlag })).port).toBe(inFlag);
  });
});
