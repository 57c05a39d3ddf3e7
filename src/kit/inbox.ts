/** What is to be done for one connection, one thing after another, in fair turns. */
import type { Link } from "./link.ts";
import type { Turn } from "./turn.ts";

/** Handling one message. */
type Task = () => void | Promise<void>;

/** What an inbox needs of its connection. */
interface InboxParts {
  readonly link: Pick<Link, "pause" | "resume">;
  readonly turn: Turn;
  /** So many tasks may wait for the running one. */
  readonly maxInbox: number;
  /** A task threw or rejected; the next one is run all the same. Must not throw. */
  failed(error: unknown): void;
}

/** Reading pauses while so many tasks (or `maxInbox`, if that is less) wait for the running one. */
const pauseAt = 64;

/** So many tasks of one connection are run in one turn; before the others, everybody else has a turn. */
const tasksPerTurn = 32;

/**
 * A task is begun when the one before has ended (its promise has settled). At most 32 of one connection are run in one turn of the
 * event loop where the transport can pause reading: a flood of one does not keep the others waiting. Where it cannot (Socket.IO), what
 * is left would pile up here instead of in the peer's socket, so there is no such bound.
 */
export class Inbox {
  readonly #parts: InboxParts;
  #waiting: Task[] | undefined;
  #busy = false;
  #paused = false;
  #turnNumber = -1;
  #ranInTurn = 0;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** True while nothing is read from the socket, because tasks wait for the running one. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** True if `maxInbox` tasks wait although reading cannot pause: the next message is one too many. */
  get isFull(): boolean {
    return (this.#waiting?.length ?? 0) >= this.#parts.maxInbox && !this.#paused;
  }

  /** Runs a task, now or when all before it have ended. */
  run(task: Task): void {
    if (!this.#busy) {
      this.#work(task);
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push(task);
    const { link, maxInbox } = this.#parts;
    if (
      !this.#paused &&
      this.#waiting.length >= Math.min(pauseAt, maxInbox) &&
      link.pause !== undefined
    ) {
      this.#paused = true;
      link.pause();
    }
  }

  /** Drops what waits; the running task goes on. */
  clear(): void {
    this.#waiting = undefined;
  }

  /** Goes on with the tasks that had to wait for the end of the turn. Called by the turn. */
  flush(): void {
    this.#work(this.#take());
  }

  /** Works through the tasks, starting with `first`, until none is left or one has to be waited for. */
  #work(first: Task | undefined): void {
    this.#busy = true;
    for (let task = first; task !== undefined; task = this.#take()) {
      if (!this.#hasTurn()) {
        this.#waiting ??= [];
        this.#waiting.unshift(task);
        this.#parts.turn.add(this);
        return;
      }
      try {
        const running = task();
        if (running instanceof Promise) {
          running
            .catch((error: unknown) => this.#parts.failed(error))
            .then(() => this.#work(this.#take()));
          return;
        }
      } catch (error) {
        this.#parts.failed(error);
      }
    }
    this.#busy = false;
  }

  /** Counts a task; false if there were enough of this connection in this turn. */
  #hasTurn(): boolean {
    const { link, turn } = this.#parts;
    if (link.pause === undefined) return true;
    if (this.#turnNumber !== turn.number) {
      this.#turnNumber = turn.number;
      this.#ranInTurn = 0;
    }
    return ++this.#ranInTurn <= tasksPerTurn;
  }

  #take(): Task | undefined {
    const task = this.#waiting?.shift();
    if (this.#waiting?.length === 0) {
      this.#waiting = undefined;
      if (this.#paused) {
        this.#paused = false;
        this.#parts.link.resume?.();
      }
    }
    return task;
  }
}
