/** Engine suite: purge, and the gap it leaves. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import {
  put,
  Recorder,
  readAll,
  rejection,
  type SuiteContext,
  texts,
} from "./engine-harness.suite.ts";

export function purgeSuite(context: SuiteContext): void {
  describe("purge", () => {
    test("leaves one purge event in place of all earlier ones, of that subject only", async () => {
      const log = await (await context.open()).log("things");
      await log.append("a", [{ data: "1" }, { data: "2" }]);
      await put(log, "a.b", "kept");
      const before = await log.last("a");
      const purged = await log.purge("a");
      expect(purged.duplicate).toBe(false);
      expect(purged.offset).toBeGreaterThan(before);
      const { events, more } = await log.read("a", 0);
      expect(events).toEqual([
        { offset: purged.offset, subject: "a", timeMs: expect.any(Number), data: "", purged: true },
      ]);
      expect(more).toBe(false);
      expect(await log.last("a")).toBe(purged.offset);
      expect(await log.subjects("")).toEqual(["a", "a.b"]);
      expect(texts(await readAll(log, "a.b"))).toEqual(["kept"]);
    });

    test("a reader from before it gets a gap, from the start too; one from it or after gets none", async () => {
      const log = await (await context.open()).log("things");
      const [one, two] = (await log.append("a", [{ data: "1" }, { data: "2" }, { data: "3" }])).map(
        (stored) => stored.offset,
      );
      const three = await log.last("a");
      const { offset } = await log.purge("a");
      await put(log, "a", "4");
      for (const after of [0, one ?? 0, two ?? 0]) {
        const { events, gap } = await log.read("a", after);
        expect(texts(events)).toEqual(["(purged)", "4"]);
        expect(gap?.reason).toBe("purged");
        expect(gap?.from).toBe(after + 1);
        expect(gap?.to).toBeGreaterThanOrEqual(three);
        expect(gap?.to).toBeLessThanOrEqual(offset);
      }
      for (const after of [offset, offset + 1])
        expect((await log.read("a", after)).gap).toBeUndefined();
      expect(texts((await log.read("a", offset)).events)).toEqual(["4"]);
      expect((await log.read("b", 0)).gap).toBeUndefined();
    });

    test("a reader up to a place before the purge event is told as well", async () => {
      const log = await (await context.open()).log("things");
      await put(log, "a", "1");
      const two = await put(log, "a", "2");
      await log.purge("a");
      const { events, gap, more } = await log.read("a", 0, { upTo: two });
      expect(events).toEqual([]);
      expect(more).toBe(false);
      expect(gap).toEqual({ from: 1, to: two, reason: "purged" });
      expect((await log.read("a", two, { upTo: two })).gap).toBeUndefined();
    });

    test("expect goes on from the purge event", async () => {
      const log = await (await context.open()).log("things");
      const one = await put(log, "a", "1");
      const { offset } = await log.purge("a");
      expect(
        (await rejection(log.append("a", [{ data: "x" }], { expect: 0 }), "log_conflict")).details
          .last,
      ).toBe(offset);
      expect(
        (await rejection(log.append("a", [{ data: "x" }], { expect: one }), "log_conflict")).details
          .last,
      ).toBe(offset);
      await log.append("a", [{ data: "2" }], { expect: offset });
      expect(texts(await readAll(log, "a"))).toEqual(["(purged)", "2"]);
    });

    test("ids outlive it: a late repetition does not bring an event back", async () => {
      const log = await (await context.open()).log("things");
      const one = await put(log, "a", "1", "one");
      await log.purge("a");
      expect(await log.append("a", [{ data: "1", id: "one" }])).toEqual([
        { offset: one, duplicate: true },
      ]);
      expect(texts(await readAll(log, "a"))).toEqual(["(purged)"]);
    });

    test("again, and of a subject without events", async () => {
      const log = await (await context.open()).log("things");
      await put(log, "a", "1");
      const first = await log.purge("a");
      await put(log, "a", "2");
      const second = await log.purge("a");
      expect(second.offset).toBeGreaterThan(first.offset);
      const third = await log.purge("a");
      expect(third.offset).toBeGreaterThan(second.offset);
      const { events } = await log.read("a", 0);
      expect(events.map((event) => [event.offset, event.purged])).toEqual([[third.offset, true]]);
      const none = await log.purge("none");
      expect((await log.read("none", 0)).events.map((event) => event.offset)).toEqual([
        none.offset,
      ]);
    });

    test("followers get the purge event; one that starts later gets it in place of what was", async () => {
      const log = await (await context.open()).log("things");
      const live = new Recorder();
      const following = await within(log.follow(0, live), "follow");
      await put(log, "a", "1");
      await put(log, "b", "2");
      const { offset } = await log.purge("a");
      await put(log, "a", "3");
      await live.events.count(4);
      expect(live.texts()).toEqual(["1", "2", "(purged)", "3"]);
      expect(live.events.items[2]).toMatchObject({ subject: "a", data: "", offset });
      expect(live.gaps).toEqual([]);
      await following.stop();

      const late = new Recorder();
      await within(log.follow(0, late), "follow");
      await log.caughtUp(await log.last("a"));
      expect(texts(late.events.items.filter((event) => event.subject === "a")).at(-1)).toBe("3");
      expect(texts(late.events.items.filter((event) => event.subject === "a"))).toContain(
        "(purged)",
      );
      expect(texts(late.events.items.filter((event) => event.subject === "b"))).toEqual(["2"]);
    });

    test("in call order with appends that were not awaited", async () => {
      const log = await (await context.open()).log("things");
      await Promise.all([
        log.append("a", [{ data: "1" }]),
        log.purge("a"),
        log.append("a", [{ data: "2" }]),
      ]);
      expect(texts(await readAll(log, "a"))).toEqual(["(purged)", "2"]);
    });

    test("a subject of many events", async () => {
      const log = await (await context.open()).log("things");
      await log.append(
        "a",
        Array.from({ length: 3_000 }, (_, index) => ({ data: `${index}` })),
      );
      await log.append("b", [{ data: "kept" }]);
      const last = await log.last("a");
      const { offset } = await log.purge("a");
      const { events, gap } = await log.read("a", 0, { limit: 5 });
      expect(texts(events)).toEqual(["(purged)"]);
      expect(gap?.to).toBeGreaterThanOrEqual(last);
      await put(log, "a", "after");
      expect(texts(await readAll(log, "a", offset))).toEqual(["after"]);
      expect(texts(await readAll(log, "b"))).toEqual(["kept"]);
    });
  });
}
