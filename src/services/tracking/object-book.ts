/** All tracked objects, and the ids there ever were: folded from the log, the same on every node. */
import type { Fold, LogEvent } from "../../kit/index.ts";
import {
  type Created,
  Gathering,
  type Mapped,
  mapSubject,
  type Place,
  placeOf,
  readEvent,
} from "./object-event.ts";

/** One of the subjects that an object's feature maps are in. */
interface MapSubject {
  /** Offset of its last event. */
  last: number;
  /** UTF-16 units of what it holds. */
  length: number;
  gathering: Gathering<Mapped> | undefined;
}

/** A tracked object. Texts are JSON as it came. */
export interface TrackedObject {
  readonly id: number;
  readonly cameraId: string;
  /** ms since 1970 of its start. */
  readonly atMs: number;
  readonly frameId: string | undefined;
  readonly boxId: string | undefined;
  readonly image: string | undefined;
  /** The newest; undefined while there is none. */
  readonly featureMap: string | undefined;
  /** Number of the subject that it is in. */
  readonly mappedIn: number;
  /** By number, those that have not been purged. */
  readonly mapSubjects: ReadonlyMap<number, Readonly<MapSubject>>;
  /** The newest subject of its spottings, and how many are in it. */
  readonly seen: { readonly nth: number; readonly count: number };
}

type Entry = { -readonly [K in keyof Omit<TrackedObject, "mapSubjects">]: TrackedObject[K] } & {
  mapSubjects: Map<number, MapSubject>;
};

/** What has just happened to an object. */
export interface Change {
  readonly what: "created" | "stopped" | "mapped";
  readonly object: TrackedObject;
  /** False while the history is folded at the start. */
  readonly live: boolean;
}

/** An object that is tracked no more takes no memory. */
export class ObjectBook implements Fold {
  readonly #changed: (change: Change) => void;
  readonly #objects = new Map<number, Entry>();
  readonly #incomplete = new Map<number, Gathering<Created>>();
  readonly #leftovers = new Set<string>();
  #maxId = 0;
  #heldLength = 0;

  /** `changed` must not throw. */
  constructor(changed: (change: Change) => void) {
    this.#changed = changed;
  }

  /** How many objects are tracked. */
  get size(): number {
    return this.#objects.size;
  }

  /** UTF-16 units of their images and feature maps. */
  get heldLength(): number {
    return this.#heldLength;
  }

  /** The largest id that is taken. */
  get maxId(): number {
    return this.#maxId;
  }

  get(id: number): TrackedObject | undefined {
    return this.#objects.get(id);
  }

  /** The tracked objects, the oldest first. */
  objects(): IterableIterator<TrackedObject> {
    return this.#objects.values();
  }

  /** Every id there ever was, in order. */
  ids(): number[] {
    return Array.from({ length: this.#maxId }, (_, index) => index + 1).filter(
      (id) => !this.#incomplete.has(id),
    );
  }

  /** Objects whose image is not all there: on its way, or their node has died amid storing it. By id, with the time of their start. */
  incomplete(): [id: number, atMs: number][] {
    return Array.from(this.#incomplete, ([id, { event }]) => [id, event.atMs]);
  }

  /** Subjects of feature maps of objects that are tracked no more: they are of no use. */
  leftovers(): string[] {
    return [...this.#leftovers];
  }

  event(event: LogEvent, live: boolean): void {
    const place = placeOf(event.subject);
    if (place === undefined) return;
    if (place.kind === "object") this.#object(place.id, event, live);
    else if (place.kind === "map") this.#map(place, event, live);
    else this.#spotting(place, event);
  }

  #object(id: number, { data, purged }: LogEvent, live: boolean): void {
    this.#maxId = Math.max(this.#maxId, id);
    if (purged) {
      this.#incomplete.delete(id);
      this.#remove(id, live);
      return;
    }
    const read = readEvent(data);
    if (read?.event.type === "created")
      this.#incomplete.set(id, new Gathering(read.event, read.text));
    else if (read?.event.type === "part") this.#incomplete.get(id)?.add(read.text);
    const gathering = this.#incomplete.get(id);
    const image = gathering?.text;
    if (gathering === undefined || image === undefined) return;
    this.#incomplete.delete(id);
    this.#add(id, gathering.event, image, live);
  }

  #add(
    id: number,
    { cameraId, atMs, frameId, boxId }: Created,
    image: string,
    live: boolean,
  ): void {
    const object: Entry = {
      id,
      cameraId,
      atMs,
      frameId,
      boxId,
      image: image === "" ? undefined : image,
      featureMap: undefined,
      mappedIn: 0,
      mapSubjects: new Map(),
      seen: { nth: 0, count: 0 },
    };
    this.#objects.set(id, object);
    this.#heldLength += image.length;
    this.#changed({ what: "created", object, live });
  }

  #remove(id: number, live: boolean): void {
    const object = this.#objects.get(id);
    if (object === undefined) return;
    this.#objects.delete(id);
    this.#heldLength -= (object.image?.length ?? 0) + (object.featureMap?.length ?? 0);
    for (const nth of object.mapSubjects.keys()) this.#leftovers.add(mapSubject(id, nth));
    this.#changed({ what: "stopped", object, live });
  }

  #map({ id, nth }: Place, { subject, offset, data, purged }: LogEvent, live: boolean): void {
    const object = this.#objects.get(id);
    if (purged) {
      object?.mapSubjects.delete(nth);
      this.#leftovers.delete(subject);
      return;
    }
    if (object === undefined) {
      this.#leftovers.add(subject);
      return;
    }
    const at = object.mapSubjects.get(nth) ?? { last: 0, length: 0, gathering: undefined };
    object.mapSubjects.set(nth, at);
    at.last = offset;
    at.length += data.length;
    const read = readEvent(data);
    if (read?.event.type === "map") at.gathering = new Gathering(read.event, read.text);
    else if (read?.event.type === "part") at.gathering?.add(read.text);
    const featureMap = at.gathering?.text;
    if (featureMap === undefined) return;
    at.gathering = undefined;
    this.#heldLength += featureMap.length - (object.featureMap?.length ?? 0);
    object.featureMap = featureMap;
    object.mappedIn = nth;
    this.#changed({ what: "mapped", object, live });
  }

  #spotting({ id, nth }: Place, { purged }: LogEvent): void {
    const object = this.#objects.get(id);
    if (object === undefined || purged || nth < object.seen.nth) return;
    object.seen = { nth, count: nth === object.seen.nth ? object.seen.count + 1 : 1 };
  }
}
