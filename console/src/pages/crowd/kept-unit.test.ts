import { expect, it } from "vitest";
import { keptIn } from "./kept-unit.ts";

it("reads what was kept, and nothing else", () => {
  const kept = { worker: "ann", study: "s", registrationId: "r" };
  expect(keptIn(JSON.stringify(kept))).toEqual(kept);
  expect(keptIn('{"worker":"ann"}')).toEqual({
    worker: "ann",
    study: undefined,
    registrationId: undefined,
  });
  expect([
    keptIn(null),
    keptIn("no json"),
    keptIn("null"),
    keptIn('{"worker":7}'),
    keptIn('{"worker":""}'),
  ]).toEqual(Array(5).fill(undefined));
});
