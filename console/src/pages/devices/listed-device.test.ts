/** Which device an operator should look at. */
import { expect, it } from "vitest";
import { clockLead } from "../../parts/clock-lead.ts";
import { deviceState, type ListedDevice, stuckAfterMs, troubledFirst } from "./listed-device.ts";

const nowMs = 1_000_000;

function device(
  monitor_id: string,
  sentAgoMs?: number,
  changes: Partial<ListedDevice> = {},
): ListedDevice {
  const oldest =
    sentAgoMs === undefined
      ? null
      : {
          command_id: "c",
          status: "sent",
          queued_at: nowMs - sentAgoMs - 60_000,
          sent_at: nowMs - sentAgoMs,
        };
  return {
    monitor_id,
    since: 1,
    last_heard: nowMs,
    open_commands: sentAgoMs === undefined ? 0 : 1,
    oldest_command: oldest,
    ...changes,
  };
}

it.each([
  ["idle", device("a")],
  ["working", device("a", stuckAfterMs - 1)],
  ["stuck", device("a", stuckAfterMs)],
  ["away", device("a", stuckAfterMs, { since: null })],
])("%s", (state, listed) => {
  expect(deviceState(listed, nowMs)).toBe(state);
});

it("lists stuck ones first, then those that are away, and leaves the others in their order", () => {
  const devices = [
    device("a", 1),
    device("b"),
    device("c", 0, { since: null }),
    device("d", stuckAfterMs),
    device("e", 1),
  ];
  expect(troubledFirst(devices, nowMs).map(({ monitor_id }) => monitor_id)).toEqual([
    "d",
    "c",
    "a",
    "b",
    "e",
  ]);
});

it("is judged alike by a browser whose clock is wrong", () => {
  for (const browserAtMs of [nowMs - 3_600_000, nowMs, nowMs + 20_000]) {
    const serverAtMs = browserAtMs - clockLead(0, browserAtMs, nowMs - 500);
    expect(deviceState(device("a", 5000), serverAtMs)).toBe("working");
    expect(deviceState(device("a", stuckAfterMs), serverAtMs)).toBe("stuck");
  }
});
