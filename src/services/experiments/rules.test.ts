/** Posts that repeat themselves, against models: no sample lost, none doubled, also when a post was stored in part. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterStoring, type Bounds, newSpans, type Run } from "./rules.ts";

/** One variable's store, which keeps what `newSpans` says is new. A post may be interrupted after some pieces. */
class Store {
  readonly values: number[] = [];
  run: Run | undefined;

  /** `pieces`: how many values are stored at a time; `interruptAfter`: so many pieces are stored, then the process dies. */
  post(
    bounds: Bounds,
    list: readonly number[],
    pieces = Number.POSITIVE_INFINITY,
    interruptAfter = Number.POSITIVE_INFINITY,
  ): void {
    let stored = 0;
    for (const span of newSpans(this.run, bounds, list.length)) {
      for (let from = span.from; from < span.to; from += pieces) {
        if (stored++ >= interruptAfter) return;
        const to = Math.min(from + pieces, span.to);
        this.values.push(...list.slice(from, to));
        this.run = afterStoring(this.run, bounds, list.length, { from, to });
      }
    }
  }
}

/** The value of an iteration is its number. */
function iterations({ first, last }: Bounds): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

const bounds = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([first, more]) => ({ first, last: first + more }));

describe("the rule as it is written", () => {
  /** All posts of a run begin at its first iteration, or behind it; none leaves a hole. */
  const posts = fc.array(
    fc.tuple(fc.boolean(), fc.nat({ max: 100 }), fc.integer({ min: 0, max: 10 })),
    { maxLength: 30 },
  );

  it("drops as many leading values as are stored, or storedLast − first + 1", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), posts, (start, steps) => {
        const store = new Store();
        const model: number[] = [];
        let last = start - 1;
        for (const [cumulative, back, more] of steps) {
          const first = cumulative ? start : Math.max(start, last + 1 - back);
          const post = { first, last: Math.max(first, first + more, cumulative ? last + more : 0) };
          const list = iterations(post);
          const drop =
            model.length === 0 || first > last
              ? 0
              : first === start
                ? model.length
                : last - first + 1;
          model.push(...list.slice(drop));
          last = Math.max(last, post.last);
          store.post(post, list);
        }
        expect(store.values).toEqual(model);
      }),
      { numRuns: 2000 },
    );
  });

  it("counts values where they are not one for each iteration", () => {
    const store = new Store();
    // A variable that appeared in the fourth iteration, and whose list is never cleared.
    store.post({ first: 1, last: 6 }, [4, 5, 6]);
    store.post({ first: 1, last: 9 }, [4, 5, 6, 7, 8, 9]);
    store.post({ first: 1, last: 6 }, [4, 5, 6]);
    expect(store.values).toEqual([4, 5, 6, 7, 8, 9]);
    // And one that is sampled in every tenth, without repeating.
    const thin = new Store();
    thin.post({ first: 1, last: 30 }, [10, 20, 30]);
    thin.post({ first: 31, last: 60 }, [40, 50, 60]);
    thin.post({ first: 31, last: 60 }, [40, 50, 60]);
    expect(thin.values).toEqual([10, 20, 30, 40, 50, 60]);
  });
});

describe("stored in part, sent again", () => {
  it("whatever was interrupted wherever, and however late it comes again: each iteration once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(bounds, fc.integer({ min: 1, max: 7 }), fc.nat({ max: 4 })), {
          maxLength: 12,
        }),
        fc.infiniteStream(fc.nat()),
        (posts, order) => {
          const store = new Store();
          for (const [post, pieces, interruptAfter] of posts)
            store.post(post, iterations(post), pieces, interruptAfter);
          // Each is sent again until it is acknowledged, in any order.
          const again = posts
            .map((post) => [order.next().value, post] as const)
            .sort(([a], [b]) => a - b);
          for (const [, [post, pieces]] of again) store.post(post, iterations(post), pieces);
          const wanted = [...new Set(posts.flatMap(([post]) => iterations(post)))].sort(
            (a, b) => a - b,
          );
          expect([...store.values].sort((a, b) => a - b)).toEqual(wanted);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("of a cumulative publisher: the order is kept, whatever was interrupted", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 1, max: 10 }),
            fc.integer({ min: 1, max: 7 }),
            fc.nat({ max: 4 }),
            fc.boolean(),
          ),
          {
            maxLength: 12,
          },
        ),
        fc.boolean(),
        (posts, late) => {
          const store = new Store();
          let last = 0;
          for (const [more, pieces, interruptAfter, retries] of posts) {
            last += more;
            // One value more than iterations (`late`: fewer), so that none can be told by its place.
            const list = iterations({ first: late ? 4 : 0, last });
            store.post({ first: 1, last }, list, pieces, interruptAfter);
            if (retries) store.post({ first: 1, last }, list, pieces);
          }
          const all = iterations({ first: late ? 4 : 0, last });
          store.post({ first: 1, last }, all);
          expect(store.values).toEqual(posts.length === 0 ? store.values : all);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("of a list that has no value for some iterations: it goes on where it was interrupted", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 1, max: 9 }),
            fc.integer({ min: 1, max: 4 }),
            fc.nat({ max: 5 }),
          ),
          { maxLength: 12 },
        ),
        (posts) => {
          const store = new Store();
          const all: number[] = [];
          for (const [nth, [length, pieces, interruptAfter]] of posts.entries()) {
            const post = { first: nth * 10 + 1, last: nth * 10 + 10 };
            const list = Array.from({ length }, (_, at) => nth * 10 + at);
            all.push(...list);
            store.post(post, list, pieces, interruptAfter);
            store.post(post, list, pieces);
            store.post(post, list);
          }
          expect(store.values).toEqual(all);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

it("remembers a bounded number of holes; beyond it the oldest count as stored", () => {
  const store = new Store();
  for (let at = 1; at <= 2000; at += 2) store.post({ first: at, last: at }, [at]);
  expect(store.values).toHaveLength(1000);
  expect(store.run?.ranges.length).toBeLessThanOrEqual(16);
  store.post({ first: 2, last: 2 }, [2]);
  store.post({ first: 1998, last: 1998 }, [1998]);
  expect(store.values.slice(1000)).toEqual([1998]);
});
