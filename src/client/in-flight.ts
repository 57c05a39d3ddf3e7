/** Messages that were written and wait for their outcome. */
import type { Entry } from "./outbox.ts";

/** In the order of writing, bounded in count and bytes. */
export class InFlight {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** By either bound. */
  get isHalfFull(): boolean {
    return this.size >= this.#maxMessages / 2 || this.#bytes >= this.#maxBytes / 2;
  }

  /** Whether one more may be written. The first one may, however large. */
  takes({ bytes }: Entry): boolean {
    return (
      this.size === 0 || (this.size < this.#maxMessages && this.#bytes + bytes <= this.#maxBytes)
    );
  }

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#bytes += entry.bytes;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** False if it is not here. */
  remove(entry: Entry): boolean {
    if (this.#entries.get(entry.id) !== entry) return false;
    this.#entries.delete(entry.id);
    this.#bytes -= entry.bytes;
    return true;
  }

  takeAll(): readonly Entry[] {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#bytes = 0;
    return entries;
  }
}
