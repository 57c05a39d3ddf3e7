/** What is new in what a server sends of one variable, whatever it sends again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Piece, WatchedVariable } from "./watched-variable.ts";

const all = Array.from({ length: 100 }, (_, nth) => nth);
const piece = (
  from: number | undefined,
  values: readonly unknown[],
  at?: readonly number[],
): Piece => ({ from, values, at });

/** The samples of one connection: from `begin` on, in pieces of these lengths. */
function pieces(begin: number, lengths: readonly number[], says: boolean): Piece[] {
  let at = begin;
  return lengths.map((length) => {
    const values = all.slice(at, at + length);
    const from = at;
    at += values.length;
    return piece(says ? from : undefined, values);
  });
}

describe("a watched variable", () => {
  it("tells each sample once and in order, over any connections, to servers that resume and those that do not", () => {
    const connection = fc.record({
      resumes: fc.boolean(),
      back: fc.nat(5),
      lengths: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(connection, { maxLength: 8 }), (connections) => {
        const variable = new WatchedVariable("c", "x", undefined, 0);
        const told: unknown[] = [];
        for (const { resumes, back, lengths } of connections) {
          variable.restart();
          const sent = resumes
            ? pieces(Math.max(0, variable.next - back), lengths, true)
            : // All that was told before comes in the first piece at least.
              pieces(0, [variable.next + 1, ...lengths], false);
          for (const one of sent) {
            expect(variable.hasBegunAnew(one)).toBe(false);
            const { gap, samples } = variable.take(one);
            expect(gap).toBeUndefined();
            if (samples === undefined) continue;
            expect(samples.from).toBe(told.length);
            told.push(...samples.values);
          }
        }
        expect(told).toEqual(all.slice(0, told.length));
        expect(variable.next).toBe(told.length);
      }),
    );
  });

  it("says which samples did not come", () => {
    const variable = new WatchedVariable("c", "x", undefined, 0);
    variable.take(piece(0, [0, 1]));
    expect(variable.take(piece(5, [5, 6]))).toEqual({
      gap: { from: 2, to: 5 },
      samples: { from: 5, values: [5, 6] },
    });
    expect(variable.take(piece(6, [6, 7]))).toEqual({ samples: { from: 7, values: [7] } });
  });

  it("goes on behind the last of thinned samples, and tells none of them twice", () => {
    const variable = new WatchedVariable("c", "x", 3, 0);
    expect(variable.take(piece(0, ["a", "b"], [0, 40]))).toEqual({
      samples: { from: 0, values: ["a", "b"], at: [0, 40] },
    });
    expect(variable.take(piece(0, ["b", "c"], [40, 99]))).toEqual({
      samples: { from: 99, values: ["c"], at: [99] },
    });
    expect(variable.take(piece(0, ["c"], [99]))).toEqual({});
    expect(variable.take(piece(99, ["c", "d"]))).toEqual({ samples: { from: 100, values: ["d"] } });
  });

  it("sees that everything begins anew where a server that sends all again sends less; not where it resumes", () => {
    const variable = new WatchedVariable("c", "x", undefined, 0);
    variable.take(piece(undefined, [0, 1, 2]));
    variable.restart();
    expect(variable.hasBegunAnew(piece(2, [2]))).toBe(false);
    expect(variable.hasBegunAnew(piece(undefined, [9, 8]))).toBe(true);
    variable.forget();
    expect(variable.take(piece(undefined, [9, 8]))).toEqual({
      samples: { from: 0, values: [9, 8] },
    });
    expect(variable.hasBegunAnew(piece(undefined, [7]))).toBe(false);
  });

  it("subscribed to again passes over what still comes of the subscription before", () => {
    const says = new WatchedVariable("c", "x", undefined, 0, 50);
    expect(says.take(piece(50, [50]))).toEqual({});
    expect(says.take(piece(0, [0, 1]))).toEqual({ samples: { from: 0, values: [0, 1] } });
    const silent = new WatchedVariable("c", "x", undefined, 0, 3);
    expect(silent.take(piece(undefined, [3]))).toEqual({});
    expect(silent.take(piece(undefined, [0, 1, 2, 3]))).toEqual({
      samples: { from: 0, values: [0, 1, 2, 3] },
    });
    expect(silent.take(piece(undefined, [4]))).toEqual({ samples: { from: 4, values: [4] } });
  });

  it("leaves a thinned answer to the subscription before to that one", () => {
    const full = new WatchedVariable("c", "x", undefined, 1, 0);
    const thinned = { values: [1, 3], from: 0, at: [0, 2] };
    expect(full.take(thinned)).toEqual({});
    expect(full.take({ values: [1, 2, 3], from: 0, at: undefined })).toEqual({
      samples: { from: 0, values: [1, 2, 3] },
    });
    const coarser = new WatchedVariable("c", "x", 1, 1, 0);
    expect(coarser.take(thinned)).toEqual({});
    expect(coarser.take({ values: [2], from: 0, at: [1] })).toEqual({
      samples: { from: 1, values: [2], at: [1] },
    });
  });
});
