/** The lead of the browser's clock, from whole seconds of the server's. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockLead, indistinctMs } from "./clock-lead.ts";

const toTheSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

describe("the lead of this clock", () => {
  it("is none while the clocks differ by less than can be told, or nothing is known", () => {
    expect(clockLead(0, 100_999, 100_000)).toBe(0);
    expect(clockLead(0, 100_000, 100_000)).toBe(0);
    expect(clockLead(20_000, 100_000, undefined)).toBe(20_000);
  });

  it("follows a clock that is set", () => {
    expect(clockLead(0, 120_500, 100_000)).toBe(20_000);
    expect(clockLead(20_000, 100_500, 100_000)).toBe(0);
    expect(clockLead(0, 80_500, 100_000)).toBe(-20_000);
  });

  it("is right to within what can be told, and does not move from answer to answer", () => {
    const answers = fc.array(fc.record({ atMs: fc.nat(1e9), delayMs: fc.nat(200) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: -1e7, max: 1e7 })),
        answers,
        (trueLeadMs, given) => {
          const leads: number[] = [];
          for (const { atMs, delayMs } of given)
            leads.push(
              clockLead(leads.at(-1) ?? 0, atMs + delayMs + trueLeadMs, toTheSecond(atMs)),
            );
          const last = leads.at(-1) ?? 0;
          expect(Math.abs(last - trueLeadMs)).toBeLessThan(indistinctMs + 700);
          // Only at the edge of what can be told does a first answer count as no lead and a later one not.
          expect(new Set(leads).size).toBeLessThanOrEqual(
            Math.abs(trueLeadMs) < indistinctMs + 700 ? 2 : 1,
          );
        },
      ),
      { numRuns: 1000 },
    );
  });
});
