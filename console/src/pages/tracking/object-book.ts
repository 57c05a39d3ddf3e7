/** The objects that are tracked: those the server has told of, and those that cameras recognise. */
import type { Frame, TrackedObject } from "switchboard/client/tracking";

/** Where an object was seen last. */
export interface Sighting {
  readonly cameraId: string;
  /** ms since 1970, by this browser's clock. */
  readonly atMs: number;
}

/** A tracked object as the page shows it. */
export interface ObjectRow {
  readonly objectId: number;
  /** As it was given, in base64; undefined for one that was chosen by its box. */
  readonly image: string | undefined;
  readonly lastSeen: Sighting | undefined;
  /** It was chosen here, and no camera has seen it since: it has no timeline. */
  readonly isUnseen: boolean;
  /** It has been asked to stop, and the server has not said so yet. */
  readonly isStopping: boolean;
}

/** An object that the server has not told this page of is shown as long as cameras see it, and so much longer. */
const unseenAfterMs = 10_000;
/** A stop that has had no effect after this can be asked for again. */
const stopAgainAfterMs = 5000;
/** The oldest of more give way. */
const maxSightings = 10_000;
const maxStopped = 1000;

export class ObjectBook {
  readonly #sightings = new Map<number, Sighting>();
  /** Chosen here, and not seen yet. */
  readonly #unseen = new Set<number>();
  /** When somebody here asked. */
  readonly #stopping = new Map<number, number>();
  /** Ids are never used again, so a late frame cannot bring one back. */
  readonly #stopped = new Set<number>();

  /** It is tracked since somebody here asked for it. */
  began(objectId: number): void {
    if (!this.#sightings.has(objectId)) this.#unseen.add(objectId);
    trim(this.#unseen, maxStopped);
  }

  /** True if it shows an object that was not known before. */
  saw({ cameraId, boxes }: Frame, nowMs: number): boolean {
    let isNews = false;
    for (const { objectId } of boxes) {
      if (objectId === undefined || this.#stopped.has(objectId)) continue;
      isNews ||= !this.#sightings.has(objectId);
      this.#unseen.delete(objectId);
      this.#sightings.delete(objectId);
      this.#sightings.set(objectId, { cameraId, atMs: nowMs });
    }
    trim(this.#sightings, maxSightings);
    return isNews;
  }

  stopping(objectId: number, nowMs: number): void {
    this.#stopping.set(objectId, nowMs);
    trim(this.#stopping, maxStopped);
  }

  stopped(objectId: number): void {
    this.#stopping.delete(objectId);
    this.#sightings.delete(objectId);
    this.#stopped.add(objectId);
    trim(this.#stopped, maxStopped);
  }

  isUnseen(objectId: number): boolean {
    return this.#unseen.has(objectId);
  }

  hasStopped(objectId: number): boolean {
    return this.#stopped.has(objectId);
  }

  /** `told`: those of the SDK. The newest first. */
  rows(told: ReadonlyMap<number, TrackedObject>, nowMs: number): readonly ObjectRow[] {
    const ids = new Set(told.keys());
    for (const [objectId, { atMs }] of this.#sightings)
      if (nowMs - atMs < unseenAfterMs) ids.add(objectId);
    return [...ids]
      .filter((objectId) => !this.#stopped.has(objectId))
      .sort((a, b) => b - a)
      .map((objectId) => ({
        objectId,
        image: told.get(objectId)?.image,
        lastSeen: this.#sightings.get(objectId),
        isUnseen: this.#unseen.has(objectId),
        isStopping: nowMs - (this.#stopping.get(objectId) ?? 0) < stopAgainAfterMs,
      }));
  }
}

function trim(
  keyed: { readonly size: number; keys(): IterableIterator<number>; delete(key: number): boolean },
  most: number,
): void {
  for (const oldest of keyed.keys()) {
    if (keyed.size <= most) return;
    keyed.delete(oldest);
  }
}
