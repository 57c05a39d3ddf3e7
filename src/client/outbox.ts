/** Messages that wait to be sent, in order and within bounds. */
import { SwitchboardError } from "../wire/error.ts";
import type { Outcome } from "./outcome.ts";

/** How much may wait, and what happens at the bound. */
export interface OutboxLimits {
  /** Default 1,000. */
  readonly maxMessages: number;
  /** Of the texts as UTF-8; default 4 MiB. */
  readonly maxBytes: number;
  /** A message that has waited longer is not sent any more (`expired`); default 10 minutes. `Infinity`: never. */
  readonly maxAgeMs: number;
  /** `refuse`: `send` throws `outbox_full`, nothing is lost. `evict-oldest`: the oldest waiting ones give way (`evicted`). Default `refuse`. */
  readonly whenFull: "refuse" | "evict-oldest";
}

/** A message on its way. */
export interface Entry {
  readonly id: string;
  readonly text: string;
  /** Of the text as UTF-8. */
  readonly bytes: number;
  /** ms since 1970. */
  readonly acceptedAt: number;
  readonly expiresAt: number | null;
  /** The same by the clock that never goes back; Infinity: never. */
  readonly dueAt: number;
  readonly resend: boolean;
  readonly awaitsAck: boolean;
  /** True while the durable store has not taken it, or not yet noted that it is to be written. */
  storing: boolean;
  /** The durable store holds it as one that may have been written, or has been asked to. */
  noted: boolean;
  /** It may have been written to a socket. */
  written: boolean;
  /** See `Sending`. */
  stored: Promise<void>;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * First in, first out. What was on its way when a connection died and is to be sent again goes back to its place, before all newer ones.
 * A message that alone is over the bound is refused whatever `whenFull` says.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  #entries: Entry[] = [];
  #bytes = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** Whether a message of that length would be taken without anybody giving way. */
  hasRoomFor(bytes: number): boolean {
    return (
      this.#entries.length < this.#limits.maxMessages &&
      this.#bytes + bytes <= this.#limits.maxBytes
    );
  }

  /** Makes room for a message of that length, or throws `outbox_full`. The answer is who has to give way: no longer in the outbox. */
  makeRoomFor(bytes: number): readonly Entry[] {
    const { maxMessages, maxBytes, whenFull } = this.#limits;
    if (bytes > maxBytes || (whenFull === "refuse" && !this.hasRoomFor(bytes))) {
      throw new SwitchboardError(
        "outbox_full",
        `${this.#entries.length} messages of ${this.#bytes} bytes wait (at most ${maxMessages} and ${maxBytes}) and this one has ${bytes}: wait for whenRoom(), or raise outbox.maxMessages or maxBytes`,
      );
    }
    const evicted: Entry[] = [];
    while (!this.hasRoomFor(bytes)) {
      const oldest = this.shift();
      if (oldest === undefined) break;
      evicted.push(oldest);
    }
    return evicted;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  /** Takes the oldest out. */
  shift(): Entry | undefined {
    const entry = this.#entries.shift();
    if (entry !== undefined) this.#bytes -= entry.bytes;
    return entry;
  }

  /** Puts these, in this order, before all others; the bound does not count for them. */
  putBack(entries: readonly Entry[]): void {
    this.#entries = [...entries, ...this.#entries];
    for (const { bytes } of entries) this.#bytes += bytes;
  }

  /** Takes out the one with that id that was on its way once and waits to be sent again. */
  takeWritten(id: string): Entry | undefined {
    const entry = this.#entries.find((waiting) => waiting.written && waiting.id === id);
    if (entry !== undefined) this.remove(entry);
    return entry;
  }

  /** Takes out one wherever it stands; false if it is not here. */
  remove(entry: Entry): boolean {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    this.#bytes -= entry.bytes;
    return true;
  }

  /** Takes out those for which `isMeant` is true. */
  take(isMeant: (entry: Entry) => boolean): readonly Entry[] {
    const taken = new Set(this.#entries.filter(isMeant));
    if (taken.size > 0) this.#entries = this.#entries.filter((entry) => !taken.has(entry));
    for (const { bytes } of taken) this.#bytes -= bytes;
    return [...taken];
  }

  /** The first `dueAt`; Infinity if none expires. */
  get nextDueAt(): number {
    return this.#entries.reduce(
      (next, { dueAt }) => Math.min(next, dueAt),
      Number.POSITIVE_INFINITY,
    );
  }
}

/** Bytes of a text as UTF-8; a lone surrogate counts as the U+FFFD that it becomes. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x800) bytes += 2;
    else if (unit >= 0x80) bytes++;
    // A pair is four bytes in all: its second half counts only as the unit that it is.
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
}
