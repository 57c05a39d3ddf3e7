/** What ends a command before its time: a signal, and output that is lost because nobody reads it any more (`| head`) or the disk is full. */
export class Ending {
  readonly #interrupted = new AbortController();
  readonly #unread = new AbortController();
  #waitsForInterruption = false;
  #waitsForUnread = false;
  #code: number | undefined;
  #failed = false;
  #leaveWithinMs: number | undefined;

  /** One for the process, before anything is written. */
  constructor() {
    process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => this.#resultsLost(code));
    process.stderr.on("error", () => this.#remarksLost());
  }

  /**
   * Aborted at the first SIGINT or SIGTERM, and when standard error is lost; from the first call on those do not end the process, but a second
   * signal does.
   */
  interrupted(): AbortSignal {
    const { signal } = this.#interrupted;
    if (!this.#waitsForInterruption) {
      for (const name of ["SIGINT", "SIGTERM"] as const) {
        process.on(name, () => {
          if (signal.aborted) process.exit(1);
          this.#interrupted.abort();
        });
      }
    }
    this.#waitsForInterruption = true;
    return signal;
  }

  /** Aborted when standard output or standard error is lost; from the first call on that does not end the process. */
  unread(): AbortSignal {
    this.#waitsForUnread = true;
    return this.#unread.signal;
  }

  /** From here on, `leave` waits no longer than this for output to be read. */
  leaveWithin(ms: number): void {
    this.#leaveWithinMs = ms;
  }

  /** The command is over: ends the process when what was printed has left, also where it goes into a pipe. */
  leave(code: number): void {
    this.#code = code;
    if (this.#leaveWithinMs !== undefined)
      setTimeout(() => process.exit(this.#failed ? 1 : code), this.#leaveWithinMs).unref();
    // An error of the last write is told after its end.
    process.stdout.write("", () => setImmediate(() => process.exit(this.#failed ? 1 : code)));
  }

  /** That nobody wants more of the results is no failure. */
  #resultsLost(errorCode: string | undefined): void {
    if (errorCode !== "EPIPE") this.#failed = true;
    if (this.#waitsForUnread) this.#unread.abort();
    else process.exit(this.#failed ? 1 : (this.#code ?? 0));
  }

  /** A command that is at something brings it to its end; whether one that cannot has done what it should, nobody would hear. */
  #remarksLost(): void {
    if (this.#waitsForUnread) this.#unread.abort();
    else if (this.#waitsForInterruption) this.#interrupted.abort();
    else if (this.#code === undefined) process.exit(1);
  }
}
