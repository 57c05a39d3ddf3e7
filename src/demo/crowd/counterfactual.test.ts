import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";
import { counterfactualOf, rankingOf } from "./counterfactual.ts";
import { readSentences } from "./sentences.ts";

describe("counterfactualOf", () => {
  it("makes another sentence of every one in the file, and several of each", async () => {
    for (const { original } of await readSentences()) {
      const random = new Random(original);
      const versions = new Set(
        Array.from({ length: 40 }, () => counterfactualOf(original, random)),
      );
      expect(versions.has(original)).toBe(false);
      expect(versions.size).toBeGreaterThan(3);
    }
  });

  it("keeps a capital letter", () => {
    const versions = new Set(
      Array.from({ length: 100 }, (_, nth) =>
        counterfactualOf("Two men rest.", new Random(`${nth}`)),
      ),
    );
    expect(versions).toContain("Three men rest.");
    expect(versions).toContain("Two women rest.");
  });
});

describe("rankingOf", () => {
  it("gives each index once", () => {
    const ranking = rankingOf(["a", "b", "c", "d"], new Random("rank"));
    expect([...ranking].sort()).toEqual([0, 1, 2, 3]);
  });
});
