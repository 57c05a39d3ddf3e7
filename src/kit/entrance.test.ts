/** Whose connection it is, by its path or by its first message. */
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { defineContract, type Limits, namedBy } from "../contract/index.ts";
import type { Connection } from "./connection.ts";
import { Entrance } from "./entrance.ts";
import { type Fakes, fakeConnection, openingOf, settled, startService } from "./kit.fixture.ts";
import type { Opening } from "./link.ts";
import type { Principal } from "./principal.ts";
import { defineService } from "./service.ts";

const somebody: Principal = { name: "somebody", roles: [], only: {} };

interface Options {
  readonly opensWith?: readonly string[];
  readonly opensAt?: readonly `/${string}`[];
  readonly auth?: "message";
  readonly opened?: (connection: Connection) => void | Promise<void>;
}

/** A service that writes down what happens, whose messages are named by `field`. */
function recorder(name: string, field: string, { opensWith, opensAt, auth, opened }: Options) {
  const log: string[] = [];
  const access = auth === "message" ? "open" : "any";
  const contract = defineContract({
    name,
    doc: "",
    transport: "websocket",
    paths: ["/"],
    codec: namedBy(field),
    in: {
      hello: { doc: "", roles: access, schema: z.object({ n: z.number() }) },
      more: { doc: "", roles: access, schema: z.object({}) },
    },
    out: {},
    routes: {},
    roles: {},
    ...(opensWith === undefined ? {} : { opensWith }),
    ...(opensAt === undefined ? {} : { opensAt }),
    ...(auth === undefined ? {} : { auth }),
  });
  const service = defineService({
    contract,
    config: z.object({}),
    start: async () => ({
      opened(connection) {
        log.push("opened");
        return opened?.(connection);
      },
      on: {
        hello: (_connection, { n }) => {
          log.push(`hello ${n}`);
        },
        more: () => {
          log.push("more");
        },
      },
      closed: (_connection, { code }) => {
        log.push(`closed ${code}`);
      },
      routes: {},
    }),
  });
  return { service, log };
}

/** Opens a connection at an entrance, as a transport does. */
function enter(entrance: Entrance, opening: Partial<Opening> = {}): Fakes {
  const parts = fakeConnection({ opening: openingOf(opening) });
  parts.connection.receiver = entrance;
  entrance.open(parts.connection);
  return parts;
}

async function say({ connection }: Fakes, ...messages: readonly unknown[]): Promise<void> {
  for (const message of messages)
    connection.receiveText(typeof message === "string" ? message : JSON.stringify(message), 1);
  await settled();
}

async function shared(options: Options = {}, auth = false, limits: Partial<Limits> = {}) {
  const [a, b] = [
    recorder("a", "type", { opensWith: ["hello"], ...options }),
    recorder("b", "packet", { opensWith: ["hello"], ...options }),
  ];
  const [first, second] = [
    await startService(a.service, { auth, limits }),
    await startService(b.service, { auth, limits }),
  ];
  return { a, b, first, second, entrance: new Entrance([first.service, second.service], auth) };
}

test("a path of one service: it has the connection from its opening", async () => {
  const { service, log } = recorder("a", "type", {});
  const started = await startService(service);
  const entrance = new Entrance([started.service], false);
  const parts = enter(entrance);
  expect(log).toEqual(["opened"]);
  expect([entrance.connections.size, started.service.connections.size]).toEqual([0, 1]);
  await say(parts, { type: "more" });
  parts.connection.peerClosed(1000, "");
  await settled();
  expect(log).toEqual(["opened", "more", "closed 1000"]);
  expect(started.service.connections.size).toBe(0);
});

test("a shared path: the first message decides, and is handled by whom it belongs to", async () => {
  const { a, b, entrance, second } = await shared();
  const parts = enter(entrance);
  expect(entrance.connections.size).toBe(1);
  await say(parts, { packet: "hello", n: 1 }, { packet: "more" }, { type: "hello", n: 2 });
  expect([a.log, b.log]).toEqual([[], ["opened", "hello 1", "more"]]);
  expect([entrance.connections.size, second.service.connections.size]).toEqual([0, 1]);
  parts.connection.peerClosed(1001, "");
  await settled();
  expect(b.log.at(-1)).toBe("closed 1001");
  expect([...second.service.tally.closes.entries()]).toEqual([["1001", 1]]);
});

test("what waits behind the first message goes to the service too, after its opening", async () => {
  let release = () => {};
  const opening = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { a, entrance } = await shared({ opened: () => opening });
  const parts = enter(entrance);
  await say(parts, { type: "hello", n: 1 }, { type: "more" });
  parts.connection.peerClosed(1000, "");
  await settled();
  expect(a.log).toEqual(["opened"]);
  release();
  await settled();
  expect(a.log).toEqual(["opened", "hello 1", "more", "closed 1000"]);
});

test.each([
  ["at once", (connection: Connection) => connection.close("badMessage", "")],
  ["later", async (connection: Connection) => connection.close("badMessage", "")],
])(
  "an opening that closes %s is the last step: the message is not handled",
  async (_when, opened) => {
    const { a, entrance } = await shared({ opened });
    await say(enter(entrance), { type: "hello", n: 1 }, { type: "more" });
    expect(a.log).toEqual(["opened", "closed 4400"]);
  },
);

test.each([
  ["not JSON", "hello"],
  ["no object", "1"],
  ["without a name", {}],
  ["of an unknown name", { type: "unknown" }],
  ["of a name that may not come first", { type: "more" }],
  ["lacking a field", { type: "hello" }],
  ["with a field of a wrong type", { packet: "hello", n: "1" }],
  ["of a name that every object has", { type: "toString" }],
])("a first message %s closes with 1000 invalid message type, silently", async (_what, message) => {
  const { a, b, entrance } = await shared();
  const parts = enter(entrance);
  await say(parts, message, { type: "hello", n: 1 });
  expect(parts.link.calls).toEqual(["close 1000 invalid message type"]);
  expect(parts.link.writes).toEqual([]);
  expect([a.log, b.log]).toEqual([[], []]);
  expect([...entrance.tally.errors.entries()]).toEqual([["unknown_message", 1]]);
  expect([...entrance.tally.closes.entries()]).toEqual([["1000", 1]]);
  expect(entrance.connections.size).toBe(0);
});

test("who asked for errors is told before the close", async () => {
  const { entrance } = await shared();
  const parts = enter(entrance, { wantsErrors: true });
  await say(parts, { type: "unknown" });
  expect(parts.link.texts.map((text) => JSON.parse(text))).toEqual([
    {
      type: "error",
      code: "unknown_message",
      message: "a first message must be one of hello, with all its fields",
    },
  ]);
  expect(parts.link.calls).toEqual(["close 1000 invalid message type"]);
});

test.each([
  ["nested too deep", `{"type":"hello","n":${"[".repeat(100)}${"]".repeat(100)}}`, "Depth"],
  ["of too many values", JSON.stringify({ type: "hello", n: Array(1000).fill(1) }), "Values"],
])("a first message %s is not parsed: too_large", async (_what, message, limit) => {
  const { a, entrance } = await shared({}, false, { maxJsonValues: 1000 });
  const parts = enter(entrance, { wantsErrors: true });
  await say(parts, message);
  expect(parts.link.texts.map((text) => JSON.parse(text))).toMatchObject([
    {
      type: "error",
      code: "too_large",
      message: expect.stringContaining(`limits.maxJson${limit}`),
    },
  ]);
  expect(parts.link.calls).toEqual(["close 1000 invalid message type"]);
  expect([...entrance.tally.errors.entries()]).toEqual([["too_large", 1]]);
  expect(a.log).toEqual([]);
});

test("a first message is parsed and checked once", async () => {
  const { service, log } = recorder("a", "type", { opensWith: ["hello"] });
  const { schema } = service.contract.in.hello;
  const parse = vi.spyOn(JSON, "parse");
  const check = vi.spyOn(schema._zod, "run");
  onTestFinished(() => parse.mockRestore());
  const started = await startService(service);
  parse.mockClear();
  await say(enter(new Entrance([started.service], false)), { type: "hello", n: 1 });
  expect(log).toEqual(["opened", "hello 1"]);
  expect([parse.mock.calls.length, check.mock.calls.length]).toEqual([1, 1]);
});

test("with auth on, who has no good token is closed with 4401: at its opening, on a shared path at its first message", async () => {
  const { service, log } = recorder("a", "type", {});
  const alone = new Entrance([(await startService(service, { auth: true })).service], true);
  const atOpening = enter(alone, { principal: undefined });
  await say(atOpening, { type: "hello", n: 1 });
  expect(atOpening.link.calls[0]).toMatch(/^close 4401 no token: send it as /);
  expect(log).toEqual([]);
  enter(alone, { principal: somebody });
  expect(log).toEqual(["opened"]);

  const { a, entrance } = await shared({}, true);
  const parts = enter(entrance, { principal: undefined });
  await say(parts, { type: "hello", n: 1 });
  expect(parts.link.calls[0]).toMatch(/^close 4401 /);
  expect([...entrance.tally.closes.entries()]).toEqual([["4401", 1]]);
  await say(enter(entrance, { principal: somebody }), { type: "hello", n: 2 });
  expect(a.log).toEqual(["opened", "hello 2"]);
});

test("a service whose protocol asks for the token has the connection without one", async () => {
  const { a, entrance } = await shared({ auth: "message" }, true);
  await say(enter(entrance, { principal: undefined }), { type: "hello", n: 1 });
  expect(a.log).toEqual(["opened", "hello 1"]);
});

test("a connection that leaves without a word is nobody's", async () => {
  const { entrance, a, b } = await shared();
  const { connection } = enter(entrance);
  connection.peerClosed(1006, "");
  await settled();
  expect([entrance.connections.size, a.log, b.log]).toEqual([0, [], []]);
  expect([...entrance.tally.closes.entries()]).toEqual([["1006", 1]]);
});

test("an opening that fails is the service's fault: 1011", async () => {
  const { entrance, first } = await shared({
    opened: () => Promise.reject(new Error("in opened")),
  });
  const parts = enter(entrance);
  await say(parts, { type: "hello", n: 1 });
  expect(parts.link.calls).toEqual(["close 1011 incident id1"]);
  expect(first.logger.lines.filter(({ level }) => level === "error").length).toBe(1);
});

test("the limits of a shared path are the largest of its services", async () => {
  const { service } = recorder("a", "type", { opensWith: ["hello"] });
  const limited = async (limits: object) => (await startService(service, { limits })).service;
  const small = await limited({
    maxFrameBytes: 1,
    maxQueueBytes: 20,
    maxInbox: 3,
    maxJsonDepth: 5,
    maxJsonValues: 60,
    messagesPerSecond: 4,
  });
  const large = await limited({
    maxFrameBytes: 10,
    maxQueueBytes: 2,
    maxInbox: 30,
    maxJsonDepth: 50,
    maxJsonValues: 6,
    messagesPerSecond: 40,
  });
  const boundless = await limited({
    maxFrameBytes: 1,
    maxQueueBytes: 1,
    maxInbox: 1,
    messagesPerSecond: null,
  });
  expect(new Entrance([small, large], false).limits).toMatchObject({
    maxFrameBytes: 10,
    maxQueueBytes: 20,
    maxInbox: 30,
    maxJsonDepth: 50,
    maxJsonValues: 60,
    messagesPerSecond: 40,
  });
  expect(new Entrance([small, large, boundless], false).limits.messagesPerSecond).toBeNull();
});

test("services that do not say what they open with cannot share a path", async () => {
  const [a, b] = [recorder("a", "type", { opensWith: ["hello"] }), recorder("b", "type", {})];
  const services = [
    (await startService(a.service)).service,
    (await startService(b.service)).service,
  ];
  expect(() => new Entrance(services, false)).toThrow(
    "only services with opensWith can share a path: a, b",
  );
  expect(() => new Entrance([], false)).toThrow("an entrance needs a service");
});

test("where a service's first message decides on some paths only, it has connections to the others from their opening", async () => {
  const { service, log } = recorder("a", "type", { opensWith: ["hello"], opensAt: ["/"] });
  const started = await startService(service);
  const entrance = new Entrance([started.service], false);
  const silent = enter(entrance, { path: "/own" });
  await settled();
  expect(log).toEqual(["opened"]);
  await say(silent, { type: "more" });
  const first = enter(entrance, { path: "/" });
  await say(first, { type: "more" });
  expect(log).toEqual(["opened", "more"]);
  expect(first.link.calls).toEqual(["close 1000 invalid message type"]);
});

test("who listens for a service's connections hears of each, with the first message where that decided, before the service does", async () => {
  const byMessage = recorder("by_message", "type", { opensWith: ["hello"] });
  const byPath = recorder("by_path", "type", {});
  const heard: unknown[] = [];
  for (const { service, log } of [byMessage, byPath]) {
    const { service: running } = await startService(service);
    const end = running.onOpen((connection, first) =>
      heard.push([connection.receiver === running, first, log.length]),
    );
    const entrance = new Entrance([running], false);
    for (let nth = 0; nth < 2; nth++) {
      await say(enter(entrance), { type: "hello", n: 1 });
      end();
    }
  }
  expect(heard).toEqual([
    [true, '{"type":"hello","n":1}', 0],
    [true, undefined, 0],
  ]);
});
