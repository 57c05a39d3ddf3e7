/** Engine suite: follow (history joined to live), position and caughtUp. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import type { LogEvent } from "../kit/engine.ts";
import { put, Recorder, rejection, type SuiteContext, texts } from "./engine-harness.suite.ts";

export function followSuite(context: SuiteContext): void {
  describe("follow", () => {
    test("history first, then live, every subject, in offset order", async () => {
      const log = await (await context.open()).log("things");
      await put(log, "a", "1");
      const two = await put(log, "b", "2");
      const recorder = new Recorder();
      await within(log.follow(0, recorder), "follow");
      expect(recorder.texts()).toEqual(["1", "2"]);
      expect(log.position).toBe(two);
      const three = await put(log, "a", "3");
      await within(log.caughtUp(three), "caughtUp");
      expect(recorder.texts()).toEqual(["1", "2", "3"]);
      expect(log.position).toBe(three);
      const { events } = await log.read("a", 0);
      expect(recorder.events.items.filter((event) => event.subject === "a")).toEqual(events);
      expect(recorder.gaps).toEqual([]);
    });

    test("starts after the offset it is given, also when that is the last or the log is empty", async () => {
      const engine = await context.open();
      const log = await engine.log("things");
      const one = await put(log, "a", "1");
      const two = await put(log, "a", "2");
      const part = new Recorder();
      const following = await within(log.follow(one, part), "follow");
      expect(part.texts()).toEqual(["2"]);
      await within(following.stop(), "stop");

      const none = new Recorder();
      await within(log.follow(two, none), "follow from the end");
      expect(log.position).toBe(two);
      await put(log, "a", "3");
      await none.events.count(1);
      expect(none.texts()).toEqual(["3"]);

      const empty = await engine.log("empty");
      const fresh = new Recorder();
      await within(empty.follow(0, fresh), "follow of an empty log");
      expect(empty.position).toBe(0);
      await put(empty, "a", "first");
      await fresh.events.count(1);
      expect(fresh.texts()).toEqual(["first"]);
      expect(fresh.gaps).toEqual([]);
    });

    test("no gap and no double while appends run", async () => {
      const log = await (await context.open()).log("things");
      const appends: Promise<unknown>[] = [];
      const append = (count: number) => {
        for (let nth = 0; nth < count; nth++)
          appends.push(log.append(`s.${appends.length % 7}`, [{ data: `${appends.length}` }]));
      };
      append(700);
      await Promise.all(appends);
      const recorder = new Recorder();
      append(50);
      const follow = log.follow(0, recorder);
      append(50);
      for (let turn = 0; turn < 20; turn++) {
        await put(log, "turn", `turn ${turn}`);
        append(10);
      }
      await within(follow, "follow");
      await Promise.all(appends);
      const end = await put(log, "end", "end");
      await within(log.caughtUp(end), "caughtUp");
      const { items } = recorder.events;
      expect(items.length).toBe(appends.length + 20 + 1);
      expect(
        items.every(
          (event, index) => index === 0 || event.offset > (items[index - 1]?.offset ?? 0),
        ),
      ).toBe(true);
      for (let subject = 0; subject < 7; subject++) {
        const mine = texts(items.filter((event) => event.subject === `s.${subject}`)).map(Number);
        expect(mine).toEqual(Array.from(appends.keys()).filter((index) => index % 7 === subject));
      }
      expect(recorder.gaps).toEqual([]);
    });

    test("resolves only when the follower has had all that was stored before", async () => {
      const log = await (await context.open()).log("things");
      await log.append(
        "a",
        Array.from({ length: 3_000 }, (_, index) => ({ data: `${index}` })),
      );
      const recorder = new Recorder();
      await within(log.follow(0, recorder), "follow");
      expect(recorder.events.items.length).toBe(3_000);
      expect(log.position).toBe(await log.last("a"));
    });

    test("large events arrive whole", async () => {
      const log = await (await context.open()).log("things");
      const big = (fill: string) => fill.repeat(900_000);
      for (const fill of ["a", "b", "c"]) await put(log, "big", big(fill));
      const recorder = new Recorder();
      await within(log.follow(0, recorder), "follow");
      await put(log, "big", big("d"));
      const items = await recorder.events.count(4);
      expect(items.map((event) => event.data.length)).toEqual([900_000, 900_000, 900_000, 900_000]);
      expect(items.map((event) => event.data.at(-1)).join("")).toBe("abcd");
    });

    test("one follow per log: a second is refused, after stop a new one goes on", async () => {
      const engine = await context.open();
      const log = await engine.log("things");
      await put(log, "a", "1");
      const first = new Recorder();
      const following = await within(log.follow(0, first), "follow");
      await rejection(log.follow(0, new Recorder()), "wrong_state");
      await rejection((await engine.log("things")).follow(0, new Recorder()), "wrong_state");
      const two = await put(log, "a", "2");
      await within(log.caughtUp(two), "caughtUp");
      await within(following.stop(), "stop");
      await within(following.stop(), "stop again");

      await put(log, "a", "3");
      const second = new Recorder();
      await within(log.follow(two, second), "second follow");
      await put(log, "a", "4");
      await second.events.count(2);
      expect(second.texts()).toEqual(["3", "4"]);
      expect(first.texts()).toEqual(["1", "2"]);
    });

    test("a stop out of the follower itself: nothing comes after it", async () => {
      const log = await (await context.open()).log("things");
      const seen: string[] = [];
      let stopped: Promise<void> | undefined;
      const following = await log.follow(0, {
        event: (event) => {
          seen.push(event.data);
          if (event.data === "2") stopped = following.stop();
        },
        gap: () => {},
      });
      await log.append("a", [{ data: "1" }, { data: "2" }, { data: "3" }]);
      await expect.poll(() => seen).toContain("2");
      await within(stopped ?? Promise.reject(new Error("not stopped")), "stop");
      const next = new Recorder();
      await within(log.follow(0, next), "next follow");
      await put(log, "a", "4");
      await next.events.count(4);
      expect(seen).toEqual(["1", "2"]);
    });

    test("an append out of a follower is stored and followed, after what is being followed", async () => {
      const log = await (await context.open()).log("things");
      const recorder = new Recorder();
      const answers: Promise<unknown>[] = [];
      await log.follow(0, {
        event: (event) => {
          recorder.event(event);
          if (event.subject === "ask")
            answers.push(log.append("answer", [{ data: `re ${event.data}` }]));
        },
        gap: () => {},
      });
      await log.append("ask", [{ data: "1" }, { data: "2" }]);
      await recorder.events.count(4);
      await Promise.all(answers);
      expect(recorder.texts().filter((text) => text.startsWith("re"))).toEqual(["re 1", "re 2"]);
    });

    test("a follower that throws ends its follow and fails caughtUp; appends go on", async () => {
      const log = await (await context.open()).log("things");
      const seen: string[] = [];
      await log.follow(0, {
        event: (event: LogEvent) => {
          seen.push(event.data);
          if (event.data === "bad") throw new Error("thrown by the test's follower");
        },
        gap: () => {},
      });
      const first = await put(log, "a", "good");
      await within(log.caughtUp(first), "caughtUp");
      const never = log.caughtUp(first + 1_000);
      const refused = rejection(never, "log_closed");
      const offset = await put(log, "a", "bad");
      await refused;
      await rejection(log.caughtUp(offset), "log_closed");
      expect(await put(log, "a", "later")).toBeGreaterThan(offset);
      expect(seen).toEqual(["good", "bad"]);
      const next = new Recorder();
      await within(log.follow(0, next), "a new follow");
      expect(next.texts()).toEqual(["good", "bad", "later"]);
    });

    test("a follower that throws in the history fails follow itself", async () => {
      const log = await (await context.open()).log("things");
      await put(log, "a", "bad");
      const follower = {
        event: () => {
          throw new Error("thrown by the test's follower");
        },
        gap: () => {},
      };
      await rejection(log.follow(0, follower), "log_closed");
      await within(log.follow(0, new Recorder()), "a new follow");
    });
  });

  describe("caughtUp", () => {
    test("at once for what was followed, later for what comes, log_closed when the follow ends first", async () => {
      const log = await (await context.open()).log("things");
      await rejection(log.caughtUp(1), "log_closed");
      await within(log.caughtUp(0), "caughtUp of nothing");
      const one = await put(log, "a", "1");
      const recorder = new Recorder();
      const following = await within(log.follow(0, recorder), "follow");
      await within(log.caughtUp(one), "caughtUp of the past");
      const later = log.caughtUp(one + 1);
      await put(log, "a", "2");
      await within(later, "caughtUp of the future");
      expect(recorder.texts()).toEqual(["1", "2"]);
      const ended = rejection(log.caughtUp(log.position + 1_000), "log_closed");
      await following.stop();
      await ended;
    });

    test("what a conflict names can be waited for and decided upon again", async () => {
      const log = await (await context.open()).log("things");
      const recorder = new Recorder();
      await within(log.follow(0, recorder), "follow");
      const one = await put(log, "a", "1");
      const conflict = await rejection(
        log.append("a", [{ data: "2" }], { expect: 0 }),
        "log_conflict",
      );
      expect(conflict.details.last).toBe(one);
      await within(log.caughtUp(Number(conflict.details.last)), "caughtUp");
      expect(recorder.texts()).toEqual(["1"]);
      await log.append("a", [{ data: "2" }], { expect: one });
      await recorder.events.count(2);
      expect(recorder.texts()).toEqual(["1", "2"]);
    });
  });
}
