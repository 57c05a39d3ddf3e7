/** Engine suite: append, read, last, subjects, conditions and idempotence. */
import { describe, expect, test } from "vitest";
import { put, readAll, rejection, type SuiteContext, texts } from "./engine-harness.suite.ts";

const badSubjects = [
  "",
  ".",
  ".a",
  "a.",
  "a..b",
  "a b",
  "a*",
  "a.>",
  "a/b",
  "é",
  "a\n",
  "a".repeat(201),
];
const goodSubjects = ["a", "a.b", "A-z_0=.9", "-", "a".repeat(200), "toString", "__proto__"];

export function logSuite(context: SuiteContext): void {
  describe("log", () => {
    test("a new log is empty", async () => {
      const log = await (await context.open()).log("empty");
      expect(log.name).toBe("empty");
      expect(log.epoch).toMatch(/./);
      expect(log.position).toBe(0);
      expect(await log.read("a", 0)).toEqual({ events: [], more: false });
      expect(await log.last("a")).toBe(0);
      expect(await log.subjects("")).toEqual([]);
    });

    test("what was appended is read back, as soon as append has resolved", async () => {
      const log = await (await context.open()).log("things");
      const [stored] = await log.append("a.b", [{ data: '{"x":1.0}' }]);
      expect(stored).toEqual({ offset: expect.any(Number), duplicate: false });
      const { events, more, gap } = await log.read("a.b", 0);
      expect(events).toEqual([
        {
          offset: stored?.offset,
          subject: "a.b",
          timeMs: expect.any(Number),
          data: '{"x":1.0}',
          purged: false,
        },
      ]);
      expect(Number.isSafeInteger(events[0]?.timeMs)).toBe(true);
      expect(stored?.offset).toBeGreaterThanOrEqual(1);
      expect({ more, gap }).toEqual({ more: false, gap: undefined });
      expect(await log.last("a.b")).toBe(stored?.offset);
      expect(await log.subjects("")).toEqual(["a.b"]);
    });

    test("the same name gives the same log, another name another one", async () => {
      const engine = await context.open();
      const [first, again, other] = await Promise.all([
        engine.log("one"),
        engine.log("one"),
        engine.log("two"),
      ]);
      expect(again.epoch).toBe(first.epoch);
      await put(first, "a", "1");
      expect(texts(await readAll(again, "a"))).toEqual(["1"]);
      expect(texts(await readAll(other, "a"))).toEqual([]);
      await put(other, "a", "2", "same id");
      await put(first, "a", "3", "same id");
      expect(texts(await readAll(first, "a"))).toEqual(["1", "3"]);
    });

    test("several events of one call are stored in order and answered in order", async () => {
      const log = await (await context.open()).log("things");
      const stored = await log.append("a", [
        { data: "1" },
        { data: "2", id: "two" },
        { data: "3" },
      ]);
      expect(stored.map((one) => one.duplicate)).toEqual([false, false, false]);
      const events = await readAll(log, "a");
      expect(texts(events)).toEqual(["1", "2", "3"]);
      expect(events.map((event) => event.offset)).toEqual(stored.map((one) => one.offset));
      expect(await log.append("a", [])).toEqual([]);
      expect(await log.last("a")).toBe(stored[2]?.offset);
    });

    test("appends made without waiting are stored in call order, per subject, with growing offsets", async () => {
      const log = await (await context.open()).log("things");
      const subjects = ["a", "b", "c.d"];
      const calls = Array.from({ length: 300 }, (_, index) => {
        const id = index % 4 === 0 ? { id: `id-${index}` } : {};
        return log.append(subjects[index % 3] ?? "a", [{ data: `${index}`, ...id }]);
      });
      const offsets = (await Promise.all(calls)).map((stored) => stored[0]?.offset ?? 0);
      expect(new Set(offsets).size).toBe(300);
      for (const [place, subject] of subjects.entries()) {
        const events = await readAll(log, subject);
        const mine = Array.from({ length: 100 }, (_, index) => index * 3 + place);
        expect(texts(events)).toEqual(mine.map(String));
        expect(events.map((event) => event.offset)).toEqual(mine.map((index) => offsets[index]));
        expect(
          events.every(
            (event, index) => index === 0 || event.offset > (events[index - 1]?.offset ?? 0),
          ),
        ).toBe(true);
      }
    });

    test("limit, more, upTo and after", async () => {
      const log = await (await context.open()).log("things");
      const stored = await log.append("a", [{ data: "1" }, { data: "2" }, { data: "3" }]);
      await put(log, "b", "other");
      const [one = 0, two = 0, three = 0] = stored.map((event) => event.offset);
      const read = async (after: number, options: { limit?: number; upTo?: number }) => {
        const { events, more, gap } = await log.read("a", after, options);
        expect(gap).toBeUndefined();
        return [...texts(events), more ? "more" : "end"].join(" ");
      };
      expect(await read(0, { limit: 2 })).toBe("1 2 more");
      expect(await read(two, { limit: 2 })).toBe("3 end");
      expect(await read(0, { limit: 3 })).toBe("1 2 3 end");
      expect(await read(0, { upTo: two })).toBe("1 2 end");
      expect(await read(0, { upTo: two, limit: 1 })).toBe("1 more");
      expect(await read(0, { upTo: two, limit: 2 })).toBe("1 2 end");
      expect(await read(one, { upTo: one })).toBe("end");
      expect(await read(0, { upTo: 0 })).toBe("end");
      expect(await read(three, {})).toBe("end");
      expect(await read(three + 1_000, {})).toBe("end");
    });

    test("read gives 1,000 events unless told otherwise", async () => {
      const log = await (await context.open()).log("things");
      await log.append(
        "a",
        Array.from({ length: 1_001 }, (_, index) => ({ data: `${index}` })),
      );
      const { events, more } = await log.read("a", 0);
      expect([events.length, more]).toEqual([1_000, true]);
      expect(texts(await readAll(log, "a"))).toEqual(
        Array.from({ length: 1_001 }, (_, index) => `${index}`),
      );
    });

    test("subjects are listed by prefix, sorted", async () => {
      const log = await (await context.open()).log("things");
      for (const subject of ["run.b", "run.a", "run", "runs.a", "A", "_"])
        await put(log, subject, "x");
      expect(await log.subjects("")).toEqual(["A", "_", "run", "run.a", "run.b", "runs.a"]);
      expect(await log.subjects("run.")).toEqual(["run.a", "run.b"]);
      expect(await log.subjects("run")).toEqual(["run", "run.a", "run.b", "runs.a"]);
      expect(await log.subjects("run.a")).toEqual(["run.a"]);
      expect(await log.subjects("x")).toEqual([]);
    });

    test("subjects outside the rule are refused with log_bad_subject, at its edges they work", async () => {
      const log = await (await context.open()).log("things");
      for (const subject of badSubjects) {
        await rejection(log.append(subject, [{ data: "x" }]), "log_bad_subject");
        await rejection(log.read(subject, 0), "log_bad_subject");
        await rejection(log.last(subject), "log_bad_subject");
        await rejection(log.purge(subject), "log_bad_subject");
      }
      expect(await log.subjects("")).toEqual([]);
      for (const subject of goodSubjects) {
        const offset = await put(log, subject, subject);
        expect(texts(await readAll(log, subject))).toEqual([subject]);
        expect(await log.last(subject)).toBe(offset);
      }
      expect(await log.subjects("")).toEqual([...goodSubjects].sort());
    });

    test("a log name outside the rule is refused", async () => {
      const engine = await context.open();
      for (const name of ["", "A", "1a", "a-b", "a.b", "a b", "a".repeat(32)])
        await rejection(engine.log(name), "log_bad_subject");
      expect((await engine.log(`a${"_9".repeat(15)}`)).name).toBe(`a${"_9".repeat(15)}`);
    });

    test("text comes back unchanged: empty, unicode, control characters, 900 kB", async () => {
      const log = await (await context.open()).log("things");
      const big = `"${"é😀x".repeat(128_570)}"`;
      expect(Buffer.byteLength(big)).toBeGreaterThan(899_000);
      const all = [
        "",
        " ",
        "\ufeffbom",
        "nul \u0000 inside",
        "\r\n\t",
        "1e-7",
        "12345678901234567890",
        "日本語 😀 \u202e עברית",
        "\u2028",
        "null",
        big,
      ];
      await log.append(
        "a",
        all.map((data) => ({ data })),
      );
      const events = await readAll(log, "a");
      for (const [index, data] of all.entries())
        expect(events[index]?.data === data, `text ${index}`).toBe(true);
      expect(events.every((event) => !event.purged)).toBe(true);
    });
  });

  describe("idempotent append", () => {
    test("an id that was there answers with the first's offset and stores nothing", async () => {
      const log = await (await context.open()).log("things");
      const first = await put(log, "a", "first", "id 1/é");
      await put(log, "a", "other", "id 2");
      expect(await log.append("a", [{ data: "again", id: "id 1/é" }])).toEqual([
        { offset: first, duplicate: true },
      ]);
      expect(await log.append("b", [{ data: "elsewhere", id: "id 1/é" }])).toEqual([
        { offset: first, duplicate: true },
      ]);
      expect(texts(await readAll(log, "a"))).toEqual(["first", "other"]);
      expect(await log.subjects("")).toEqual(["a"]);
    });

    test("the same id without waiting: one is stored", async () => {
      const log = await (await context.open()).log("things");
      const answers = await Promise.all(
        [1, 2, 3].map((nth) => log.append("a", [{ data: `${nth}`, id: "same" }])),
      );
      expect(texts(await readAll(log, "a"))).toEqual(["1"]);
      expect(answers.map(([stored]) => stored?.duplicate)).toEqual([false, true, true]);
      expect(new Set(answers.map(([stored]) => stored?.offset)).size).toBe(1);
    });

    test("in a call of several, each id counts for itself", async () => {
      const log = await (await context.open()).log("things");
      const two = await put(log, "a", "2", "two");
      const stored = await log.append("a", [
        { data: "1", id: "one" },
        { data: "2", id: "two" },
        { data: "3", id: "three" },
        { data: "x", id: "one" },
      ]);
      expect(stored.map((one) => one.duplicate)).toEqual([false, true, false, true]);
      expect(stored[1]?.offset).toBe(two);
      expect(stored[3]?.offset).toBe(stored[0]?.offset);
      expect(texts(await readAll(log, "a"))).toEqual(["2", "1", "3"]);
    });

    test("the id wins over a stale expect", async () => {
      const log = await (await context.open()).log("things");
      const [first] = await log.append("a", [{ data: "1", id: "one" }], { expect: 0 });
      await put(log, "a", "2");
      expect(await log.append("a", [{ data: "1", id: "one" }], { expect: 0 })).toEqual([
        { offset: first?.offset, duplicate: true },
      ]);
      expect(texts(await readAll(log, "a"))).toEqual(["1", "2"]);
    });

    test("a conditional call that was stored in part goes on where it stopped", async () => {
      const log = await (await context.open()).log("things");
      const [first] = await log.append("a", [{ data: "1", id: "one" }], { expect: 0 });
      const again = await log.append(
        "a",
        [
          { data: "1", id: "one" },
          { data: "2", id: "two" },
        ],
        { expect: 0 },
      );
      expect(again.map((stored) => stored.duplicate)).toEqual([true, false]);
      expect(again[0]?.offset).toBe(first?.offset);
      expect(texts(await readAll(log, "a"))).toEqual(["1", "2"]);
    });
  });

  describe("conditional append", () => {
    test("0 expects no events, an offset expects that last one", async () => {
      const log = await (await context.open()).log("things");
      const [one] = await log.append("a", [{ data: "1" }], { expect: 0 });
      await put(log, "b", "another subject does not matter");
      const [two, three] = await log.append("a", [{ data: "2" }, { data: "3" }], {
        expect: one?.offset ?? -1,
      });
      expect(two?.offset).toBeGreaterThan(one?.offset ?? 0);
      const conflict = await rejection(
        log.append("a", [{ data: "x" }], { expect: two?.offset ?? -1 }),
        "log_conflict",
      );
      expect(conflict.details.last).toBe(three?.offset);
      expect(
        (await rejection(log.append("a", [{ data: "x" }], { expect: 0 }), "log_conflict")).details
          .last,
      ).toBe(three?.offset);
      expect(
        (
          await rejection(
            log.append("new", [{ data: "x" }], { expect: one?.offset ?? -1 }),
            "log_conflict",
          )
        ).details.last,
      ).toBe(0);
      expect(texts(await readAll(log, "a"))).toEqual(["1", "2", "3"]);
    });

    test("of several with the same expect one is stored; the conflicts disturb nobody else", async () => {
      const log = await (await context.open()).log("things");
      const outcomes = await Promise.allSettled([
        log.append("a", [{ data: "1" }], { expect: 0 }),
        log.append("b", [{ data: "plain" }]),
        log.append("a", [{ data: "2" }], { expect: 0 }),
        log.append("b", [{ data: "plain too" }]),
        log.append("a", [{ data: "3" }, { data: "4" }], { expect: 0 }),
        log.append("a", [{ data: "5", id: "x" }]),
        log.append("a", [{ data: "dropped", id: "x" }]),
      ]);
      expect(outcomes.map((outcome) => outcome.status[0])).toEqual([
        "f",
        "f",
        "r",
        "f",
        "r",
        "f",
        "f",
      ]);
      expect(texts(await readAll(log, "a"))).toEqual(["1", "5"]);
      expect(texts(await readAll(log, "b"))).toEqual(["plain", "plain too"]);
    });

    test("after a conflict an id is not remembered: nothing was stored under it", async () => {
      const log = await (await context.open()).log("things");
      const one = await put(log, "a", "1");
      await rejection(log.append("a", [{ data: "2", id: "two" }], { expect: 0 }), "log_conflict");
      expect(
        (await log.append("a", [{ data: "2", id: "two" }], { expect: one }))[0]?.duplicate,
      ).toBe(false);
      expect(texts(await readAll(log, "a"))).toEqual(["1", "2"]);
    });
  });

  describe("epoch", () => {
    test("a reader of another epoch gets a gap and everything from the start", async () => {
      const log = await (await context.open()).log("things");
      const stored = await log.append("a", [{ data: "1" }, { data: "2" }]);
      const after = stored[1]?.offset ?? 0;
      const foreign = await log.read("a", after, { epoch: "not this one" });
      expect(foreign.gap?.reason).toBe("epoch");
      expect(texts(foreign.events)).toEqual(["1", "2"]);
      expect((await log.read("a", 0, { epoch: "not this one" })).gap?.reason).toBe("epoch");
      expect((await log.read("none", 0, { epoch: "not this one" })).gap?.reason).toBe("epoch");
      expect(await log.read("a", after, { epoch: log.epoch })).toEqual({ events: [], more: false });
    });
  });
}
