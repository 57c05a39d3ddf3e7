/** Which of a user's commands an answer is about. */
import type { CommandRecord } from "./command-record.ts";

/** So many ended commands are remembered, for answers that come late. */
const maxEnded = 1000;

/**
 * `command ok` and refusals come in the order of writing, on one socket. Ends are matched by command_id where the server gives one, else to the
 * oldest command that is accepted and has no end. Knows as many open commands as it is given: who adds them bounds them.
 */
export class CommandLedger {
  /** Without an end, in the order of sending. */
  readonly #open = new Map<string, CommandRecord>();
  /** Open or ended, by command_id. */
  readonly #byCommandId = new Map<string, CommandRecord>();
  readonly #ended: string[] = [];
  /** Written to the present socket, and not yet answered. */
  #unanswered: CommandRecord[] = [];

  /** Number of commands without an end. */
  get size(): number {
    return this.#open.size;
  }

  open(): readonly CommandRecord[] {
    return [...this.#open.values()];
  }

  get(id: string): CommandRecord | undefined {
    return this.#open.get(id);
  }

  add(record: CommandRecord): void {
    this.#open.set(record.id, record);
  }

  /** It has ended. What the server says of it later still finds it, for a while. */
  remove(record: CommandRecord): void {
    this.#open.delete(record.id);
    if (record.commandId === undefined) return;
    this.#ended.push(record.commandId);
    const oldest = this.#ended.length > maxEnded ? this.#ended.shift() : undefined;
    if (oldest !== undefined) this.#byCommandId.delete(oldest);
  }

  /** A new socket: nothing has been written to it. */
  newSocket(): void {
    this.#unanswered = [];
  }

  written(record: CommandRecord): void {
    record.isWritten = true;
    this.#unanswered.push(record);
  }

  /** The one that a `command ok` is about; undefined if none waits for one. */
  takeAnswered(commandId: string | undefined): CommandRecord | undefined {
    const record = this.#unanswered.shift();
    if (record !== undefined && commandId !== undefined) this.#byCommandId.set(commandId, record);
    return record;
  }

  /** The one that has ended: `commandId`, or without one the oldest. */
  ended(commandId: string | undefined): CommandRecord | undefined {
    if (commandId !== undefined) return this.#byCommandId.get(commandId);
    for (const record of this.#open.values()) if (record.isAccepted) return record;
    return undefined;
  }
}
