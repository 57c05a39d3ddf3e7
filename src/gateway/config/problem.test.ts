/** What is told of a configuration that is wrong. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnyService } from "../../kit/service.ts";
import {
  configOf,
  errorOf,
  lobby,
  problemOf,
  problemsOf,
  type Sources,
  serviceCalled,
  set,
} from "./config.fixture.ts";
import { configShape } from "./resolve-config.ts";

describe("what is wrong is told", () => {
  test("an unknown key anywhere, with its path and the nearest known one", () => {
    const anywhere = fc.constantFrom<{
      path: readonly PropertyKey[];
      file: (key: string) => object;
      known: string;
    }>(
      { path: [], file: (key) => ({ [key]: 1 }), known: "listen" },
      { path: ["listen"], file: (key) => ({ listen: { [key]: 1 } }), known: "port" },
      {
        path: ["listeners", 1],
        file: (key) => ({ listeners: [{ port: 1 }, { port: 2, [key]: 1 }] }),
        known: "service",
      },
      { path: ["engine"], file: (key) => ({ engine: { [key]: 1 } }), known: "durability" },
      {
        path: ["engine"],
        file: (key) => ({ engine: { kind: "nats", servers: ["a"], [key]: 1 } }),
        known: "servers",
      },
      {
        path: ["auth", "jwt"],
        file: (key) => ({ auth: { jwt: { publicKeyFile: "a", [key]: 1 } } }),
        known: "rolesClaim",
      },
      { path: ["limits"], file: (key) => ({ limits: { [key]: 1 } }), known: "maxFrameBytes" },
      {
        path: ["services", "lobby"],
        file: (key) => ({ services: { lobby: { [key]: 1 } } }),
        known: "graceMs",
      },
      {
        path: ["services", "lobby", "limits"],
        file: (key) => ({ services: { lobby: { limits: { [key]: 1 } } } }),
        known: "maxInbox",
      },
      {
        path: ["services", "lobby", "rooms"],
        file: (key) => ({ services: { lobby: { rooms: { [key]: 1 } } } }),
        known: "names",
      },
      {
        path: ["services", "video", "inner"],
        file: (key) => ({ services: { video: { inner: { [key]: 1 } } } }),
        known: "deep",
      },
    );
    fc.assert(
      fc.property(anywhere, fc.constantFrom("x", "_"), ({ path, file, known }, letter) => {
        const dotted = path
          .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
          .join("");
        const start = dotted === "" ? "" : `${dotted.replace(/^\./, "")}.`;
        const message = problemOf({ file: file(known + letter) });
        expect(message).toBe(
          `${start}${known}${letter} is not a setting (from switchboard.config.json): did you mean ${known}?`,
        );
      }),
    );
  });

  test.each<[string, Sources, string]>([
    [
      "a key of another place",
      { file: { port: 80 } },
      "port is not a setting (from switchboard.config.json): did you mean listen.port?",
    ],
    [
      "a key that is like none",
      { file: { listen: { qqqq: 80 } } },
      "listen.qqqq is not a setting (from switchboard.config.json): known there: host, port",
    ],
    [
      "a key of the other engine",
      { file: { engine: { servers: ["nats://a"] } } },
      'engine.servers is not a setting (from switchboard.config.json): it is known only where engine.kind is "nats"',
    ],
    [
      "__proto__",
      { file: JSON.parse('{"__proto__": {"listen": {"port": 1}}}') as object },
      "__proto__ is not a setting (from switchboard.config.json): known there: listen, listeners, data, engine, auth, insecure, cors, allowedHosts, limits, " +
        "drainTimeoutMs, services, log",
    ],
    [
      "a number out of range",
      { flags: [{ name: "listen.port", text: "70000", source: "--port" }] },
      "listen.port is 70000 (from --port): it must be a whole number from 0 to 65535",
    ],
    [
      "a text for a number",
      { env: { SWITCHBOARD_LISTEN_PORT: "" } },
      'listen.port is "" (from SWITCHBOARD_LISTEN_PORT): it must be a whole number from 0 to 65535',
    ],
    [
      "no boolean",
      { env: { SWITCHBOARD_INSECURE: "yes" } },
      'insecure is "yes" (from SWITCHBOARD_INSECURE): it must be true or false',
    ],
    [
      "an unknown word",
      { env: { SWITCHBOARD_ENGINE_KIND: "redis" } },
      'engine.kind is "redis" (from SWITCHBOARD_ENGINE_KIND): it must be one of "embedded", "nats"',
    ],
    [
      "something missing",
      { file: { engine: { kind: "nats" } } },
      "engine.servers is missing: it must be a list of texts, at least 1",
    ],
    [
      "a rate of nothing",
      { file: { limits: { messagesPerSecond: 0 } } },
      "limits.messagesPerSecond is 0 (from switchboard.config.json): it must be a number above 0, or null",
    ],
    [
      "no list",
      {
        env: { SWITCHBOARD_ENGINE_SERVERS: "nats://me:hunter2@a", SWITCHBOARD_ENGINE_KIND: "nats" },
      },
      'engine.servers is "nats://***@a" (from SWITCHBOARD_ENGINE_SERVERS): it must be a list of texts, at least 1, as JSON',
    ],
    [
      "a value inside a list",
      { file: { listeners: [{ port: 1 }, { port: -1 }] } },
      "listeners[1].port is -1 (from switchboard.config.json): it must be a whole number from 0 to 65535",
    ],
    [
      "an origin with a path",
      { file: { cors: { origins: ["https://a/b"] } } },
      'cors.origins[0] is "https://a/b" (from switchboard.config.json): it must be an origin: scheme, host and port only, such as ' +
        "https://example.org",
    ],
    [
      "a wildcard in the middle of an origin",
      { file: { cors: { origins: ["https://a.*.example.org"] } } },
      'cors.origins[0] is "https://a.*.example.org" (from switchboard.config.json): it must be an origin: scheme, host and port only, ' +
        "such as https://example.org",
    ],
    [
      "a host with a port",
      { file: { allowedHosts: ["board:7400"] } },
      'allowedHosts[0] is "board:7400" (from switchboard.config.json): it must be a host name without port, such as dev.example.org, or ' +
        ".example.org for all its subdomains too",
    ],
    [
      "no origins",
      { file: { cors: { origins: 3 } } },
      'cors.origins is 3 (from switchboard.config.json): it must be "*", or a list of texts',
    ],
    [
      "no group",
      { file: { listen: 7400 } },
      "listen is 7400 (from switchboard.config.json): it must be an object of host, port",
    ],
    [
      "a list where a group is due, although a flag sets a part of it",
      { file: { listen: [] }, flags: [set("listen.port", "1")] },
      "listen is a list of 0 (from switchboard.config.json): it must be an object of host, port",
    ],
    [
      "a host with a port",
      { flags: [{ name: "listen.host", text: "http://a:1", source: "--host" }] },
      'listen.host is "http://a:1" (from --host): it must be a host name or an IP address, without scheme, brackets or port, such as 127.0.0.1',
    ],
    [
      "a listener for no service",
      { file: { listeners: [{ port: 1, service: "loby" }] } },
      'listeners[0].service is "loby" (from switchboard.config.json): it must be one of "lobby", "video"',
    ],
    [
      "a listener for a service that is off",
      {
        file: {
          listeners: [{ port: 1, service: "lobby" }],
          services: { lobby: { enabled: false } },
        },
      },
      'listeners[0].service is "lobby", which is not enabled (from switchboard.config.json): set services.lobby.enabled to true, or remove ' +
        "the listener",
    ],
    [
      "what a service's schema finds beyond its keys",
      { file: { services: { video: { least: 11 } } } },
      "services.video.least is 11 (from switchboard.config.json): it must be no more than services.video.most",
    ],
    [
      "an unknown variable",
      { env: { SWITCHBOARD_PORT: "80" } },
      "the environment variable SWITCHBOARD_PORT is not a setting: did you mean SWITCHBOARD_LISTEN_PORT (listen.port)? Otherwise unset it",
    ],
    [
      "a misspelt variable",
      { env: { SWITCHBOARD_LIMITS_MAX_FRAME_BYTE: "80" } },
      "the environment variable SWITCHBOARD_LIMITS_MAX_FRAME_BYTE is not a setting: did you mean SWITCHBOARD_LIMITS_MAX_FRAME_BYTES " +
        "(limits.maxFrameBytes)? Otherwise unset it",
    ],
    [
      "an unknown path",
      { flags: [set("listen.prot", "1")] },
      "listen.prot is not a setting (from --set listen.prot): did you mean listen.port?",
    ],
    [
      "a path like none",
      { flags: [set("foo", "1")] },
      "foo is not a setting (from --set foo): switchboard check-config prints those there are",
    ],
    [
      "the last word of a path",
      { flags: [set("port", "1")] },
      "port is not a setting (from --set port): did you mean listen.port?",
    ],
    [
      "the path of a group",
      { flags: [set("listen", "1")] },
      "listen is not a setting (from --set listen): it is a group; set one of listen.host, listen.port",
    ],
    [
      "a path into a list",
      { flags: [set("listeners.0.port", "1")] },
      "listeners.0.port is not a setting (from --set listeners.0.port): give listeners whole, as JSON",
    ],
  ])("%s", (_name, sources, message) => {
    expect(problemOf(sources)).toBe(message);
  });

  test("all at once", () => {
    const sources = {
      file: { listen: { prot: 1 }, services: { lobby: { graceMs: -1 }, video: { least: 99 } } },
      env: { SWITCHBOARD_LOG_LEVEL: "loud", SWITCHBOARD_FOO: "1" },
      flags: [set("limits.maxFrameBytes", "much")],
    };
    const paths = problemsOf(sources).map(({ path }) => path);
    expect(paths.sort()).toEqual([
      "SWITCHBOARD_FOO",
      "limits.maxFrameBytes",
      "listen.prot",
      "log.level",
      "services.lobby.graceMs",
      "services.video.least",
    ]);
    expect(errorOf(() => configOf(sources)).message).toMatch(
      /^the configuration has 6 problems:\n( {2}- .+(\n|$)){6}$/,
    );
  });

  test("also where a stronger source has another value", () => {
    const flags = [set("listen.port", "1"), set("services.video.most", "2")];
    expect(problemOf({ file: { listen: { port: "eighty" } }, flags })).toBe(
      'listen.port is "eighty" (from switchboard.config.json): it must be a whole number from 0 to 65535',
    );
    expect(problemOf({ env: { SWITCHBOARD_LISTEN_PORT: "eighty" }, flags })).toContain(
      '"eighty" (from SWITCHBOARD_LISTEN_PORT)',
    );
    expect(problemOf({ flags: [set("listen.port", "eighty"), ...flags] })).toContain(
      '"eighty" (from --set listen.port)',
    );
    expect(problemOf({ file: { services: { video: { most: [] } } }, flags })).toContain(
      "services.video.most is a list of 0 (from sw",
    );
    expect(
      configOf({
        file: { listen: { port: 5 }, engine: { kind: "nats" } },
        flags: [...flags, set("engine.kind", "embedded")],
      }),
    ).toBeDefined();
  });

  test("but never a secret", () => {
    const sources = [
      { file: { engine: { kind: "nats", servers: [], password: ["hunter2"], token: 5 } } },
      { file: { services: { lobby: { secretWord: { is: "hunter2" } } } } },
      { file: { services: { lobby: { secretWords: ["hunter2"] } } } },
      { file: { engine: { pasword: "hunter2" } } },
      { env: { SWITCHBOARD_ENGINE_PASWORD: "hunter2" } },
      { flags: [set("engine.pasword", "hunter2")] },
      {
        flags: [
          set("engine.servers", "hunter2@"),
          set("engine.kind", "nats"),
          set("engine.servers", '["nats://a:hunter2@b"'),
        ],
      },
    ];
    for (const source of sources) {
      const error = errorOf(() => configOf(source));
      expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain("hunter2");
    }
    expect(problemsOf(sources[0] ?? {}).map(({ wrong }) => wrong)).toContain(
      "engine.token is not right (it is not shown)",
    );
  });
});

describe("an address that others can reach", () => {
  test.each([
    "0.0.0.0",
    "::",
    "192.168.1.2",
    "example.org",
    "1.127.0.0",
    "::2",
    "localhost.example.org",
  ])("%s needs auth, or insecure", (host) => {
    const main = problemOf({ flags: [{ name: "listen.host", text: host, source: "--host" }] });
    expect(main).toContain(
      `listen.host is "${host}", which other machines can reach, and auth is off (from --host): set auth.enabled to true`,
    );
    expect(main).toContain("--insecure");
    expect(problemOf({ file: { listeners: [{ port: 1 }, { host, port: 2 }] } })).toContain(
      `listeners[1].host is "${host}"`,
    );
    expect(configOf({ file: { listen: { host }, auth: { enabled: true } } }).listen.host).toBe(
      host,
    );
    expect(configOf({ file: { listen: { host }, insecure: true } }).listen.host).toBe(host);
  });

  test("counts for a listener that has its host from the main one", () => {
    expect(
      problemsOf({ file: { listen: { host: "0.0.0.0" }, listeners: [{ port: 1 }] } }).map(
        ({ path }) => path,
      ),
    ).toEqual(["listen.host", "listeners[0].host"]);
  });

  test.each([
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.1.2.3",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
  ])("%s is none", (host) => {
    expect(configOf({ file: { listen: { host } } }).listen.host).toBe(host);
  });
});

test.each<[string, readonly AnyService[], RegExp]>([
  [
    "one name",
    [lobby, serviceCalled("lobby", z.strictObject({}))],
    /two services are called lobby/,
  ],
  [
    "a key of the gateway's",
    [serviceCalled("a", z.strictObject({ limits: z.number() }))],
    /has a key enabled or limits/,
  ],
  ["no object", [serviceCalled("a", z.string())], /must be an object schema/],
  [
    "two settings of one variable",
    [
      serviceCalled(
        "a",
        z.strictObject({
          bC: z.number().default(1),
          b: z.strictObject({ c: z.number() }).prefault({ c: 1 }),
        }),
      ),
    ],
    /same environment variable/,
  ],
])("services with %s cannot be configured", (_name, wrong, message) => {
  expect(() => configShape(wrong)).toThrow(message);
});
