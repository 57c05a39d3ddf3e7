/** What a monitor has done with the commands that have an id, so that none is done twice. */

/** So many are remembered. */
const maxRemembered = 1000;

/** A monitor's word about a command. */
export interface CommandAnswer {
  /** Why it was not done; undefined: it was. */
  readonly failure: string | undefined;
}

/** The oldest of more than 1,000 is forgotten. */
export class AnsweredCommands {
  readonly #byId = new Map<string, CommandAnswer>();

  /** Undefined for one that has no answer yet, or is forgotten. */
  get(commandId: string): CommandAnswer | undefined {
    return this.#byId.get(commandId);
  }

  add(commandId: string, answer: CommandAnswer): void {
    this.#byId.set(commandId, answer);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > maxRemembered && oldest !== undefined) this.#byId.delete(oldest);
  }
}
