/** Objects on two nodes with one log: ids, what is there after a restart, and how little of the past is left to read. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryStore, openMemoryEngine } from "../../engines/memory/index.ts";
import type { Engine, Log, LogEvent } from "../../kit/index.ts";
import type { Change, TrackedObject } from "./object-book.ts";
import { mapSubject, objectSubject, printLong } from "./object-event.ts";
import { type ObjectBounds, Objects } from "./objects.ts";
import { Timelines } from "./timelines.ts";

const bounds: ObjectBounds = {
  maxObjects: 100,
  maxHeldLength: 1 << 24,
  maxImageLength: 1 << 22,
  maxFeatureMapLength: 1 << 22,
};

/** A node: its objects, what it was told, and its background work. */
interface Node {
  readonly engine: Engine;
  readonly log: Log;
  readonly objects: Objects;
  readonly told: Change[];
  /** Resolves when nothing runs in the background, and what every node has stored is known. */
  settled(): Promise<void>;
}

const engines: Engine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** `hold`: work in the background is put there, and not done. */
async function open(
  store: MemoryStore,
  own: Partial<ObjectBounds> = {},
  nowMs = 1_000_000,
  hold?: (() => Promise<void>)[],
): Promise<Node> {
  const engine = await openMemoryEngine({ store });
  engines.push(engine);
  const log = await engine.log("tracking");
  const told: Change[] = [];
  const running = new Set<Promise<void>>();
  const background = (work: () => Promise<void>) => {
    if (hold !== undefined) {
      hold.push(work);
      return;
    }
    const run = work().finally(() => running.delete(run));
    running.add(run);
  };
  const changed = (change: Change) => {
    if (change.live) told.push(change);
  };
  const objects = await Objects.open({
    log,
    bounds: { ...bounds, ...own },
    now: () => nowMs,
    background,
    changed,
  });
  const settled = async () => {
    while (running.size > 0) await Promise.all(running);
    const { offset } = await log.purge("settled");
    await log.caughtUp(offset);
  };
  return { engine, log, objects, told, settled };
}

/** What a node knows of the objects that anybody can see. */
function view(objects: Iterable<TrackedObject>): object[] {
  return Array.from(objects, ({ id, cameraId, image, featureMap, frameId, boxId }) => ({
    id,
    cameraId,
    image,
    featureMap,
    frameId,
    boxId,
  }));
}

/** All that a node reads at its start under a prefix, in characters. */
async function storedLength(log: Log, prefix: string): Promise<number> {
  let length = 0;
  for (const subject of await log.subjects(prefix)) {
    for (const { data } of (await log.read(subject, 0)).events) length += data.length;
  }
  return length;
}

describe("on two nodes", () => {
  const step = fc.oneof(
    fc.record({ node: fc.nat(1), what: fc.constant("create" as const), image: fc.boolean() }),
    fc.record({
      node: fc.nat(1),
      what: fc.constant("stop" as const),
      id: fc.integer({ min: 1, max: 6 }),
    }),
    {
      weight: 4,
      arbitrary: fc.record({
        node: fc.nat(1),
        what: fc.constant("map" as const),
        id: fc.integer({ min: 1, max: 6 }),
      }),
    },
  );
  /** What is done at once, again and again. */
  const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 12 });

  it("ids count up without a gap, all see the same, and a restart changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const store = new MemoryStore();
        const nodes = [await open(store), await open(store)] as const;
        const created: number[] = [];
        let maps = 0;
        for (const batch of given) {
          const work = batch.map(async (one) => {
            const { objects } = one.node === 0 ? nodes[0] : nodes[1];
            if (one.what === "create")
              created.push(
                await objects.create({
                  cameraId: "a",
                  ...(one.image ? { image: '"i"' } : { frameId: "1.0" }),
                }),
              );
            else if (one.what === "stop") await objects.stop(one.id);
            // Large, so that one subject is soon full.
            else await objects.map(one.id, `"${maps++} ${"x".repeat(20_000)}"`);
          });
          await Promise.all(work);
        }
        for (const node of nodes) await node.settled();
        const [first, second] = nodes.map(({ objects }) => view(objects.all()));
        expect(second).toEqual(first);
        expect(created.sort((a, b) => a - b)).toEqual(created.map((_, index) => index + 1));
        for (const { objects } of nodes) expect(await objects.ids()).toEqual(created);
        // Everybody was told the same, in the same order, and the last map told of an object is the one it has.
        const stories = nodes.map(({ told }) =>
          told.map(({ what, object }) => `${what} ${object.id}`),
        );
        expect(stories[1]).toEqual(stories[0]);
        const restarted = await open(store);
        expect(view(restarted.objects.all())).toEqual(first);
        expect(await restarted.objects.ids()).toEqual(created);
        await restarted.settled();
        const tracked = [...restarted.objects.all()].length;
        // Of each object at most what may lie in a subject, one that comes after, and what two nodes added at the same moment.
        expect(await storedLength(restarted.log, "map.")).toBeLessThanOrEqual(
          tracked * (8 + 1 + 6) * 20_100,
        );
        for (const engine of engines.splice(0)) await engine.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe("a node that has not heard of it yet", () => {
  /** A log whose follower gets an event only when somebody waits for that. */
  function behind(log: Log): Log {
    const unheard: LogEvent[] = [];
    let hear: (event: LogEvent) => void = () => {};
    const own: Partial<Log> = {
      follow(after, follower) {
        hear = (event) => follower.event(event);
        return log.follow(after, { event: (event) => unheard.push(event), gap: () => {} });
      },
      async caughtUp(offset) {
        await log.caughtUp(offset);
        while (unheard[0] !== undefined && unheard[0].offset <= offset)
          hear(unheard.shift() as LogEvent);
      },
    };
    return new Proxy(log, {
      get(target, name) {
        const member: unknown = Reflect.get(name in own ? own : target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  it("lists, stops and maps what another node has created just now, and takes the next id", async () => {
    const store = new MemoryStore();
    const { objects } = await open(store);
    const engine = await openMemoryEngine({ store });
    engines.push(engine);
    const log = behind(await engine.log("tracking"));
    const late = await Objects.open({
      log,
      bounds,
      now: () => 1,
      background: (work) => void work(),
      changed: () => {},
    });
    const wish = { cameraId: "a", image: '"i"' };
    await objects.create(wish);
    await objects.create(wish);
    expect(late.get(1)).toBeUndefined();
    expect(await late.ids()).toEqual([1, 2]);
    await objects.create(wish);
    expect(await late.stop(3)).toBe(true);
    await objects.create(wish);
    expect(await late.map(4, "[1.0]")).toBe(true);
    await objects.map(4, "[2.0]");
    expect(await late.map(4, "[3.0]")).toBe(true);
    expect([objects.get(4)?.featureMap, late.get(4)?.featureMap]).toEqual(["[3.0]", "[3.0]"]);
    await objects.create(wish);
    expect(await late.create(wish)).toBe(6);
    expect(await late.stop(7)).toBe(false);
  });
});

describe("feature maps", () => {
  it("leave little behind, however many come, and the newest is always stored", async () => {
    const store = new MemoryStore();
    const node = await open(store);
    const id = await node.objects.create({ cameraId: "a", image: '"i"' });
    for (let n = 0; n < 300; n++) {
      expect(await node.objects.map(id, `[${n}.0,"${"x".repeat(1000)}"]`)).toBe(true);
      if (n % 50 === 0) {
        const other = await open(store);
        expect([...other.objects.all()][0]?.featureMap).toMatch(`[${n}.0,`);
      }
    }
    await node.settled();
    expect(await storedLength(node.log, "map.")).toBeLessThan(70_000);
    expect(await node.objects.stop(id)).toBe(true);
    await node.settled();
    expect(await storedLength(node.log, "map.")).toBe(0);
    expect(await storedLength(node.log, "object.")).toBe(0);
  });

  it("of a node that has not heard of the next subject yet is not lost when old ones are removed", async () => {
    const store = new MemoryStore();
    const held: (() => Promise<void>)[] = [];
    const { objects, log } = await open(store, {}, 1_000_000, held);
    const id = await objects.create({ cameraId: "a", image: '"i"' });
    const old = mapSubject(id, 0);
    const late = (text: string, expect: number) =>
      log.append(
        old,
        printLong({ type: "map" }, text).map((data) => ({ data })),
        { expect },
      );
    const stored = async () => (await open(store)).objects.get(id)?.featureMap;
    for (let n = 0; held.length === 0; n++) await objects.map(id, `"${n} ${"x".repeat(8000)}"`);
    // The other node's comes behind the one that began the next subject, and before the old one is removed: it is the newest.
    await late('"late"', await log.last(old));
    for (const work of held.splice(0)) await work();
    expect(await stored()).toBe('"late"');
    await objects.map(id, '"next"');
    // And once more, at the very moment of the removal.
    const last = await log.last(old);
    const [, ...works] = [late('"later"', last), ...held.splice(0).map((work) => work())];
    await Promise.all(works);
    expect(await stored()).toBe('"later"');
    await objects.map(id, '"last"');
    for (const work of held.splice(0)) await work();
    expect(await stored()).toBe('"last"');
    await expect(late('"too late"', last)).rejects.toThrow(
      expect.objectContaining({ code: "log_conflict" }),
    );
    expect((await log.read(old, 0)).events.every(({ purged }) => purged)).toBe(true);
  });
});

describe("what a node that died has left", () => {
  it("is removed at the next start: maps of stopped objects, and images that are not all there; their ids stay taken", async () => {
    const store = new MemoryStore();
    const before = await open(store);
    const id = await before.objects.create({ cameraId: "a", image: '"i"' });
    await before.objects.map(id, "[1.0]");
    await before.log.purge(objectSubject(id));
    const [begun = ""] = printLong({ type: "created", cameraId: "a", atMs: 1_000_000 }, "long", 2);
    await before.log.append(objectSubject(2), [{ data: begun }]);
    const soon = await open(store);
    await soon.settled();
    expect(await soon.objects.ids()).toEqual([1]);
    expect(await storedLength(soon.log, "object.")).toBeGreaterThan(0);
    expect(await soon.log.last(mapSubject(id, 0))).toBeGreaterThan(0);
    expect(await storedLength(soon.log, "map.")).toBe(0);
    const later = await open(store, {}, 1_100_000);
    await later.settled();
    expect(await storedLength(later.log, "object.")).toBe(0);
    expect(await later.objects.create({ cameraId: "a", image: '"i"' })).toBe(3);
  });
});

describe("bounds", () => {
  it("refuse objects, images and maps beyond them, and nothing is stored", async () => {
    const { objects, told } = await open(new MemoryStore(), {
      maxObjects: 2,
      maxHeldLength: 30,
      maxImageLength: 12,
      maxFeatureMapLength: 20,
    });
    const refused = (code: string) => expect.objectContaining({ code });
    await expect(objects.create({ cameraId: "a", image: `"${"x".repeat(11)}"` })).rejects.toThrow(
      refused("too_large"),
    );
    const id = await objects.create({ cameraId: "a", image: `"${"x".repeat(10)}"` });
    await expect(objects.map(id, `"${"x".repeat(19)}"`)).rejects.toThrow(refused("too_large"));
    await expect(objects.map(id, `"${"x".repeat(17)}"`)).rejects.toThrow(refused("over_capacity"));
    expect(await objects.map(id, `"${"x".repeat(16)}"`)).toBe(true);
    // The place of the old one is free for the new one.
    expect(await objects.map(id, `"${"y".repeat(16)}"`)).toBe(true);
    await expect(objects.create({ cameraId: "a", image: '"z"' })).rejects.toThrow(
      refused("over_capacity"),
    );
    expect(await objects.create({ cameraId: "a", frameId: "1", boxId: "1" })).toBe(2);
    await expect(objects.create({ cameraId: "a", frameId: "1", boxId: "1" })).rejects.toThrow(
      refused("over_capacity"),
    );
    await objects.stop(1);
    expect(await objects.create({ cameraId: "a", image: '"z"' })).toBe(3);
    expect(told.map(({ what, object }) => `${what} ${object.id}`)).toEqual([
      "created 1",
      "mapped 1",
      "mapped 1",
      "created 2",
      "stopped 1",
      "created 3",
    ]);
  });
});

describe("timelines", () => {
  it("keep at least the newest entries, and little more", async () => {
    const { log, objects, settled } = await open(new MemoryStore());
    const background: Promise<void>[] = [];
    const timelines = new Timelines({
      log,
      maxEntries: 1500,
      background: (work) => background.push(work()),
    });
    const id = await objects.create({ cameraId: "a", frameId: "1", boxId: "1" });
    const first = 1_700_000_000;
    for (let second = first; second < first + 5300; second++) {
      const object = objects.get(id);
      if (object === undefined) throw new Error("it is tracked");
      await timelines.add(object, { processorId: "cam", second });
    }
    await Promise.all(background);
    await settled();
    const shown = await timelines.of(id);
    expect(shown.map(({ second }) => second)).toEqual(
      Array.from({ length: 1500 }, (_, n) => first + 3800 + n),
    );
    let stored = 0;
    for (const subject of await log.subjects("seen."))
      stored += (await log.read(subject, 0)).events.filter(({ purged }) => !purged).length;
    expect(stored).toBeLessThanOrEqual(3300);
    await objects.stop(id);
    expect((await timelines.of(id)).length).toBe(1500);
    expect(await timelines.of(2)).toEqual([]);
  });
});
