/** The tracked objects: creating, stopping, what they look like. Everything is stored first, and told from the log. */
import { isSwitchboardError, type Log, Projection, SwitchboardError } from "../../kit/index.ts";
import { type Change, ObjectBook, type TrackedObject } from "./object-book.ts";
import { type Created, mapSubject, objectSubject, printEvent, printLong } from "./object-event.ts";
import { demandHeld, demandRoom, type HeldBounds, isId } from "./rules.ts";

/** Bounds of the objects, from the config. */
export interface ObjectBounds extends HeldBounds {
  readonly maxImageLength: number;
  readonly maxFeatureMapLength: number;
}

export interface ObjectsParts {
  readonly log: Log;
  readonly bounds: ObjectBounds;
  /** ms since 1970. */
  now(): number;
  /** Runs work that nobody waits for. */
  background(work: () => Promise<void>): void;
  /** Called for each change, live or of the history, in the order of the log. Must not throw. */
  changed(change: Change): void;
}

/** What a client wants to have tracked. Numbers and image in their JSON spelling. */
export type Wish = Pick<Created, "cameraId" | "frameId" | "boxId"> & { readonly image?: string };

/** An object whose image is still not all there is older than any that is being stored. */
const abandonedMs = 60_000;

/** So much of old feature maps may lie in a subject before the next one begins: this, or so many times the newest. */
const oldMaps = { length: 64 * 1024, times: 8 } as const;

/**
 * An id is taken by the first event of its subject, on condition that there is none: so no two nodes take the same one, and as a stop
 * leaves a purge event, no id is ever taken again.
 *
 * Feature maps follow one another in a subject of their own. Once that holds much more than the newest, the next goes into a further
 * subject, and the old one is sealed, then purged. So at every moment the newest is stored, and who starts reads little more than that.
 */
export class Objects {
  readonly #parts: ObjectsParts;
  readonly #book: ObjectBook;
  /** One creation at a time, or this node would conflict with itself. */
  #creating: Promise<unknown> = Promise.resolve();
  #projection: Projection | undefined;

  private constructor(parts: ObjectsParts) {
    this.#parts = parts;
    this.#book = new ObjectBook(parts.changed);
  }

  static async open(parts: ObjectsParts): Promise<Objects> {
    const objects = new Objects(parts);
    objects.#projection = await Projection.open(parts.log, objects.#book);
    objects.#tidyUp();
    return objects;
  }

  /** Undefined if it is not tracked, as far as this node knows. */
  get(id: number): TrackedObject | undefined {
    return this.#book.get(id);
  }

  /** The tracked objects, the oldest first. */
  all(): IterableIterator<TrackedObject> {
    return this.#book.objects();
  }

  /** Every id there ever was, in order; also what another node has stored before this call. */
  async ids(): Promise<number[]> {
    await this.#catchUp();
    return this.#book.ids();
  }

  /**
   * Creates an object; resolves to its id when everybody on this node has been told. Rejects with `too_large`, `over_capacity` or what the
   * log says.
   */
  create(wish: Wish): Promise<number> {
    const created = this.#creating.then(() => this.#create(wish));
    this.#creating = created.catch(() => {});
    return created;
  }

  /** Resolves, when everybody on this node has been told, to whether the object was tracked. */
  async stop(id: number): Promise<boolean> {
    const object = await this.#find(id);
    if (object === undefined) return false;
    const { log, background } = this.#parts;
    const { offset } = await log.purge(objectSubject(id));
    await log.caughtUp(offset);
    background(async () => {
      for (const nth of [...object.mapSubjects.keys()]) await log.purge(mapSubject(id, nth));
    });
    return true;
  }

  /**
   * Stores a feature map, the JSON text of any value; resolves, when everybody on this node has been told, to whether the object was
   * tracked. Rejects with `too_large`, `over_capacity` or what the log says.
   */
  async map(id: number, featureMap: string): Promise<boolean> {
    const { bounds, background } = this.#parts;
    demandLength("feature map", featureMap, bounds.maxFeatureMapLength, "maxFeatureMapLength");
    for (;;) {
      const object = await this.#find(id);
      if (object === undefined) return false;
      demandHeld(
        this.#book.heldLength + featureMap.length - (object.featureMap?.length ?? 0),
        bounds,
      );
      const newest = Math.max(0, ...object.mapSubjects.keys());
      const old = object.mapSubjects.get(newest);
      const isFull =
        (old?.length ?? 0) > Math.max(oldMaps.length, oldMaps.times * featureMap.length);
      const nth = isFull ? newest + 1 : newest;
      const expect = isFull ? 0 : (old?.last ?? 0);
      if (
        !(await this.#append(mapSubject(id, nth), printLong({ type: "map" }, featureMap), expect))
      )
        continue;
      if (object.mapSubjects.size > 1) background(() => this.#dropOldMaps(id));
      return true;
    }
  }

  async close(): Promise<void> {
    await this.#projection?.close();
  }

  async #create(wish: Wish): Promise<number> {
    const { bounds, now } = this.#parts;
    const { image = "", ...rest } = wish;
    demandLength("image", image, bounds.maxImageLength, "maxImageLength");
    for (;;) {
      demandRoom(this.#book, image, bounds);
      const id = this.#book.maxId + 1;
      if (
        await this.#append(
          objectSubject(id),
          printLong({ type: "created", atMs: now(), ...rest }, image),
          0,
        )
      )
        return id;
    }
  }

  /** True when it is stored and known to this node; false, when that is known, if the subject does not end where it was expected to. */
  async #append(subject: string, events: readonly string[], expect: number): Promise<boolean> {
    const { log } = this.#parts;
    try {
      const stored = await log.append(
        subject,
        events.map((data) => ({ data })),
        { expect },
      );
      await log.caughtUp(stored.at(-1)?.offset ?? 0);
      return true;
    } catch (error) {
      if (!isSwitchboardError(error, "log_conflict")) throw error;
      await log.caughtUp(Number(error.details.last));
      return false;
    }
  }

  /** Seals and purges the subjects of an object's older feature maps. One to which another node has just added stays for now. */
  async #dropOldMaps(id: number): Promise<void> {
    const object = this.#book.get(id);
    if (object === undefined) return;
    const newest = Math.max(...object.mapSubjects.keys());
    for (const [nth, { last }] of [...object.mapSubjects]) {
      if (nth === newest || nth === object.mappedIn) continue;
      const subject = mapSubject(id, nth);
      if (await this.#append(subject, [printEvent({ type: "sealed" })], last))
        await this.#parts.log.purge(subject);
    }
  }

  /** Looks past what this node knows if another may have taken the id just now. */
  async #find(id: number): Promise<TrackedObject | undefined> {
    if (isId(id) && id > this.#book.maxId) await this.#catchUp();
    return this.#book.get(id);
  }

  /** As every id is taken behind the one before, the log's word on the next one tells whether there are more. */
  async #catchUp(): Promise<void> {
    const { log } = this.#parts;
    for (;;) {
      const offset = await log.last(objectSubject(this.#book.maxId + 1));
      if (offset === 0) return;
      await log.caughtUp(offset);
    }
  }

  /** Removes what a node left behind that has died. */
  #tidyUp(): void {
    const { log, background, now } = this.#parts;
    const abandoned = this.#book.incomplete().filter(([, atMs]) => now() - atMs > abandonedMs);
    const subjects = [...this.#book.leftovers(), ...abandoned.map(([id]) => objectSubject(id))];
    if (subjects.length === 0) return;
    background(async () => {
      for (const subject of subjects) await log.purge(subject);
    });
  }
}

function demandLength(what: string, text: string, maxLength: number, setting: string): void {
  if (text.length <= maxLength) return;
  throw new SwitchboardError(
    "too_large",
    `the ${what} has ${text.length} characters, at most ${maxLength} are taken (services.tracking.${setting})`,
  );
}
