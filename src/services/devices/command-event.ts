/** What the log keeps about commands: one event for each step of a life. The subject is the monitor. */

/** The server has the command. */
export interface Queued {
  readonly type: "queued";
  readonly command_id: string;
  readonly command: string;
  /** Id of the connection that hears of it; null: it came over HTTP. */
  readonly sender: string | null;
  readonly wait_ms: number;
  readonly answer_ms: number;
  /** How often it may be handed over again. */
  readonly retries: number;
  readonly idempotency_key?: string;
}

/** It is about to be handed over, to this connection of this node's session. */
export interface Sent {
  readonly type: "sent";
  readonly command_id: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly connection: string;
  readonly session: string;
}

/** The monitor's word, or ours, that it was not done. */
interface Failed {
  readonly type: "failed";
  readonly command_id: string;
  readonly reason: string;
}

/**
 * `done`: the monitor did it. `expired`: its time was over. `cancelled`: taken back before it was sent. `dropped`: the
 * monitor has gone with it in its hands; it waits for the next `con`, or, expired already, is no longer waited for.
 */
interface Ended {
  readonly type: "done" | "expired" | "cancelled" | "dropped";
  readonly command_id: string;
}

export type CommandEvent = Queued | Sent | Failed | Ended;

export function printEvent(event: CommandEvent): string {
  return JSON.stringify(event);
}

/** The event; undefined for a text that is none. What `printEvent` wrote is not looked at again in detail. */
export function parseEvent(data: string): CommandEvent | undefined {
  try {
    const event: unknown = JSON.parse(data);
    return typeof event === "object" && event !== null && "type" in event && "command_id" in event
      ? (event as CommandEvent)
      : undefined;
  } catch {
    return undefined;
  }
}
