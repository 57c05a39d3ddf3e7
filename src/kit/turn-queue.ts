/** Shares out the turns of the event loop among long jobs, so that other work runs between them. */

/** Units of work (about a character read or written) for all jobs together in one turn. */
const defaultUnitsPerTurn = 128 << 10;

/**
 * Long jobs do their work in slices and ask before each one. In one turn of the event loop only as
 * many slices run as fit into `unitsPerTurn`, whoever they belong to, in the order of asking; at
 * least one does. So a hundred long jobs hold the loop no longer than one, and all make progress.
 */
export class TurnQueue {
  readonly #unitsPerTurn: number;
  readonly #schedule: (run: () => void) => void;
  #waiting: { readonly units: number; resolve(): void }[] = [];
  /** Jobs at the beginning of `#waiting` that have resumed. */
  #resumed = 0;
  /** Units of the present turn. */
  #used = 0;
  #scheduled = false;

  /** `schedule` calls back in a later turn; the default is setImmediate. */
  constructor(
    unitsPerTurn: number = defaultUnitsPerTurn,
    schedule: (run: () => void) => void = setImmediate,
  ) {
    this.#unitsPerTurn = unitsPerTurn;
    this.#schedule = schedule;
  }

  /** Number of jobs that wait. */
  get length(): number {
    return this.#waiting.length - this.#resumed;
  }

  /**
   * Asks for a slice of so many units. Returns undefined if it may run now; else a promise of the
   * turn in which it may.
   */
  take(units: number): Promise<void> | undefined {
    if (this.length === 0 && this.#fits(units)) {
      this.#spend(units);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ units, resolve });
      this.#wake();
    });
  }

  /** Notes work of this turn that was not asked for, because its extent was not known before. */
  spent(units: number): void {
    this.#spend(units);
  }

  #fits(units: number): boolean {
    return this.#used === 0 || this.#used + units <= this.#unitsPerTurn;
  }

  #spend(units: number): void {
    this.#used += units;
    this.#wake();
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    this.#used = 0;
    for (;;) {
      const next = this.#waiting[this.#resumed];
      if (next === undefined || !this.#fits(next.units)) break;
      this.#resumed++;
      this.#spend(next.units);
      next.resolve();
    }
    if (this.length > 0 && this.#resumed < 1000) return;
    this.#waiting = this.#waiting.slice(this.#resumed);
    this.#resumed = 0;
  };
}
