/** The tracking's pure rules, against recounts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  demandRoom,
  distinct,
  idOf,
  mentioned,
  SpottedNow,
  type Spotting,
  timeStamp,
} from "./rules.ts";

describe("mentioned", () => {
  it("finds each object once, in boxes of any form", () => {
    const box = fc.oneof(
      fc.jsonValue(),
      fc.record({ objectId: fc.oneof(fc.nat(5), fc.jsonValue()) }),
    );
    fc.assert(
      fc.property(fc.array(box), (boxes) => {
        const own = boxes.map((any) =>
          typeof any === "object" && any !== null && Object.hasOwn(any, "objectId") ? any : {},
        );
        const ids = own
          .map((any) => (any as { objectId?: unknown }).objectId)
          .filter((id) => typeof id === "number");
        expect(mentioned(boxes)).toEqual([...new Set(ids)]);
      }),
    );
  });
});

describe("spottings", () => {
  /** What comes, second by second; a second may come again, as after a jump of the clock. */
  const frames = fc.array(fc.record({ second: fc.nat(4), ids: fc.uniqueArray(fc.nat(3)) }), {
    maxLength: 40,
  });

  it("of one processor within one second are one entry", () => {
    fc.assert(
      fc.property(frames, (given) => {
        const spotted = new SpottedNow();
        const stored = new Map<number, number[]>();
        const wanted = new Map<number, number[]>();
        let present: number | undefined;
        let seenNow = new Set<number>();
        for (const { second, ids } of given) {
          const objects = ids.map((id) => ({ id }));
          for (const { id } of spotted.fresh(objects, second))
            stored.set(id, [...(stored.get(id) ?? []), second]);
          spotted.add(objects, second);
          if (second !== present) seenNow = new Set();
          present = second;
          for (const id of ids)
            if (!seenNow.has(id)) wanted.set(id, [...(wanted.get(id) ?? []), second]);
          for (const id of ids) seenNow.add(id);
        }
        expect(stored).toEqual(wanted);
      }),
    );
  });

  it("that were stored twice are shown once, and nothing else is left out", () => {
    const stored = fc.array(
      fc.tuple(fc.constantFrom("a", "b"), fc.nat(5), fc.integer({ min: 1, max: 3 })),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(stored, (runs) => {
        const once: Spotting[] = [];
        const twice: Spotting[] = [];
        for (const [processorId, second, times] of runs) {
          const isRepeated =
            once.findLast((entry) => entry.processorId === processorId)?.second === second;
          if (!isRepeated) once.push({ processorId, second });
          for (let n = 0; n < times; n++) twice.push({ processorId, second });
        }
        expect(distinct(twice)).toEqual(once);
      }),
    );
  });
});

it("prints the server's local time", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(2001, 0, 1), max: new Date(2099, 0, 1), noInvalidDate: true }),
      (date) => {
        const second = Math.floor(date.getTime() / 1000);
        const text = timeStamp(second);
        expect(text).toMatch(/^\d{4}\/\d\d\/\d\d \| \d\d:\d\d:\d\d$/);
        // A date without a zone is local time. An hour that is there twice a year reads as one of both.
        const read = new Date(text.replaceAll("/", "-").replace(" | ", "T")).getTime() / 1000;
        expect(Math.abs(read - second) % 3600).toBe(0);
        expect(Math.abs(read - second)).toBeLessThanOrEqual(3600);
      },
    ),
  );
  expect(timeStamp(Math.floor(new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000))).toBe(
    "2026/01/02 | 03:04:05",
  );
});

it.each([
  ["1", 1],
  ["20", 20],
  ["0", undefined],
  ["", undefined],
  ["-1", undefined],
  ["1.0", undefined],
  ["x", undefined],
  ["99999999999999999999", undefined],
])("the id that %j names is %j", (text, id) => {
  expect(idOf(text)).toBe(id);
});

it("refuses one object more than there may be, and texts that are too much together", () => {
  const bounds = { maxObjects: 2, maxHeldLength: 10 };
  demandRoom({ size: 1, heldLength: 5 }, "12345", bounds);
  const code = expect.objectContaining({ code: "over_capacity" });
  expect(() => demandRoom({ size: 2, heldLength: 0 }, "", bounds)).toThrow(code);
  expect(() => demandRoom({ size: 1, heldLength: 5 }, "123456", bounds)).toThrow(code);
});
