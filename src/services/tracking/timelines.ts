/** When which processor has seen which object: stored a thousand to a subject, read where they are asked for. */
import type { Log } from "../../kit/index.ts";
import type { TrackedObject } from "./object-book.ts";
import { printEvent, readEvent, seenSubject } from "./object-event.ts";
import { distinct, type Spotting } from "./rules.ts";

export interface TimelinesParts {
  readonly log: Log;
  /** The newest entries that are shown. */
  readonly maxEntries: number;
  /** Runs work that nobody waits for. */
  background(work: () => Promise<void>): void;
}

/** Entries in a subject before the next one begins. */
const entriesPerSubject = 1000;

/** Nothing of a timeline is in memory: an object may have been seen for days. */
export class Timelines {
  readonly #parts: TimelinesParts;
  /** So many subjects of an object hold all that is shown. */
  readonly #keptSubjects: number;

  constructor(parts: TimelinesParts) {
    this.#parts = parts;
    this.#keptSubjects = Math.ceil(parts.maxEntries / entriesPerSubject) + 1;
  }

  /** Resolves when every node can read it. Subjects whose entries are too old to be shown are purged as new ones begin. */
  async add({ id, seen }: TrackedObject, { processorId, second }: Spotting): Promise<void> {
    const { log, background } = this.#parts;
    const begins = seen.count >= entriesPerSubject;
    const nth = begins ? seen.nth + 1 : seen.nth;
    await log.append(seenSubject(id, nth), [
      { data: printEvent({ type: "seen", processorId, second }) },
    ]);
    const old = nth - this.#keptSubjects;
    if (begins && old >= 0) {
      background(async () => {
        await log.purge(seenSubject(id, old));
      });
    }
  }

  /** What is stored now, the oldest first; empty if the object was never seen, or never was. */
  async of(id: number): Promise<Spotting[]> {
    const subjects = await this.#parts.log.subjects(seenSubject(id));
    const inOrder = [...subjects].sort((a, b) => nthOf(a) - nthOf(b));
    const stored: Spotting[] = [];
    for (const subject of inOrder.slice(-this.#keptSubjects))
      stored.push(...(await this.#read(subject)));
    return distinct(stored).slice(-this.#parts.maxEntries);
  }

  async #read(subject: string): Promise<Spotting[]> {
    const spottings: Spotting[] = [];
    for (let after = 0, more = true; more; ) {
      const page = await this.#parts.log.read(subject, after);
      for (const { data, offset } of page.events) {
        after = offset;
        const event = readEvent(data)?.event;
        if (event?.type === "seen")
          spottings.push({ processorId: event.processorId, second: event.second });
      }
      more = page.more;
    }
    return spottings;
  }
}

function nthOf(subject: string): number {
  return Number(subject.slice(subject.lastIndexOf(".") + 1));
}
