/** One command of a user, from the call to its end. */
import type { Outcome } from "../outcome.ts";

/**
 * What became of a command.
 * `done`, `failed`: the monitor's word (`failed` also: it went away with the command in its hands). `expired`: its time at the server was over;
 * what the monitor says later still comes as an event with `late`. `cancelled`: taken back before the monitor got it. `refused`: the server did not take it.
 * `unsent`: it never left: its time in the outbox was over, newer ones needed the room, or the connection ended. `kept`: the same, and the
 * durable outbox has it for the next run. `unknown`: the connection was lost and there is no way to find out; it may have been done or not.
 */
export interface CommandResult {
  readonly status:
    | "done"
    | "failed"
    | "expired"
    | "cancelled"
    | "refused"
    | "unsent"
    | "kept"
    | "unknown";
  /** Why it was not done. */
  readonly reason?: string;
  /** It was answered after it had expired. */
  readonly late?: true;
  /** The server's id of it. Without one the answer was matched by its order, as an original server allows no better. */
  readonly commandId?: string;
}

/** Whether the server has it. */
export interface CommandAcceptance {
  /** `acked`: the server has answered, with `command ok` or (see the result) a refusal. */
  readonly outcome: Outcome;
  readonly commandId?: string;
}

/** What a record is made of. */
export interface CommandRecordParts {
  /** Its id in the outbox, and its idempotency_key. */
  readonly id: string;
  /** Of `command send`. */
  readonly payload: { readonly command: string };
  /** ms since 1970. */
  readonly sinceMs: number;
}

/** Both promises resolve once and never reject. */
export class CommandRecord {
  readonly id: string;
  readonly payload: { readonly command: string };
  readonly sinceMs: number;
  readonly accepted: Promise<CommandAcceptance>;
  readonly result: Promise<CommandResult>;
  /** It has been handed to a socket, at least once. */
  isWritten = false;
  #resolveAccepted: (acceptance: CommandAcceptance) => void = () => {};
  #resolveResult: (result: CommandResult) => void = () => {};
  #commandId: string | undefined;
  #isAccepted = false;
  #isOver = false;

  constructor({ id, payload, sinceMs }: CommandRecordParts) {
    this.id = id;
    this.payload = payload;
    this.sinceMs = sinceMs;
    this.accepted = new Promise((resolve) => {
      this.#resolveAccepted = resolve;
    });
    this.result = new Promise((resolve) => {
      this.#resolveResult = resolve;
    });
  }

  /** As the server calls it; undefined until it has said so. */
  get commandId(): string | undefined {
    return this.#commandId;
  }

  /** The server has taken it. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  accept(commandId: string | undefined): void {
    this.#isAccepted = true;
    this.#commandId = commandId;
    this.#resolveAccepted({ outcome: "acked", ...this.#idField });
  }

  /** `outcome`: what became of the message, where the server has not accepted it. */
  end(result: Omit<CommandResult, "commandId">, outcome: Outcome = "acked"): void {
    this.#isOver = true;
    this.#resolveAccepted({ outcome });
    this.#resolveResult({ ...result, ...this.#idField });
  }

  get #idField(): { readonly commandId?: string } {
    return this.#commandId === undefined ? {} : { commandId: this.#commandId };
  }
}
