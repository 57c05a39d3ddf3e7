/** One inspection by itself: what it must take from the inspected. */
import { expect, it } from "vitest";
import { type Connection, systemClock } from "../../kit/index.ts";
import { Inspection } from "./inspection.ts";

it("tells that a payload is nested too deep, and goes on", () => {
  const told: string[] = [];
  const inspection = new Inspection({
    inspected: { id: "c" } as Connection,
    namesEvents: true,
    console: { unsentBytes: 0 },
    clock: systemClock,
    framesPerSecond: 200,
    tell: ({ text }) => told.push(text),
    ended: () => {},
  });
  // As a client's parser makes it of 40 kB: JSON.parse takes it, JSON.stringify does not.
  inspection.event("command", JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`), 40_000);
  inspection.event("command", { command: "open" }, 20);
  expect(told).toEqual(['"[nested too deep to be shown]"', '["command",{"command":"open"}]']);
});
