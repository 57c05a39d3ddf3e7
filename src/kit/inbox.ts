/** What is to be done for one connection, one thing after another, in fair turns. */
import type { Link } from "./link.ts";
import type { Turn } from "./turn.ts";

/** Handling one message. */
type Task = () => void | Promise<void>;

/** A task that waits for the running one. */
interface WaitingTask {
  readonly task: Task;
  readonly bytes: number;
}

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

/** Reading also pauses while the messages that wait hold this many bytes. */
const pauseAtBytes = 1 << 20;

/** So many tasks of one connection are run in one turn; before the others, everybody else has a turn. */
const tasksPerTurn = 32;

/**
 * A task is begun when the one before has ended (its promise has settled). At most 32 of one connection are run in one turn of the
 * event loop where the transport can pause reading: a flood of one does not keep the others waiting. Where it cannot, what
 * is left would pile up here instead of in the peer's socket, so there is no such bound.
 */
export class Inbox {
  readonly #parts: InboxParts;
  #waiting: WaitingTask[] | undefined;
  #waitingBytes = 0;
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

  /** Bytes of the messages that wait for the running task. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** True if `maxInbox` tasks wait although reading cannot pause: the next message is one too many. */
  get isFull(): boolean {
    return (this.#waiting?.length ?? 0) >= this.#parts.maxInbox && !this.#paused;
  }

  /** Runs a task, now or when all before it have ended. `bytes`: the size of its message. */
  run(task: Task, bytes = 0): void {
    if (!this.#busy) {
      this.#work({ task, bytes: 0 });
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push({ task, bytes });
    this.#waitingBytes += bytes;
    const { link, maxInbox } = this.#parts;
    const isMuch =
      this.#waiting.length >= Math.min(pauseAt, maxInbox) || this.#waitingBytes >= pauseAtBytes;
    if (isMuch && !this.#paused && link.pause !== undefined) {
      this.#paused = true;
      link.pause();
    }
  }

  /** Drops what waits; the running task goes on. */
  clear(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  /** Goes on with the tasks that had to wait for the end of the turn. Called by the turn. */
  flush(): void {
    this.#work(this.#take());
  }

  /** Works through the tasks, starting with `first`, until none is left or one has to be waited for. */
  #work(first: WaitingTask | undefined): void {
    this.#busy = true;
    for (let next = first; next !== undefined; next = this.#take()) {
      if (!this.#hasTurn()) {
        this.#waiting ??= [];
        this.#waiting.unshift(next);
        this.#waitingBytes += next.bytes;
        this.#parts.turn.defer(this);
        return;
      }
      try {
        const running = next.task();
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

  #take(): WaitingTask | undefined {
    const next = this.#waiting?.shift();
    this.#waitingBytes -= next?.bytes ?? 0;
    if (this.#waiting?.length === 0) {
      this.#waiting = undefined;
      if (this.#paused) {
        this.#paused = false;
        this.#parts.link.resume?.();
      }
    }
    return next;
  }
}
