/** One node's follow of one log: every event once, in order, and who waits for how far it has come. */
import type { Follower, Following } from "../../kit/engine.ts";
import { messageOf, SwitchboardError } from "../../wire/error.ts";
import { eventOf } from "./nats-event.ts";
import type { LogStream } from "./nats-log-stream.ts";
import { type StreamMessage, Tail } from "./nats-tail.ts";

/** Messages that may wait while the server is asked why there is a hole before them. */
const maxHeld = 10_000;

export class NatsFollow implements Following {
  readonly #stream: LogStream;
  readonly #follower: Follower;
  readonly #waiting = new Set<{
    readonly offset: number;
    readonly settle: (error?: SwitchboardError) => void;
  }>();
  #tail: Tail | undefined;
  #position: number;
  /** The lowest offset that somebody waits for. */
  #awaited = Number.POSITIVE_INFINITY;
  /** What came while the server is asked about a hole. */
  #held: StreamMessage[] | undefined;
  #askedIdle = false;
  #end: SwitchboardError | undefined;

  private constructor(stream: LogStream, after: number, follower: Follower) {
    this.#stream = stream;
    this.#follower = follower;
    this.#position = after;
  }

  /** A follow that has not begun: `begin` it. */
  static create(stream: LogStream, after: number, follower: Follower): NatsFollow {
    return new NatsFollow(stream, after, follower);
  }

  get position(): number {
    return this.#position;
  }

  /** Why it ended; undefined while it runs. */
  get end(): SwitchboardError | undefined {
    return this.#end;
  }

  /** Why it stands still at present; undefined if it does not. */
  get trouble(): string | undefined {
    return this.#end === undefined ? this.#tail?.trouble : undefined;
  }

  /** Resolves when the follower has had all that is there now. */
  async begin(heartbeatMs: number): Promise<void> {
    try {
      const { last } = await this.#stream.extent();
      const tail = await Tail.open(this.#stream.link, {
        stream: this.#stream.name,
        heartbeatMs,
        from: () => this.#from(),
        message: (message) => this.#take(message),
        idle: () => this.#idle(),
      });
      this.#tail = tail;
      if (this.#end !== undefined) tail.stop();
      await this.caughtUp(last);
    } catch (error) {
      this.#finish("the follow could not begin");
      throw error;
    }
  }

  async caughtUp(offset: number): Promise<void> {
    if (offset <= this.#position) return;
    if (this.#end !== undefined) throw this.#end;
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: SwitchboardError) =>
        error === undefined ? resolve() : reject(error);
      this.#waiting.add({ offset, settle });
      this.#awaited = Math.min(this.#awaited, offset);
    });
  }

  async stop(): Promise<void> {
    this.#finish("the follow was stopped");
  }

  /** Where to begin, or to go on; what is gone before it is told first. */
  async #from(): Promise<number> {
    this.#held = undefined;
    const { first } = await this.#stream.extent();
    this.#skipTo(first - 1);
    return this.#position + 1;
  }

  #take(message: StreamMessage): void {
    if (this.#held !== undefined) {
      if (this.#held.length >= maxHeld)
        this.#tail?.restart("the server does not say why events are missing");
      else this.#held.push(message);
    } else if (this.#stream.retains && message.seq > this.#position + 1) {
      this.#held = [message];
      void this.#explain(this.#held);
    } else {
      this.#hand(message);
    }
  }

  /** A hole is what purges removed, or what retention dropped before it came: only the latter is a gap, and is at the log's beginning. */
  async #explain(held: StreamMessage[]): Promise<void> {
    try {
      const first = await this.#stream.firstOffset();
      if (this.#held !== held) return;
      this.#held = undefined;
      for (const message of held) {
        this.#skipTo(Math.min(first, message.seq) - 1);
        this.#hand(message);
      }
    } catch (error) {
      if (this.#held === held) this.#tail?.restart(messageOf(error));
    }
  }

  /** Nothing up to `offset` will come any more. */
  #skipTo(offset: number): void {
    if (this.#end !== undefined || offset <= this.#position) return;
    const from = this.#position + 1;
    if (
      this.#stream.retains &&
      !this.#give(() => this.#follower.gap({ from, to: offset, reason: "retention" }))
    )
      return;
    this.#advance(offset);
  }

  #hand(message: StreamMessage): void {
    if (this.#end !== undefined) return;
    if (this.#give(() => this.#follower.event(eventOf(message, this.#stream.prefix.length))))
      this.#advance(message.seq);
  }

  /** Calls the follower; false if it threw. */
  #give(call: () => void): boolean {
    try {
      call();
      return true;
    } catch (error) {
      this.#finish(`the follower threw: ${messageOf(error)}`, error);
      return false;
    }
  }

  /**
   * Somebody waits for an offset, and there is nothing to come: it was removed before it was seen (by age, or by an operator),
   * as nothing else is behind it, no later event will tell.
   */
  #idle(): void {
    if (this.#awaited === Number.POSITIVE_INFINITY || this.#askedIdle) return;
    this.#askedIdle = true;
    void this.#explainIdle()
      .catch(() => {})
      .finally(() => {
        this.#askedIdle = false;
      });
  }

  async #explainIdle(): Promise<void> {
    const position = this.#position;
    const { last } = await this.#stream.extent();
    if (last <= position) return;
    const next = await this.#stream.next(position);
    if (next === undefined && position === this.#position && this.#held === undefined)
      this.#skipTo(last);
  }

  #advance(offset: number): void {
    this.#position = offset;
    if (offset < this.#awaited) return;
    this.#awaited = Number.POSITIVE_INFINITY;
    for (const waiter of [...this.#waiting]) {
      if (waiter.offset <= offset) {
        this.#waiting.delete(waiter);
        waiter.settle();
      } else {
        this.#awaited = Math.min(this.#awaited, waiter.offset);
      }
    }
  }

  #finish(reason: string, cause?: unknown): void {
    if (this.#end !== undefined) return;
    const message = `${this.#stream.name}: ${reason}`;
    this.#end = new SwitchboardError(
      "log_closed",
      message,
      {},
      cause === undefined ? {} : { cause },
    );
    this.#tail?.stop();
    this.#held = undefined;
    for (const { settle } of this.#waiting) settle(this.#end);
    this.#waiting.clear();
    this.#awaited = Number.POSITIVE_INFINITY;
  }
}
