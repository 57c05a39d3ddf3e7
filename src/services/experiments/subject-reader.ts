/** One subscriber's way through one subject: what is stored first, then what comes, without gap or double. */
import type { Log, LogEvent } from "../../kit/index.ts";
import type { Listener } from "./library.ts";

/** Events read from the log at a time; more, if they turn out to be short. */
const fewEvents = 200;
const manyEvents = 2000;
const shortEventLength = 100;

export interface SubjectReaderParts {
  readonly log: Log;
  readonly subject: string;
  /** Called when a live event is held: the owner sees to the bound. */
  held(reader: SubjectReader, bytes: number): void;
}

/**
 * Reads the stored events up to the offset that this node's follower has had, while it holds those that the follower is given from then on;
 * then gives the held ones. When too much is held it is let go of, and read from the log again: so a slow subscriber costs
 * little memory and loses nothing.
 */
export class SubjectReader implements Listener {
  readonly subject: string;
  readonly #parts: SubjectReaderParts;
  /** Everything up to this offset has been given out. */
  #after = 0;
  /** Up to here the log is being read; undefined: what comes next is held. */
  #target: number | undefined;
  /** There are events that are not held. */
  #lost = true;
  #joined = false;
  #held: LogEvent[] = [];
  #heldBytes = 0;
  #pageEvents = fewEvents;

  constructor(parts: SubjectReaderParts) {
    this.#parts = parts;
    this.subject = parts.subject;
  }

  /** Whether `next` has something to look for. */
  get isReady(): boolean {
    return this.#lost || this.#target !== undefined || this.#held.length > 0;
  }

  /** Whether everything that was stored when reading began has been given out. */
  get hasJoined(): boolean {
    return this.#joined;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  offer(event: LogEvent): void {
    if (this.#lost || event.purged) return;
    this.#held.push(event);
    this.#heldBytes += event.data.length;
    this.#parts.held(this, event.data.length);
  }

  /** Lets go of what is held: it will be read from the log. Returns how many bytes that was. */
  letGo(): number {
    const bytes = this.#heldBytes;
    if (this.#held.length > 0) this.#lost = true;
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  /** The next events in order; none does not mean that there are no more, `isReady` does. One call at a time. */
  async next(): Promise<readonly LogEvent[]> {
    if (this.#target === undefined && this.#lost) {
      this.#lost = false;
      this.#target = this.#parts.log.position;
    }
    if (this.#target === undefined) return this.#takeHeld();
    const target = this.#target;
    const { events, more } = await this.#parts.log.read(this.subject, this.#after, {
      upTo: target,
      limit: this.#pageEvents,
    });
    const isShort = (events.at(-1)?.data.length ?? 0) < shortEventLength;
    this.#pageEvents = isShort ? manyEvents : fewEvents;
    this.#after = more ? (events.at(-1)?.offset ?? this.#after) : Math.max(this.#after, target);
    if (!more) {
      this.#target = undefined;
      this.#joined = true;
    }
    return events.filter((event) => !event.purged);
  }

  #takeHeld(): readonly LogEvent[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#after = held.at(-1)?.offset ?? this.#after;
    return held;
  }
}
