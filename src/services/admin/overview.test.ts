/** The overview over nodes and time, on a clock that the test moves. */
import { afterEach, expect, test, vi } from "vitest";
import { defaultLimits } from "../../contract/index.ts";
import { openMemoryEngine } from "../../engines/memory/index.ts";
import { MemoryStore } from "../../engines/memory/memory-store.ts";
import { ManualClock, settled } from "../../kit/kit.fixture.ts";
import { connect } from "../../kit/lab.fixture.ts";
import { RunningService } from "../../kit/running-service.ts";
import type { ServerView } from "../../kit/server-view.ts";
import { admin } from "./service.ts";

type Message = Readonly<Record<string, unknown>>;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const noFigures = { mean: 0, p99: 0, max: 0 };

/** A node of the cluster that `store` is, on a clock. `meters`: how many are open. */
async function node(store: MemoryStore, clock: ManualClock) {
  const engine = await openMemoryEngine({ store });
  const meters = { open: 0, read: 0 };
  const services: RunningService[] = [];
  const server: ServerView = {
    version: "1.2.3",
    host: "here",
    pid: 1,
    engine,
    draining: false,
    services,
    entrances: [],
    connections: { size: 0, refused: 0, [Symbol.iterator]: () => [][Symbol.iterator]() },
    openMeter() {
      meters.open++;
      return {
        read: () => {
          meters.read++;
          return {
            cpuSeconds: meters.read / 4,
            rssBytes: 1,
            heapUsedBytes: 1,
            heapTotalBytes: 1,
            uptimeSeconds: 1,
            eventLoopDelayMs: noFigures,
          };
        },
        close: () => {
          meters.open--;
        },
      };
    },
  };
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  let lastId = 0;
  const config = { maxInspections: 4, inspectedFramesPerSecond: 200 };
  const parts = {
    config,
    limits: defaultLimits,
    engine,
    clock,
    logger,
    authEnabled: false,
    newId: () => `id${++lastId}`,
    server,
  };
  const running = await RunningService.start(admin, parts);
  services.push(running);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= running.stop().then(() => engine.close());
    return stopped;
  };
  ends.push(stop);
  /** It dies: nothing of it reaches others any more. */
  const die = () => vi.spyOn(engine.bus, "publish").mockImplementation(() => {});
  return { id: engine.session.id, running, meters, stop, die };
}

function watcher(at: { readonly running: RunningService }) {
  const fakes = connect(at.running);
  fakes.connection.receiveText('{"type":"overview"}', 19);
  return {
    connection: fakes.connection,
    /** What came since the last call: of each node the age of its figures, or that it has gone. */
    async came(): Promise<readonly (readonly [node: unknown, age: unknown])[]> {
      await settled();
      fakes.turn.end();
      const messages = fakes.link.texts.map((text) => JSON.parse(text) as Message);
      fakes.link.writes.length = 0;
      return messages.map(({ type, node: of, ageMs }) => [of, type === "overview" ? ageMs : type]);
    },
  };
}

test("nobody watches: nothing is measured and no timer runs; then once a second, until nobody watches any more", async () => {
  const clock = new ManualClock();
  const a = await node(new MemoryStore(), clock);
  clock.advance(60_000);
  expect([a.meters.read, clock.pending]).toEqual([0, 0]);
  const first = watcher(a);
  expect(await first.came()).toEqual([[a.id, 0]]);
  clock.advance(3000);
  expect(await first.came()).toEqual([
    [a.id, 0],
    [a.id, 0],
    [a.id, 0],
  ]);
  clock.advance(400);
  const second = watcher(a);
  expect(await second.came()).toEqual([[a.id, 400]]);
  expect([a.meters.open, a.meters.read]).toEqual([1, 4]);
  for (const { connection } of [first, second]) connection.peerClosed(1000, "");
  await settled();
  clock.advance(10_000);
  expect([a.meters.open, a.meters.read, clock.pending]).toEqual([0, 4, 0]);
});

test("another node reports while somebody watches; when it has died its figures grow old, and after 30 s it has gone", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore();
  const [a, b] = [await node(store, clock), await node(store, clock)];
  const client = watcher(a);
  await settled();
  expect(await client.came()).toEqual(
    expect.arrayContaining([
      [a.id, 0],
      [b.id, 0],
    ]),
  );
  b.die();
  const told: (readonly unknown[])[] = [];
  for (let second = 0; second < 40; second++) {
    clock.advance(1000);
    told.push(...(await client.came()).filter(([of]) => of === b.id));
  }
  const ages = told.map(([, age]) => age);
  expect(ages.slice(0, 3)).toEqual([2000, 3000, 4000]);
  expect(ages.slice(-2)).toEqual([30_000, "node_gone"]);
});

test("a node that stops in good order has gone at once, and nothing of it is told any more", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore();
  const [a, b] = [await node(store, clock), await node(store, clock)];
  const client = watcher(a);
  await settled();
  expect(await client.came()).toContainEqual([b.id, 0]);
  await b.stop();
  expect(await client.came()).toEqual([[b.id, "node_gone"]]);
  clock.advance(3000);
  expect(new Set((await client.came()).map(([of]) => of))).toEqual(new Set([a.id]));
});

test("a node that reported for another stops a few seconds after that one's last watcher has left", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore();
  const [a, b] = [await node(store, clock), await node(store, clock)];
  const client = watcher(a);
  await settled();
  for (let second = 0; second < 3; second++) {
    clock.advance(1000);
    await settled();
  }
  expect(b.meters.open).toBe(1);
  client.connection.peerClosed(1000, "");
  for (let second = 0; second < 10; second++) {
    clock.advance(1000);
    await settled();
  }
  expect([a.meters.open, b.meters.open, clock.pending]).toEqual([0, 0, 0]);
  expect(b.meters.read).toBeLessThan(12);
});
