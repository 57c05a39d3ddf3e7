/** Every setting: its default, and its ways in. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../contract/index.ts";
import { configOf, resolved, set, shape } from "./config.fixture.ts";
import type { JsonSchema } from "./expectation.ts";
import type { Setting } from "./setting.ts";

test("everything has a default", () => {
  expect(configOf({})).toEqual({
    listen: { host: "127.0.0.1", port: 7400 },
    listeners: [],
    data: "./data",
    engine: { kind: "embedded", durability: "process" },
    auth: { enabled: false, tokensFile: "data/tokens.json" },
    insecure: false,
    cors: {},
    allowedHosts: [],
    limits: defaultLimits,
    drainTimeoutMs: 8000,
    services: {
      lobby: {
        enabled: true,
        limits: defaultLimits,
        graceMs: 5000,
        host: "first",
        rooms: { most: null, names: [] },
        labels: {},
      },
      video: {
        enabled: true,
        limits: { ...defaultLimits, maxFrameBytes: 16 << 20, maxInbox: 5 },
        least: 1,
        most: 10,
        inner: { deep: false },
      },
    },
    log: { level: "info" },
  });
});

describe("a setting", () => {
  const variables = shape.settings.map(({ variable }) => variable);

  test("has a variable made from its path", () => {
    for (const variable of [
      "SWITCHBOARD_LISTEN_PORT",
      "SWITCHBOARD_LISTENERS",
      "SWITCHBOARD_DATA",
      "SWITCHBOARD_ENGINE_KIND",
      "SWITCHBOARD_ENGINE_DURABILITY",
      "SWITCHBOARD_ENGINE_SERVERS",
      "SWITCHBOARD_AUTH_ENABLED",
      "SWITCHBOARD_AUTH_JWT_PUBLIC_KEY_FILE",
      "SWITCHBOARD_LIMITS_MAX_FRAME_BYTES",
      "SWITCHBOARD_SERVICES_LOBBY_GRACE_MS",
      "SWITCHBOARD_SERVICES_LOBBY_LIMITS_MESSAGES_PER_SECOND",
      "SWITCHBOARD_SERVICES_LOBBY_ROOMS_MOST",
      "SWITCHBOARD_SERVICES_LOBBY_LABELS",
      "SWITCHBOARD_LOG_LEVEL",
    ]) {
      expect(variables).toContain(variable);
    }
  });

  test("is the same from the file, the environment and a flag", () => {
    const arbitrary = fc
      .constantFrom(...shape.settings)
      .chain((setting) => goodValue(setting).map((value) => ({ setting, value })));
    const seen = new Set<string>();
    fc.assert(
      fc.property(arbitrary, ({ setting, value }) => {
        const around = aroundOf(setting);
        const text = typeof value === "string" ? value : JSON.stringify(value);
        const byFile = configOf({ file: withMember(around, setting.path, value) });
        expect(configOf({ file: around, env: { [setting.variable]: text } })).toEqual(byFile);
        expect(configOf({ file: around, flags: [set(setting.name, text)] })).toEqual(byFile);
        if (setting.name !== "auth.tokensFile")
          expect(valueAt(byFile, setting.path)).toEqual(value);
        seen.add(setting.name);
      }),
      { numRuns: 1500 },
    );
    expect(shape.settings.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
  });

  test("of a flag goes before the environment, that before the file, that before the default", () => {
    const file = { log: { level: "warn" }, listen: { port: 1 } };
    const env = { SWITCHBOARD_LISTEN_PORT: "2" };
    const flags = [set("listen.port", "3")];
    expect(configOf({}).listen.port).toBe(7400);
    expect(configOf({ file }).listen.port).toBe(1);
    expect(configOf({ file, env }).listen.port).toBe(2);
    expect(configOf({ file, env, flags }).listen).toEqual({ host: "127.0.0.1", port: 3 });
    expect(configOf({ file, env, flags: [...flags, set("listen.port", "4")] }).listen.port).toBe(4);
    expect(configOf({ file, env, flags }).log.level).toBe("warn");
  });

  test("knows where its value came from", () => {
    const { sourceOf } = resolved({
      file: { log: { level: "warn" }, listeners: [{ port: 1 }] },
      env: { SWITCHBOARD_LISTEN_PORT: "2" },
      flags: [set("data", "x")],
    });
    expect(sourceOf(["log", "level"])).toBe("switchboard.config.json");
    expect(sourceOf(["listeners", 0, "port"])).toBe("switchboard.config.json");
    expect(sourceOf(["listen", "port"])).toBe("SWITCHBOARD_LISTEN_PORT");
    expect(sourceOf(["data"])).toBe("--set data");
    expect(sourceOf(["listen", "host"])).toBeUndefined();
  });
});

describe("limits of a service", () => {
  test("what the config says beats what the contract says, and the nearer beats the general", () => {
    const limits = (file: object) => configOf({ file }).services.video?.limits;
    expect(limits({})?.maxFrameBytes).toBe(16 << 20);
    expect(limits({ limits: { maxFrameBytes: 2000 } })?.maxFrameBytes).toBe(2000);
    expect(limits({ limits: { maxInbox: 7 } })?.maxFrameBytes).toBe(16 << 20);
    const both = {
      limits: { maxFrameBytes: 2000, messagesPerSecond: 3 },
      services: { video: { limits: { maxFrameBytes: 3000 } } },
    };
    expect(limits(both)).toEqual({
      ...defaultLimits,
      maxFrameBytes: 3000,
      maxInbox: 5,
      messagesPerSecond: 3,
    });
    expect(configOf({ file: both }).services.lobby?.limits.maxFrameBytes).toBe(2000);
  });
});

/** What has to be set beside a setting for it to be known. */
function aroundOf({ name }: Setting): object {
  if (name === "engine.durability") return {};
  if (name.startsWith("engine.")) return { engine: { kind: "nats", servers: ["nats://a"] } };
  if (name.startsWith("auth.jwt.")) return { auth: { jwt: { publicKeyFile: "key.pem" } } };
  return name.endsWith(".host") ? { insecure: true } : {};
}

function withMember(value: object, path: readonly string[], member: unknown): object {
  const [key = "", ...rest] = path;
  const inner = (value as Record<string, unknown>)[key];
  return {
    ...value,
    [key]: rest.length === 0 ? member : withMember((inner ?? {}) as object, rest, member),
  };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
}

/** Good values of a setting. */
function goodValue({ name, schemas }: Setting): fc.Arbitrary<unknown> {
  switch (name) {
    case "listen.host":
      return fc.constantFrom("127.0.0.1", "example.org", "::");
    case "engine.kind":
      return fc.constant("nats");
    case "engine.prefix":
      return fc.stringMatching(/^[a-z]{1,9}$/);
    case "cors.origins":
      return fc.constantFrom("*", [], ["https://example.org", "http://localhost:3000"]);
    case "allowedHosts":
      return fc.constantFrom("*", [], ["dev.example.org", ".example.org"]);
    case "listeners":
      return fc.constantFrom([], [{ host: "localhost", port: 1, service: "lobby" }]);
    case "services.video.least":
      return fc.integer({ max: 10 });
    case "services.video.most":
      return fc.integer({ min: 1 });
    default:
      return fc.oneof(...schemas.map(goodValueOfSchema));
  }
}

function goodValueOfSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, minItems = 0 } = schema;
  switch (schema.type) {
    case "integer":
      return fc.integer({ min: Math.max(minimum, -100), max: Math.min(maximum, 2 ** 31 - 1) });
    case "number":
      return fc.double({ min: 0.001, max: 1e9, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
      return fc.string({ minLength: 1 });
    case "array":
      return fc.array(goodValueOfSchema(schema.items as JsonSchema), {
        minLength: minItems,
        maxLength: 3,
      });
    case "object":
      return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string());
    default:
      throw new Error(`no value known for ${JSON.stringify(schema)}`);
  }
}
