/** What the doc comment of `Outbox` says, in lists. */

/** A message, as far as an outbox looks at it. */
export interface Pushed {
  readonly id: number;
  readonly key: string | null;
  readonly bytes: number;
}

/** Keeps what an outbox should keep, and has sent what it should have sent. */
export class OutboxModel {
  readonly maxQueueBytes: number;
  readonly sent: number[] = [];
  skipped = 0;
  overflows = 0;
  ended = false;
  #turn: Pushed[] = [];
  #queue: Pushed[] = [];

  constructor(maxQueueBytes: number) {
    this.maxQueueBytes = maxQueueBytes;
  }

  get queuedBytes(): number {
    return [...this.#turn, ...this.#queue].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  push(pushed: Pushed, unsentBytes: number): void {
    if (this.ended) return;
    const keepsUp = this.#turn.length > 0 || (this.#queue.length === 0 && unsentBytes === 0);
    if (keepsUp) {
      this.#turn.push(pushed);
      return;
    }
    const others = this.#queue.filter(({ key }) => key === null || key !== pushed.key);
    this.skipped += this.#queue.length - others.length;
    this.#queue = [...others, pushed];
    if (this.queuedBytes > this.maxQueueBytes && this.#queue.length > 1) {
      this.#queue = [];
      this.ended = true;
      this.overflows++;
    }
  }

  endTurn(): void {
    this.#send(this.#turn.splice(0));
  }

  drained(): void {
    this.#send(this.#queue.splice(0));
  }

  end(): void {
    this.#send([...this.#turn.splice(0), ...this.#queue.splice(0)]);
    this.ended = true;
  }

  #send(all: readonly Pushed[]): void {
    this.sent.push(...all.map(({ id }) => id));
  }
}
