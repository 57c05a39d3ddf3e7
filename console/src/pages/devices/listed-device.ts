/** A monitor as the server lists it, and whether an operator should look at it. */

/** An entry of `GET /devices?away=1`. Times in ms since 1970, by the server's clock. */
export interface ListedDevice {
  readonly monitor_id: string;
  /** Null if it is away. */
  readonly since: number | null;
  readonly last_heard: number | null;
  readonly open_commands: number;
  readonly oldest_command: {
    readonly command_id: string;
    readonly status: string;
    readonly queued_at: number;
    readonly sent_at?: number;
  } | null;
}

/**
 * `stuck`: it is connected and has not answered a command for long. `away`: it is not connected, and commands wait for it. `working`: it
 * has commands, not for long. `idle`: it has answered all.
 */
export type DeviceState = "stuck" | "away" | "working" | "idle";

/** A command that has no end after this is worth a look. */
export const stuckAfterMs = 15_000;

/** Its state when the server said so: `serverAtMs` is that time by the server's clock, since which more may have happened than is known. */
export function deviceState(
  { since, oldest_command: oldest }: ListedDevice,
  serverAtMs: number,
): DeviceState {
  if (since === null) return "away";
  if (oldest === null) return "idle";
  return serverAtMs - unansweredSince(oldest) >= stuckAfterMs ? "stuck" : "working";
}

/** Since when a command has waited: in the monitor's hands, or for the monitor. */
export function unansweredSince({
  sent_at,
  queued_at,
}: NonNullable<ListedDevice["oldest_command"]>): number {
  return sent_at ?? queued_at;
}

const order: readonly DeviceState[] = ["stuck", "away", "working", "idle"];

/** What needs a look first; those that work and those that do not have one place, so that rows stay where they are. */
export function troubledFirst(
  devices: readonly ListedDevice[],
  serverAtMs: number,
): readonly ListedDevice[] {
  const rank = (device: ListedDevice) =>
    Math.min(2, order.indexOf(deviceState(device, serverAtMs)));
  return devices
    .map((device) => ({ device, at: rank(device) }))
    .sort((a, b) => a.at - b.at)
    .map(({ device }) => device);
}
