/** Engine suite: opening, health, closing, and what is there after opening again. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import {
  Arrivals,
  put,
  Recorder,
  readAll,
  rejection,
  type SuiteContext,
  texts,
} from "./engine-harness.suite.ts";
import { held } from "./engine-leases.suite.ts";

export function lifeSuite(context: SuiteContext): void {
  describe("life", () => {
    test("an open engine is healthy and has numbers", async () => {
      const engine = await context.open();
      await put(await engine.log("things"), "a", "1");
      expect(engine.health()).toEqual({ ok: true });
      expect(engine.session.id).toMatch(/./);
      const stats = Object.entries(engine.stats());
      expect(stats.length).toBeGreaterThan(0);
      for (const [name, value] of stats) {
        expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
        expect(Number.isFinite(value), name).toBe(true);
      }
    });

    test("after close every call is refused with log_closed", async () => {
      const engine = await context.open();
      const log = await engine.log("things");
      await put(log, "a", "1");
      const lease = held(await engine.leases.acquire("k", "1"));
      await within(engine.close(), "close");
      await within(engine.close(), "close again");
      await rejection(engine.log("things"), "log_closed");
      await rejection(engine.log("another"), "log_closed");
      await rejection(log.append("a", [{ data: "2" }]), "log_closed");
      await rejection(log.read("a", 0), "log_closed");
      await rejection(log.last("a"), "log_closed");
      await rejection(log.subjects(""), "log_closed");
      await rejection(log.purge("a"), "log_closed");
      await rejection(log.follow(0, new Recorder()), "log_closed");
      await rejection(log.caughtUp(1_000), "log_closed");
      expect(() => engine.bus.publish("a", "x")).toThrow(
        expect.objectContaining({ code: "log_closed" }),
      );
      await rejection(
        engine.bus.subscribe("a", () => {}),
        "log_closed",
      );
      await rejection(engine.leases.acquire("k2", "x"), "log_closed");
      await rejection(engine.leases.list(""), "log_closed");
      await rejection(
        engine.leases.watch("", () => {}),
        "log_closed",
      );
      await rejection(lease.update("2"), "lease_lost", "log_closed");
      await within(lease.release(), "release after close");
      expect(engine.health()).toMatchObject({ ok: false, reason: expect.any(String) });
    });

    test("close stores what was appended, ends the follow, and is no loss of a lease", async () => {
      const engine = await context.open();
      const log = await engine.log("things");
      const recorder = new Recorder();
      await log.follow(0, recorder);
      const lost = new Arrivals<string>();
      held(await engine.leases.acquire("k", "1", { lost: () => lost.add("k") }));
      const appends = Array.from({ length: 20 }, (_, index) =>
        log.append("a", [{ data: `${index}` }]),
      );
      const waiting = rejection(log.caughtUp(1_000_000), "log_closed");
      await within(engine.close(), "close");
      await within(Promise.all(appends), "the appends");
      await within(waiting, "caughtUp");
      expect(lost.items).toEqual([]);
      if ("reopen" in context.cannot) return;
      const events = await readAll(await (await context.open()).log("things"), "a");
      expect(texts(events)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
    });

    const { reopen } = context.cannot;
    describe.skipIf(reopen !== undefined)(
      `reopen${reopen === undefined ? "" : ` (skipped: ${reopen})`}`,
      () => {
        test("events, offsets, epoch, ids and purges are kept; the session is another", async () => {
          const first = await context.open();
          const before = await first.log("things");
          const one = await put(before, "a", "1", "one");
          await put(before, "b", "2");
          const purge = await before.purge("b");
          const last = await put(before, "a", "3");
          const { events } = await before.read("a", 0);
          await first.close();

          const engine = await context.open();
          const log = await engine.log("things");
          expect(engine.session.id).not.toBe(first.session.id);
          expect(log.epoch).toBe(before.epoch);
          expect(log.position).toBe(0);
          expect((await log.read("a", 0, { epoch: before.epoch })).events).toEqual(events);
          const purged = await log.read("b", 0);
          expect(purged.events.map((event) => [event.offset, event.purged])).toEqual([
            [purge.offset, true],
          ]);
          expect(purged.gap?.reason).toBe("purged");
          expect(await log.append("a", [{ data: "1", id: "one" }])).toEqual([
            { offset: one, duplicate: true },
          ]);
          expect(await log.last("a")).toBe(last);
          expect(await log.subjects("")).toEqual(["a", "b"]);
          await rejection(log.append("a", [{ data: "x" }], { expect: 0 }), "log_conflict");
          expect(
            (await log.append("a", [{ data: "4" }], { expect: last }))[0]?.offset,
          ).toBeGreaterThan(last);
          const recorder = new Recorder();
          await within(log.follow(last, recorder), "follow");
          expect(recorder.texts()).toEqual(["4"]);
        });

        test("offsets go on even if everything was dropped", async () => {
          const first = await context.open();
          const before = await first.log("things", { maxAgeMs: 1_000 });
          const old = await put(before, "a", "old");
          await expect.poll(() => before.last("a")).toBe(0);
          await first.close();
          const log = await (await context.open()).log("things", { maxAgeMs: 1_000 });
          expect((await log.read("a", 0)).gap?.reason).toBe("retention");
          expect(await put(log, "a", "new")).toBeGreaterThan(old);
          expect((await log.read("a", old)).gap).toBeUndefined();
        });

        test("leases are gone, the fence goes on growing", async () => {
          const first = await context.open();
          const lease = held(await first.leases.acquire("k", "1"));
          await first.close();
          const second = await context.open();
          expect(await second.leases.list("")).toEqual([]);
          expect(held(await second.leases.acquire("k", "2")).fence).toBeGreaterThan(lease.fence);
        });
      },
    );
  });
}
