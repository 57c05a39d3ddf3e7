/** What the page knows of the server's clock. */
import { expect, it } from "vitest";
import { ServerClock } from "./server-clock.ts";

it("tells of a lead once, and again when a clock was set", () => {
  const clock = new ServerClock();
  const told: number[] = [];
  const leave = clock.subscribe(() => told.push(clock.leadMs()));
  for (const [browserAtMs, serverAtMs] of [
    [1000, undefined],
    [3_600_500, 0],
    [3_601_900, 1000],
    [5000, 4500],
  ] as const)
    clock.heard(browserAtMs, serverAtMs);
  expect(told).toEqual([3_600_000, 0]);
  leave();
  clock.heard(3_600_500, 0);
  expect([told.length, clock.leadMs()]).toEqual([2, 3_600_000]);
});
