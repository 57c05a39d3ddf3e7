/** How many commands may be without an end, and when one more is refused. */
import { SwitchboardError } from "../../kit/index.ts";
import type { CommandBook } from "./command-book.ts";
import type { Queued } from "./command-event.ts";
import type { DevicesConfig } from "./config.ts";

/** The bounds, from the config. */
type Bounds = Pick<DevicesConfig, "maxQueued" | "maxCommands" | "maxHeldLength">;

/**
 * Why this command cannot be taken now; undefined if it can. `alsoQueued`: how many of the monitor are being stored with it. What other
 * nodes are storing is not known: over all, each may go so much beyond a bound.
 */
export function refusal(
  book: CommandBook,
  bounds: Bounds,
  subject: string,
  { command }: Queued,
  alsoQueued: number,
): SwitchboardError | undefined {
  const { maxQueued, maxCommands, maxHeldLength } = bounds;
  if (queuedIn(book, subject) + alsoQueued >= maxQueued) {
    return overCapacity(`${maxQueued} commands wait for this monitor (services.devices.maxQueued)`);
  }
  if (book.size + alsoQueued >= maxCommands) {
    return overCapacity(`${maxCommands} commands have no end yet (services.devices.maxCommands)`);
  }
  if (book.heldLength + command.length > maxHeldLength) {
    return overCapacity(
      `${maxHeldLength} characters of commands wait already (services.devices.maxHeldLength)`,
    );
  }
  return undefined;
}

function queuedIn(book: CommandBook, subject: string): number {
  let count = 0;
  for (const { life } of book.monitor(subject)?.commands.values() ?? [])
    if (life.status === "queued") count++;
  return count;
}

function overCapacity(why: string): SwitchboardError {
  return new SwitchboardError("over_capacity", `over_capacity: ${why}: try again later`);
}
