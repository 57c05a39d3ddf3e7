/** The tracked objects that an interface has been told of. */

/** An object that is tracked. */
export interface TrackedObject {
  readonly objectId: number;
  /** Base64; undefined for one that is tracked by its box in a frame. */
  readonly image: string | undefined;
}

/** As many as Switchboard tracks at once. */
const maxObjects = 10_000;
/** UTF-16 units of all images. */
const maxImagesLength = 256 << 20;

/** At the bounds the oldest give way. */
export class ObjectBoard {
  readonly #objects = new Map<number, TrackedObject>();
  #imagesLength = 0;

  /** A copy of what there is now. */
  snapshot(): ReadonlyMap<number, TrackedObject> {
    return new Map(this.#objects);
  }

  add(object: TrackedObject): void {
    this.remove(object.objectId);
    this.#objects.set(object.objectId, object);
    this.#imagesLength += lengthOf(object);
    for (const objectId of this.#objects.keys()) {
      if (this.#objects.size <= maxObjects && this.#imagesLength <= maxImagesLength) break;
      this.remove(objectId);
    }
  }

  remove(objectId: number): void {
    const object = this.#objects.get(objectId);
    if (object === undefined) return;
    this.#objects.delete(objectId);
    this.#imagesLength -= lengthOf(object);
  }

  /** Forgets those with an image. */
  removePictured(): void {
    for (const object of [...this.#objects.values()])
      if (object.image !== undefined) this.remove(object.objectId);
  }

  clear(): void {
    this.#objects.clear();
    this.#imagesLength = 0;
  }
}

function lengthOf({ image = "" }: TrackedObject): number {
  return image.length;
}
