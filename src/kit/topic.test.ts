/** Topics of two nodes whose engines share a bus. */
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { defineContract, namedBy } from "../contract/index.ts";
import { MemoryStore, openMemoryEngine } from "../engines/memory/index.ts";
import { RawJson } from "../wire/raw-json.ts";
import type { Connection } from "./connection.ts";
import type { Engine } from "./engine.ts";
import { type FakeLink, FakeReceiver, fakeConnection, ManualTurn, settled } from "./kit.fixture.ts";
import { type Topic, Topics } from "./topic.ts";

const contract = defineContract({
  name: "boxes",
  doc: "",
  transport: "websocket",
  paths: ["/boxes"],
  codec: namedBy("type"),
  in: {},
  out: {
    said: { doc: "", delivery: "all", schema: z.object({ n: z.number() }) },
    boxes: {
      doc: "",
      delivery: "latest",
      key: (payload) => (payload as { camera: string }).camera,
      schema: z.object({ camera: z.string(), boxes: z.instanceof(RawJson) }),
    },
    refresh: { doc: "", delivery: "latest", text: "refresh", schema: z.object({}) },
  },
  routes: {},
  roles: {},
});
const { codec: _none, ...uncoded } = contract;
const socketIo = { ...uncoded, transport: "socketio" } as const;

type C = typeof contract;

interface Node {
  readonly engine: Engine;
  readonly topics: Topics;
  readonly turn: ManualTurn;
  topic(name: string): Topic<C>;
  /** A connection that has joined, and what it is sent. */
  member(name: string): {
    readonly connection: Connection;
    readonly link: FakeLink;
    readonly receiver: FakeReceiver;
  };
}

async function nodes(
  count: number,
  of: typeof contract | typeof socketIo = contract,
): Promise<[Node, Node]> {
  const store = new MemoryStore();
  const opened: Node[] = [];
  for (let n = 0; n < count; n++) {
    const engine = await openMemoryEngine({ store });
    onTestFinished(() => engine.close());
    const topics = new Topics(of, engine.bus, engine.session.id);
    await topics.start();
    const turn = new ManualTurn();
    const topic = (name: string) => topics.topic<C>(name);
    opened.push({
      engine,
      topics,
      turn,
      topic,
      member(name) {
        const parts = fakeConnection({ turn });
        topic(name).join(parts.connection);
        return parts;
      },
    });
  }
  const [a, b] = opened;
  if (a === undefined || b === undefined) throw new Error("two nodes at least");
  return [a, b];
}

/** The bus delivers in the next turn, and what it gave leaves at the end of one. */
async function delivered(...all: readonly Node[]): Promise<void> {
  await settled();
  await settled();
  for (const { turn } of all) turn.end();
}

test("publish reaches every member of every node once, with the text as it was printed where it began", async () => {
  const [a, b] = await nodes(2);
  const members = [a.member("x"), a.member("x"), b.member("x"), b.member("x")];
  const stranger = b.member("y");
  a.topic("x").publish("said", { n: 1 });
  a.topic("x").publish("boxes", { camera: "1", boxes: new RawJson("[1.0, 1e-7]") });
  a.topic("x").publish("refresh", {});
  await delivered(a, b);
  for (const { link } of members)
    expect(link.texts).toEqual([
      '{"type":"said","n":1}',
      '{"type":"boxes","camera":"1","boxes":[1.0, 1e-7]}',
      "refresh",
    ]);
  expect(stranger.link.texts).toEqual([]);
  // Encoded once a node: all its members are given the same message.
  const [first, second, third, fourth] = members.map(({ link }) => link.messages);
  expect(first?.every((message, n) => message === second?.[n])).toBe(true);
  expect(third?.every((message, n) => message === fourth?.[n])).toBe(true);
});

test("publishHere stays on its node", async () => {
  const [a, b] = await nodes(2);
  const [here, there] = [a.member("x"), b.member("x")];
  a.topic("x").publishHere("said", { n: 1 });
  // To see that nothing comes: what comes later is the first.
  a.topic("x").publish("said", { n: 2 });
  await delivered(a, b);
  expect(here.link.texts.length).toBe(2);
  expect(there.link.texts).toEqual(['{"type":"said","n":2}']);
});

test("what one node publishes reaches everybody in the order of publishing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ fromA: fc.boolean(), wait: fc.boolean() }), { maxLength: 30 }),
      async (steps) => {
        const [a, b] = await nodes(2);
        const links = [a.member("x").link, b.member("x").link];
        for (const [n, { fromA, wait }] of steps.entries()) {
          (fromA ? a : b).topic("x").publish("said", { n });
          if (wait) await delivered(a, b);
        }
        await delivered(a, b);
        for (const { texts } of links) {
          const numbers = texts.map((text) => JSON.parse(text).n as number);
          for (const side of [true, false]) {
            const expected = [...steps.keys()].filter((n) => steps[n]?.fromA === side);
            expect(numbers.filter((n) => steps[n]?.fromA === side)).toEqual(expected);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("the key of a latest message crosses: a slow client of another node gets the newest of each camera", async () => {
  const [a, b] = await nodes(2);
  const { link, connection } = b.member("x");
  link.slow = true;
  a.topic("x").publish("said", { n: 0 });
  await delivered(a, b);
  for (const [camera, n] of [
    ["1", 1],
    ["2", 1],
    ["1", 2],
  ] as const)
    a.topic("x").publish("boxes", { camera, boxes: new RawJson(String(n)) });
  await delivered(a, b);
  connection.close("done", "");
  expect(link.texts.slice(1)).toEqual([
    '{"type":"boxes","camera":"2","boxes":1}',
    '{"type":"boxes","camera":"1","boxes":2}',
  ]);
  expect(connection.skipped).toBe(1);
});

test("where payloads are sent, not texts, the other node has the payload too", async () => {
  const [a, b] = await nodes(2, socketIo);
  const { link } = b.member("x");
  a.topic("x").publish("said", { n: 1 });
  await delivered(a, b);
  expect(link.messages.map(({ name, payload }) => ({ name, payload }))).toEqual([
    { name: "said", payload: { n: 1 } },
  ]);
});

test("a topic's name may be anything, longer than a subject too", async () => {
  const [a, b] = await nodes(2);
  const long = "ünïcode 漢字 \n".repeat(100);
  const names = [`${long}1`, `${long}2`, "", "a.b", "*", ">"];
  const links = names.map((name) => b.member(name).link);
  for (const [n, name] of names.entries()) a.topic(name).publish("said", { n });
  await delivered(a, b);
  expect(links.map(({ texts }) => texts)).toEqual(
    names.map((_, n) => [`{"type":"said","n":${n}}`]),
  );
});

test("who joined twice gets it once; who left gets nothing; a topic without members is gone", async () => {
  const [a] = await nodes(2);
  const { connection, link } = a.member("x");
  const other = a.member("x");
  const topic = a.topic("x");
  topic.join(connection);
  expect(topic.size).toBe(2);
  expect([...topic]).toEqual([connection, other.connection]);
  topic.publishHere("said", { n: 1 });
  topic.leave(connection);
  topic.leave(connection);
  topic.publishHere("said", { n: 2 });
  a.turn.end();
  expect(link.texts).toEqual(['{"type":"said","n":1}']);
  expect(topic.size).toBe(1);
  topic.leave(other.connection);
  expect([topic.size, a.topics.size, [...topic]]).toEqual([0, 0, []]);
  topic.join(connection);
  expect([topic.size, a.topics.size]).toEqual([1, 1]);
});

test("a connection leaves by itself when it ends, before its service hears of it; afterwards it joins nothing", async () => {
  const [a] = await nodes(2);
  const { connection, receiver } = a.member("x");
  a.topic("y").join(connection);
  let sizes: number[] = [];
  receiver.onClosed = (one) => {
    a.topic("z").join(one);
    sizes = [a.topic("x").size, a.topic("y").size, a.topic("z").size];
  };
  connection.peerClosed(1000, "");
  expect(a.topics.size).toBe(0);
  await settled();
  expect(sizes).toEqual([0, 0, 0]);
  expect(a.topics.size).toBe(0);
});

test("a member that overflows in the midst of a publish is closed, and what its service then publishes overtakes nothing", async () => {
  const [a] = await nodes(2);
  const receiver = new FakeReceiver();
  const slow = fakeConnection({ turn: a.turn, receiver, limits: { maxQueueBytes: 1 } });
  const topic = a.topic("x");
  topic.join(slow.connection);
  const other = a.member("x");
  receiver.onClosed = () =>
    topic.publishHere("boxes", { camera: "1", boxes: new RawJson('"newer"') });
  slow.link.slow = true;
  for (const boxes of ['"oldest"', '"older"', '"old"']) {
    topic.publishHere("boxes", { camera: boxes, boxes: new RawJson(boxes) });
    a.turn.end();
  }
  await settled();
  a.turn.end();
  expect(slow.connection.isClosed).toBe(true);
  expect(topic.size).toBe(1);
  expect(other.link.texts.map((text) => JSON.parse(text).boxes)).toEqual([
    "oldest",
    "older",
    "old",
    "newer",
  ]);
});

test("after stop nothing comes from other nodes", async () => {
  const [a, b] = await nodes(2);
  const { link } = b.member("x");
  b.topics.stop();
  a.topic("x").publish("said", { n: 1 });
  await delivered(a, b);
  b.topic("x").publishHere("said", { n: 2 });
  b.turn.end();
  expect(link.texts).toEqual(['{"type":"said","n":2}']);
});

test("with one node there is no bus", async () => {
  const topics = new Topics(contract, undefined, "session");
  await topics.start();
  const { connection, link, turn } = fakeConnection();
  const topic = topics.topic<C>("x");
  topic.join(connection);
  topic.publish("refresh", {});
  turn.end();
  topics.stop();
  expect(link.texts).toEqual(["refresh"]);
});

test("a message that the contract does not declare is the service's fault", async () => {
  const topics = new Topics(contract, undefined, "session");
  const topic = topics.topic<C>("x");
  expect(() => topic.publish("sad" as "said", { n: 1 })).toThrow(
    'boxes declares no outgoing message "sad"',
  );
});
