/** The admin's pure rules. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  beginning,
  forgetAfterMs,
  growthPerSecond,
  isShown,
  maxShownBytes,
  pageAfter,
  pageBefore,
} from "./rules.ts";

describe("growthPerSecond", () => {
  it("is the growth over the time, to a tenth, and never below 0", () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: 1, max: 100_000 }),
        (a, growth, ms) => {
          const rate = growthPerSecond(["a"], { a }, { a: a + growth }, ms)?.a ?? Number.NaN;
          expect(Math.abs(rate - Math.max(0, (growth / ms) * 1000))).toBeLessThanOrEqual(0.051);
        },
      ),
    );
  });

  it("is unknown where no time has passed", () => {
    expect(growthPerSecond(["a"], { a: 1 }, { a: 2 }, 0)).toBeUndefined();
  });
});

describe("isShown", () => {
  it("ends after 30 s", () => {
    expect([isShown(0), isShown(forgetAfterMs), isShown(forgetAfterMs + 1), forgetAfterMs]).toEqual(
      [true, true, false, 30_000],
    );
  });
});

describe("beginning", () => {
  it("is the whole text, or its longest beginning of whole characters that fits", () => {
    const long = fc.tuple(
      fc.constantFrom("a", "é", "€", "😀", "a😀€"),
      fc.integer({ min: 2000, max: 9000 }),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(long, ([part, times, before]) => {
        const text = before + part.repeat(times);
        const shown = beginning(text);
        const bytes = Buffer.byteLength(shown.text);
        expect(text.startsWith(shown.text)).toBe(true);
        expect(bytes).toBeLessThanOrEqual(maxShownBytes);
        expect(shown.isCut).toBe(shown.text.length < text.length);
        expect(shown.isCut).toBe(Buffer.byteLength(text) > maxShownBytes);
        if (shown.isCut) expect(bytes).toBeGreaterThan(maxShownBytes - 4);
      }),
    );
  });

  it("may end exactly at the bound", () => {
    expect(beginning("x".repeat(maxShownBytes))).toEqual({
      text: "x".repeat(maxShownBytes),
      isCut: false,
    });
    expect(beginning("x".repeat(maxShownBytes + 1)).isCut).toBe(true);
  });
});

describe.each([
  { name: "pageAfter", pageOf: pageAfter, inOrder: <T>(sorted: readonly T[]) => [...sorted] },
  {
    name: "pageBefore",
    pageOf: pageBefore,
    inOrder: <T>(sorted: readonly T[]) => [...sorted].reverse(),
  },
])("$name", ({ pageOf, inOrder }) => {
  it("gives everything once, in order, page by page", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 })),
        fc.integer({ min: 1, max: 5 }),
        (ids, limit) => {
          const sorted = ids.sort((a, b) => (a < b ? -1 : 1)).map((id) => ({ id }));
          const had: unknown[] = [];
          let cursor: string | undefined;
          do {
            const { page, next }: { page: { id: string }[]; next?: string } = pageOf(
              sorted,
              cursor,
              limit,
            );
            expect(page.length).toBe(Math.min(limit, sorted.length - had.length));
            had.push(...page);
            cursor = next;
          } while (cursor !== undefined);
          expect(had).toEqual(inOrder(sorted));
        },
      ),
    );
  });
});
