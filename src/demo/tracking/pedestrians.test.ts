import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";
import { nearest, Pedestrians, views } from "./pedestrians.ts";

const stepS = 0.1;
const steps = 3000;

/** Lets five minutes pass, and calls `look` with each view's sights at each step. */
function watch(
  seed: string,
  look: (view: number, sights: ReturnType<Pedestrians["seenFrom"]>) => void,
): Pedestrians {
  const pedestrians = new Pedestrians(new Random(seed));
  for (let step = 0; step < steps; step++) {
    pedestrians.advance(stepS);
    for (let view = 0; view < views; view++) look(view, pedestrians.seenFrom(view));
  }
  return pedestrians;
}

describe("Pedestrians", () => {
  it("walk from view to view, one at a time, and never come back", () => {
    const paths = new Map<number, number[]>();
    const present = new Set<number>();
    watch("paths", (view, sights) => {
      if (view === 0) present.clear();
      for (const { pedestrian } of sights) {
        expect(present.has(pedestrian), "seen in two views at once").toBe(false);
        present.add(pedestrian);
        const path = paths.get(pedestrian) ?? [];
        if (path.at(-1) !== view) path.push(view);
        paths.set(pedestrian, path);
      }
    });
    expect(paths.size).toBeGreaterThan(30);
    for (const path of paths.values())
      expect(
        ["0,1,2", "2,1,0"].some((whole) => whole.includes(path.join(","))),
        path.join(),
      ).toBe(true);
    expect([...paths.values()].filter((path) => path.length === views).length).toBeGreaterThan(20);
  });

  it("have boxes within the frame, and are never more than fit", () => {
    watch("boxes", (_, sights) => {
      expect(sights.length).toBeLessThanOrEqual(6);
      for (const { rect } of sights) {
        const [left, top, right, bottom] = rect;
        expect(
          left >= 0 && right <= 1 && top >= 0 && bottom <= 1 && left < right && top < bottom,
          rect.join(),
        ).toBe(true);
      }
    });
  });

  it("are recognised by how they looked once, and not taken for somebody else", () => {
    const known = new Map<number, readonly number[]>();
    let right = 0;
    let wrong = 0;
    let missed = 0;
    watch("looks", (_, sights) => {
      for (const { pedestrian, features } of sights) {
        if (!known.has(pedestrian)) known.set(pedestrian, features);
        const found = nearest(features, known);
        if (found === pedestrian) right++;
        else if (found === undefined) missed++;
        else wrong++;
      }
    });
    expect(right).toBeGreaterThan(5000);
    expect({ wrong, missed }).toEqual({ wrong: 0, missed: 0 });
  });

  it("are not recognised by those who know only others", () => {
    const known = new Map([[1, Array.from({ length: 16 }, (_, nth) => (nth === 0 ? 1 : 0))]]);
    expect(
      nearest(
        Array.from({ length: 16 }, (_, nth) => (nth === 1 ? 1 : 0)),
        known,
      ),
    ).toBe(undefined);
  });

  it("walk the same way for the same seed", () => {
    const seen: string[][] = [[], []];
    for (const run of seen) watch("same", (_, sights) => run.push(JSON.stringify(sights)));
    expect(seen[0]).toEqual(seen[1]);
  });
});
