/** What really became of the commands in the monitors' hands: the monitors write it down, the users compare what they are told. */

/** What a monitor did with a command. */
export type Fate =
  | { readonly did: "done" }
  | { readonly did: "error"; readonly reason: string }
  | { readonly did: "dropped" };

/** How many fates are remembered; users compare at once. */
const maxFates = 10_000;

/** By command_id. */
export class CommandFates {
  readonly #fates = new Map<string, Fate>();

  /** The last word of a monitor on a command; it forgets the oldest. */
  write(commandId: string, fate: Fate): void {
    this.#fates.delete(commandId);
    this.#fates.set(commandId, fate);
    const [oldest] = this.#fates.keys();
    if (this.#fates.size > maxFates && oldest !== undefined) this.#fates.delete(oldest);
  }

  /** Undefined if no monitor has had the command in its hands to the end. */
  of(commandId: string): Fate | undefined {
    return this.#fates.get(commandId);
  }
}
