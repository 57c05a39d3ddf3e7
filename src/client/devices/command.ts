/** What a user gives with a command, and hears of it. */
import type { CommandAcceptance, CommandResult } from "./command-record.ts";

/** How one command is to be sent. The fields are Switchboard's: an original server hands the command over at once or not at all. */
export interface CommandOptions {
  /** How long it may wait at the server for the monitor; 0: not at all. Default: the server's, 60 s unless configured. */
  readonly waitMs?: number;
  /** How long the monitor may take to answer. Default: the server's, 600 s unless configured. */
  readonly answerMs?: number;
  /** Hand it over again if the monitor drops with it in its hands: only for what may be done twice. Default false. */
  readonly retry?: boolean;
  /** The server does the same key for this monitor once, within 24 h unless configured. 1 to 200 characters; default: a new UUID. */
  readonly idempotencyKey?: string;
  /** How long it may wait here for a connection; default and most: the outbox's `maxAgeMs`. */
  readonly expiresInMs?: number;
}

/** A command that was accepted for sending. */
export interface Command {
  /** Its id in the outbox, and its idempotency_key. */
  readonly id: string;
  readonly text: string;
  /** Resolves when a crash can no longer lose it; at once without a durable store. Rejects if it could not be stored. */
  readonly stored: Promise<void>;
  /** Resolves when the server has it, or never will. Never rejects. */
  readonly accepted: Promise<CommandAcceptance>;
  /** Resolves when it has ended, as far as that can be known. Never rejects. */
  readonly result: Promise<CommandResult>;
}

/** A command that has no end yet. */
export interface OpenCommand {
  readonly id: string;
  readonly text: string;
  readonly commandId?: string;
  /** `waiting` in the outbox, `written` to the server, `accepted` by it. */
  readonly status: "waiting" | "written" | "accepted";
}

/** What the server said about a command. */
export interface CommandNews {
  /** Of this client's commands, those of an earlier run that the durable outbox had kept included: its id. Undefined: another user's. */
  readonly id?: string;
  readonly text?: string;
  readonly commandId?: string;
  /** It had expired before. */
  readonly late: boolean;
}
