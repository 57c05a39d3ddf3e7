/** What has arrived and was not read yet. Wire tests wait here, each time with a deadline. */

/** How long a test waits for one event, unless told otherwise. Far above what is ever needed on a busy machine. */
const defaultDeadlineMs = 15_000;

/** An unbounded queue with one reader at a time. Errors name what was awaited and what came last. */
export class Inbox<T> {
  readonly #what: string;
  readonly #unread: T[] = [];
  readonly #lastRead: T[] = [];
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  /** `what`: what arrives here, for the errors ("frame of dan"). */
  constructor(what: string) {
    this.#what = what;
  }

  push(item: T): void {
    this.#unread.push(item);
    this.#wake?.();
  }

  /** Nothing will come any more; `why` goes into the error of whoever waits. */
  end(why: string): void {
    this.#ended ??= why;
    this.#wake?.();
  }

  /** What arrived and was not read, oldest first. */
  get unread(): readonly T[] {
    return this.#unread;
  }

  /** The oldest unread item; waits for it if there is none. */
  async next(deadlineMs = defaultDeadlineMs): Promise<T> {
    if (this.#unread.length === 0 && this.#ended === undefined) await this.#arrival(deadlineMs);
    const item = this.#unread.shift();
    if (item === undefined)
      throw new Error(
        `no ${this.#what}: ${this.#ended ?? `none within ${deadlineMs} ms`}; ${this.#story()}`,
      );
    this.#lastRead.push(item);
    if (this.#lastRead.length > 5) this.#lastRead.shift();
    return item;
  }

  /** Reads on until an item that matches, and returns that. */
  async until(matches: (item: T) => boolean, deadlineMs = defaultDeadlineMs): Promise<T> {
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      const item = await this.next(Math.max(1, endMs - performance.now()));
      if (matches(item)) return item;
    }
  }

  async #arrival(deadlineMs: number): Promise<void> {
    if (this.#wake !== undefined) throw new Error(`two readers wait for a ${this.#what} at once`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #story(): string {
    return `read before: ${
      this.#lastRead.length === 0
        ? "nothing"
        : this.#lastRead
            .map((item) => JSON.stringify(item))
            .join(" ")
            .slice(-1000)
    }`;
  }
}

/** Rejects if `promise` has not settled by the deadline, naming `what`. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  deadlineMs = defaultDeadlineMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), deadlineMs);
  });
  const first = await Promise.race([promise.then((value) => ({ value })), late]).finally(() =>
    clearTimeout(timer),
  );
  if (first === "late") throw new Error(`${what}: not within ${deadlineMs} ms`);
  return first.value;
}

/**
 * Asks again and again until `holds` is true of the answer, and returns that answer. For what the server shows over HTTP but tells
 * nobody; where an event comes, wait for the event instead.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  deadlineMs = defaultDeadlineMs,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > endMs)
      throw new Error(
        `${what}: not within ${deadlineMs} ms; the last answer was ${JSON.stringify(answer)?.slice(-500)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
