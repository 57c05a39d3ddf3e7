/** Which command a key was first used for, and what became of it. Bounded in time and number. */

/** What the users of a command are told at its end. */
export interface Outcome {
  readonly done: boolean;
  /** Why not; empty where it was done. */
  readonly reason: string;
  readonly late: boolean;
}

export interface KeyEntry {
  readonly commandId: string;
  readonly timeMs: number;
  /** Undefined while nothing was told but `command ok`. */
  readonly outcome: Outcome | undefined;
}

/** Bounds of the memory. */
export interface KeyBounds {
  readonly idempotencyMs: number;
  readonly maxIdempotencyKeys: number;
}

/** Keys are those of one monitor: another's may be spelled alike. The oldest is forgotten first. */
export class IdempotencyKeys {
  readonly #bounds: KeyBounds;
  /** In the order of first use. */
  readonly #entries = new Map<string, KeyEntry>();

  constructor(bounds: KeyBounds) {
    this.#bounds = bounds;
  }

  get(subject: string, key: string, nowMs: number): KeyEntry | undefined {
    const entry = this.#entries.get(nameOf(subject, key));
    return entry === undefined || this.#isOld(entry, nowMs) ? undefined : entry;
  }

  add(subject: string, key: string, commandId: string, timeMs: number): void {
    const name = nameOf(subject, key);
    this.#entries.delete(name);
    this.#entries.set(name, { commandId, timeMs, outcome: undefined });
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#bounds.maxIdempotencyKeys && !this.#isOld(entry, timeMs))
        break;
      this.#entries.delete(oldest);
    }
  }

  /** What became of the command, if its key is still remembered. */
  end(subject: string, key: string, commandId: string, outcome: Outcome): void {
    const name = nameOf(subject, key);
    const entry = this.#entries.get(name);
    if (entry?.commandId === commandId) this.#entries.set(name, { ...entry, outcome });
  }

  #isOld({ timeMs }: KeyEntry, nowMs: number): boolean {
    return nowMs - timeMs > this.#bounds.idempotencyMs;
  }
}

/** A subject has no space. */
function nameOf(subject: string, key: string): string {
  return `${subject} ${key}`;
}
