/** Engine suite: what retention drops, and that whoever missed it is told. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import type { Log } from "../kit/engine.ts";
import { put, Recorder, readAll, type SuiteContext, texts } from "./engine-harness.suite.ts";

async function dropped(log: Log, subject: string, offset: number): Promise<void> {
  await expect
    .poll(async () => (await log.read(subject, 0, { limit: 1 })).events[0]?.offset ?? offset + 1)
    .toBeGreaterThan(offset);
}

export function retentionSuite(context: SuiteContext): void {
  describe("retention", () => {
    test("by count: the newest stay, a reader from before them gets a gap", async () => {
      const log = await (await context.open()).log("things", { maxEvents: 10 });
      const stored = await log.append(
        "a",
        Array.from({ length: 40 }, (_, index) => ({ data: `${index}` })),
      );
      const offsets = stored.map((event) => event.offset);
      await dropped(log, "a", offsets[29] ?? 0);

      const all = await log.read("a", 0);
      expect(texts(all.events)).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 30}`));
      expect(all.gap?.reason).toBe("retention");
      expect(all.gap?.from).toBe(1);
      expect(all.gap?.to).toBeGreaterThanOrEqual(offsets[29] ?? 0);
      expect(all.gap?.to).toBeLessThan(offsets[30] ?? 0);

      const part = await log.read("a", offsets[20] ?? 0, { limit: 2 });
      expect(texts(part.events)).toEqual(["30", "31"]);
      expect([part.gap?.reason, part.gap?.from, part.more]).toEqual([
        "retention",
        (offsets[20] ?? 0) + 1,
        true,
      ]);

      const lost = await log.read("a", offsets[3] ?? 0, { upTo: offsets[5] ?? 0 });
      expect(lost.events).toEqual([]);
      expect(lost.gap).toEqual({
        from: (offsets[3] ?? 0) + 1,
        to: offsets[5],
        reason: "retention",
      });

      const since = await log.read("a", offsets[29] ?? 0);
      expect(since.gap).toBeUndefined();
      expect(since.events.length).toBe(10);
      expect(await log.last("a")).toBe(offsets[39]);
    });

    test("a subject that lost everything has a gap and no last offset; its next event goes on", async () => {
      const log = await (await context.open()).log("things", { maxEvents: 5 });
      const one = await put(log, "old", "1");
      const stored = await log.append(
        "new",
        Array.from({ length: 10 }, (_, index) => ({ data: `${index}` })),
      );
      await dropped(log, "new", stored[4]?.offset ?? 0);
      const { events, gap } = await log.read("old", 0);
      expect(events).toEqual([]);
      expect(gap?.reason).toBe("retention");
      expect(gap?.to).toBeGreaterThanOrEqual(one);
      expect(await log.last("old")).toBe(0);
      expect(await log.subjects("")).toEqual(["new"]);
      const [two] = await log.append("old", [{ data: "2" }], { expect: 0 });
      expect(two?.offset).toBeGreaterThan(stored.at(-1)?.offset ?? 0);
      expect((await log.read("old", one)).gap?.reason).toBe("retention");
    });

    test("by age: old events go, the log goes on", async () => {
      const log = await (await context.open()).log("things", { maxAgeMs: 1_000 });
      const old = await put(log, "a", "old");
      await put(log, "b", "old too");
      await dropped(log, "a", old);
      await expect.poll(() => log.subjects("")).toEqual([]);
      const fresh = await put(log, "a", "new");
      expect(fresh).toBeGreaterThan(old);
      const { events, gap } = await log.read("a", 0);
      expect(texts(events)).toEqual(["new"]);
      expect(gap?.reason).toBe("retention");
      expect(gap?.to).toBeGreaterThanOrEqual(old);
      expect((await log.read("a", fresh)).gap).toBeUndefined();
    });

    test("a follower that starts before the oldest gets the gap first, a live one none", async () => {
      const log = await (await context.open()).log("things", { maxEvents: 10 });
      const live = new Recorder();
      const following = await within(log.follow(0, live), "follow");
      let last = 0;
      for (let nth = 0; nth < 50; nth++) {
        last = await put(log, `s.${nth % 3}`, `${nth}`);
        await log.caughtUp(last);
      }
      expect(live.texts()).toEqual(Array.from({ length: 50 }, (_, nth) => `${nth}`));
      expect(live.gaps).toEqual([]);
      await following.stop();
      const lost = live.events.items[39]?.offset ?? 0;
      for (let subject = 0; subject < 3; subject++) await dropped(log, `s.${subject}`, lost);

      const late = new Recorder();
      await within(log.follow(0, late), "late follow");
      expect(late.texts()).toEqual(Array.from({ length: 10 }, (_, nth) => `${nth + 40}`));
      expect(late.gaps).toEqual([{ from: 1, to: expect.any(Number), reason: "retention" }]);
      expect(late.all[0]).toBe(late.gaps[0]);
      expect(late.gaps[0]?.to).toBeGreaterThanOrEqual(lost);
      expect(log.position).toBe(last);
      await within(log.caughtUp(lost), "caughtUp of what is lost");
    });

    test("a follower of a log that lost everything gets the gap and then what comes", async () => {
      const log = await (await context.open()).log("things", { maxAgeMs: 1_000 });
      const old = await put(log, "a", "old");
      await dropped(log, "a", old);
      const recorder = new Recorder();
      await within(log.follow(0, recorder), "follow");
      await within(log.caughtUp(old), "caughtUp of what is lost");
      await put(log, "a", "new");
      await recorder.events.count(1);
      expect(recorder.texts()).toEqual(["new"]);
      expect(recorder.gaps.map((gap) => gap.reason)).toEqual(["retention"]);
      expect(recorder.gaps[0]?.to).toBeGreaterThanOrEqual(old);
    });

    test("without options everything is kept", async () => {
      const log = await (await context.open()).log("things");
      await log.append(
        "a",
        Array.from({ length: 1_500 }, (_, index) => ({ data: `${index}` })),
      );
      const events = await readAll(log, "a");
      expect(events.length).toBe(1_500);
      expect((await log.read("a", 0)).gap).toBeUndefined();
    });
  });
}
