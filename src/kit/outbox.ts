/** The outbound queue of one connection: the two delivery policies, one write a turn, a bound. */
import type { Encoded } from "./encoded.ts";
import type { Turn } from "./turn.ts";

/** The socket, as its outbox sees it. */
export interface Sink {
  /** Bytes handed to `write` that have not left the process. 0: the client keeps up. */
  readonly unsentBytes: number;
  /** Sends all of them, in order, in one write where the transport can. Must not throw, nor change the array, which it may keep. */
  write(messages: readonly Encoded[]): void;
}

/** How much may wait for a slow client. */
export interface OutboxBounds {
  readonly maxQueueBytes: number;
  readonly maxQueueMessages: number;
}

/** While a client keeps up, what waits for the turn's end is written early beyond this, so that a slow one is noticed within the turn. */
const turnBytes = 256 * 1024;

/**
 * Order: what is delivered is delivered in the order of `push`. Messages of policy `all` are all delivered, or the
 * connection overflows. Of `latest` messages with one key, all are delivered while the client keeps up; once the socket
 * holds unsent bytes, only the newest waits and the others count as `skipped`. Bound: `maxQueueBytes` and `maxQueueMessages` may wait (a single
 * message always may); one more message calls `overflow` once, within that `push`, and nothing is sent afterwards. Memory: nothing is held
 * while nothing waits.
 */
export class Outbox {
  readonly #sink: Sink;
  readonly #turn: Turn;
  readonly #bounds: OutboxBounds;
  readonly #overflow: () => void;
  /** Of this turn, while the client keeps up. */
  #now: Encoded[] | undefined;
  #nowBytes = 0;
  /** While the client is behind: by latest key, or by a number of its own. A Map keeps the order of insertion. */
  #waiting: Map<string | number, Encoded> | undefined;
  #waitingBytes = 0;
  #nextNumber = 0;
  #skipped = 0;
  #ended = false;

  constructor(sink: Sink, turn: Turn, bounds: OutboxBounds, overflow: () => void) {
    this.#sink = sink;
    this.#turn = turn;
    this.#bounds = bounds;
    this.#overflow = overflow;
  }

  /** How many `latest` messages this client did not get because a newer one replaced them. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Bytes that wait here; what the socket holds is not counted. */
  get queuedBytes(): number {
    return this.#nowBytes + this.#waitingBytes;
  }

  /** Takes a message. Never blocks, throws only what printing the message throws; after `overflow`, `end` or `drop` it does nothing. */
  push(message: Encoded): void {
    if (this.#ended) return;
    // Before anything is kept: a message that cannot be printed must leave no trace.
    const { bytes } = message;
    if (this.#now === undefined && this.#waiting === undefined && this.#sink.unsentBytes > 0)
      this.#waiting = new Map();
    if (this.#waiting !== undefined) this.#wait(this.#waiting, message, bytes);
    else this.#gather(message, bytes);
  }

  /** Writes what this turn has gathered. Called by the turn, and before a close frame. */
  flush(): void {
    const now = this.#now;
    if (now === undefined) return;
    this.#now = undefined;
    this.#nowBytes = 0;
    this.#sink.write(now);
  }

  /** To be called by the transport when the socket has sent everything: what waited goes out in one write. */
  drained(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#sink.unsentBytes > 0) return;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    this.#sink.write([...waiting.values()]);
  }

  /** Hands everything that waits to the socket, behind or not, and takes nothing more: the last step before a close frame. */
  end(): void {
    if (this.#ended) return;
    this.flush();
    const waiting = this.#waiting;
    this.drop();
    if (waiting !== undefined) this.#sink.write([...waiting.values()]);
  }

  /** Lets go of everything that waits, unsent, and takes nothing more: the socket has gone. */
  drop(): void {
    this.#ended = true;
    this.#now = undefined;
    this.#nowBytes = 0;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  #gather(message: Encoded, bytes: number): void {
    if (this.#now === undefined) {
      this.#now = [message];
      this.#turn.add(this);
    } else {
      this.#now.push(message);
    }
    this.#nowBytes += bytes;
    if (this.#nowBytes > turnBytes) this.flush();
  }

  #wait(waiting: Map<string | number, Encoded>, message: Encoded, bytes: number): void {
    const key = message.latestKey ?? this.#nextNumber++;
    const older = waiting.get(key);
    if (older !== undefined) {
      waiting.delete(key);
      this.#waitingBytes -= older.bytes;
      this.#skipped++;
    }
    waiting.set(key, message);
    this.#waitingBytes += bytes;
    const { maxQueueBytes, maxQueueMessages } = this.#bounds;
    if (
      waiting.size > maxQueueMessages ||
      (this.#waitingBytes > maxQueueBytes && waiting.size > 1)
    ) {
      this.drop();
      this.#overflow();
    }
  }
}
