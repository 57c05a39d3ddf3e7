/** The budget against a model that lists every reservation. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

test("never lets more through than its bounds, and has all of it back at the end", () => {
  const step = fc.record({ address: fc.constantFrom("a", "b", "c"), bytes: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(step), fc.array(fc.nat()), (steps, releases) => {
      const budget = new ByteBudget({ total: 150, perAddress: 70 });
      const held: { address: string; bytes: number }[] = [];
      const sum = (of: typeof held) => of.reduce((total, { bytes }) => total + bytes, 0);
      for (const [nth, { address, bytes }] of steps.entries()) {
        const ofAddress = sum(held.filter((each) => each.address === address));
        const fits = sum(held) + bytes <= 150 && ofAddress + bytes <= 70;
        expect(budget.reserve(address, bytes)).toBe(fits);
        if (fits) held.push({ address, bytes });
        const release = held[releases[nth] ?? Number.POSITIVE_INFINITY];
        if (release !== undefined) {
          budget.release(release.address, release.bytes);
          held.splice(held.indexOf(release), 1);
        }
        expect(budget.used).toBe(sum(held));
      }
      for (const { address, bytes } of held) budget.release(address, bytes);
      expect(budget.used).toBe(0);
      for (const address of ["a", "b"]) expect(budget.reserve(address, 70)).toBe(true);
    }),
  );
});

test("counts refusals and names the bound", () => {
  const budget = new ByteBudget({ total: 10, perAddress: 6 });
  expect(budget.exceeded("a", 6)).toBeUndefined();
  expect(budget.reserve("a", 7)).toBe(false);
  expect(budget.exceeded("a", 7)).toBe("perAddress");
  expect(budget.reserve("a", 6)).toBe(true);
  expect(budget.reserve("b", 5)).toBe(false);
  expect(budget.exceeded("b", 5)).toBe("total");
  expect([budget.refused, budget.used]).toEqual([2, 6]);
});
