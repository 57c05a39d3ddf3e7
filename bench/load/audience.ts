/** Viewers of one lobby that count together: a batch of updates is delivered when every viewer has every `refresh` of it. */
import type { Dialect } from "./dialect.ts";
import { newReadBuffer } from "./raw-client.ts";
import { joinViewers, Viewer } from "./viewer.ts";

export class Audience {
  readonly #dialect: Dialect;
  readonly #stallMs: number;
  #viewers: readonly Viewer[] = [];
  /** How many `refresh` each viewer must have had when the present batch is complete. */
  #due = 0;
  /** How many are missing, over all viewers. */
  #missing = 0;
  #complete: () => void = () => {};
  #fail: (error: Error) => void = () => {};
  #failure: Error | undefined;

  private constructor(dialect: Dialect, stallMs: number) {
    this.#dialect = dialect;
    this.#stallMs = stallMs;
  }

  /**
   * Joins `count` viewers and proves with one update that each of them is in and gets it once.
   * What is missing when nothing has come for `stallMs` counts as lost.
   */
  static async join(
    port: number,
    dialect: Dialect,
    count: number,
    stallMs = 10_000,
  ): Promise<Audience> {
    const audience = new Audience(dialect, stallMs);
    const readBuffer = newReadBuffer();
    const events = {
      refreshed: () => audience.#refreshed(),
      failed: (reason: string) =>
        audience.#failed(new Error(`a viewer lost its connection: ${reason}`)),
    };
    audience.#viewers = await joinViewers(
      count,
      () => new Viewer(port, dialect, events, readBuffer),
    );
    await audience.deliver(audience.batch(1));
    return audience;
  }

  /** `size` updates, to be written in one write. */
  batch(size: number): { readonly size: number; readonly frames: Buffer } {
    return {
      size,
      frames: Buffer.concat(Array.from({ length: size }, () => this.#dialect.update)),
    };
  }

  /** The first viewer sends the batch. Resolves when every viewer has it all; rejects if one misses one or has one too many. */
  async deliver(batch: { readonly size: number; readonly frames: Buffer }): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#due += batch.size;
    this.#missing += batch.size * this.#viewers.length;
    let seen = this.#missing;
    const stalled = setInterval(() => {
      if (this.#missing === seen)
        this.#failed(
          new Error(`${this.#missing} messages lost: nothing came for ${this.#stallMs} ms`),
        );
      seen = this.#missing;
    }, this.#stallMs);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#complete = resolve;
        this.#fail = reject;
        this.#viewers[0]?.write(batch.frames);
      });
    } finally {
      clearInterval(stalled);
    }
    const wrong = this.#viewers.filter((viewer) => viewer.received !== this.#due).length;
    if (wrong > 0) throw new Error(`${wrong} viewers did not get each message exactly once`);
  }

  /** Proves with one more update that nothing came twice, and leaves. */
  async leave(): Promise<void> {
    await this.deliver(this.batch(1));
    for (const viewer of this.#viewers) viewer.destroy();
  }

  #refreshed(): void {
    this.#missing--;
    if (this.#missing === 0) this.#complete();
  }

  #failed(error: Error): void {
    this.#failure ??= error;
    this.#fail(error);
  }
}
