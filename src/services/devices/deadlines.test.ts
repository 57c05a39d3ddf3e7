/** Deadlines against a plain map. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock } from "../../kit/index.ts";
import { Deadlines } from "./deadlines.ts";

/** One timer at a time is all that may be pending. */
class OneTimerClock implements Clock {
  nowMs = 0;
  #pending: { readonly atMs: number; readonly run: () => void } | undefined;

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(ms: number, run: () => void) {
    expect(this.#pending).toBeUndefined();
    const pending = { atMs: this.nowMs + ms, run };
    this.#pending = pending;
    return {
      cancel: () => {
        if (this.#pending === pending) this.#pending = undefined;
      },
    };
  }

  advance(toMs: number): void {
    for (let next = this.#pending; next !== undefined && next.atMs <= toMs; next = this.#pending) {
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#pending = undefined;
      next.run();
    }
    this.nowMs = toMs;
  }
}

const subject = fc.integer({ min: 0, max: 12 }).map((nth) => `m${nth}`);
const move = fc.oneof(
  fc.record({ do: fc.constant("set" as const), subject, ms: fc.integer({ min: 0, max: 200_000 }) }),
  fc.record({ do: fc.constant("delete" as const), subject }),
  fc.record({ do: fc.constant("time" as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
);

test("each is reached once, when it is due, the earliest first; one timer for all", () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 300, size: "max" }), (moves) => {
      const clock = new OneTimerClock();
      const reached: string[] = [];
      const deadlines = new Deadlines(clock, (due) => reached.push(`${due}@${clock.nowMs}`));
      const model = new Map<string, number>();
      for (const one of moves) {
        if (one.do === "set") {
          deadlines.atMost(one.subject, clock.nowMs + one.ms);
          model.set(
            one.subject,
            Math.min(model.get(one.subject) ?? Number.POSITIVE_INFINITY, clock.nowMs + one.ms),
          );
        } else if (one.do === "delete") {
          deadlines.delete(one.subject);
          model.delete(one.subject);
        } else {
          const toMs = clock.nowMs + one.ms;
          const due = [...model].filter(([, atMs]) => atMs <= toMs).sort(([, a], [, b]) => a - b);
          for (const [name] of due) model.delete(name);
          clock.advance(toMs);
          const times = reached.map((entry) => Number(entry.split("@")[1]));
          expect(times).toEqual([...times].sort((a, b) => a - b));
          expect(reached.splice(0).sort()).toEqual(
            due.map(([name, atMs]) => `${name}@${atMs}`).sort(),
          );
        }
        expect(deadlines.size).toBe(model.size);
      }
    }),
    { numRuns: 200 },
  );
});
