/** What the tracking decides, from what it is given only. */
import { SwitchboardError } from "../../kit/index.ts";

/** One entry of a timeline. */
export interface Spotting {
  readonly processorId: string;
  /** Seconds since 1970. */
  readonly second: number;
}

/** The objects that boxes say they are, each once, in order of first mention. Boxes of any form may be among them. */
export function mentioned(boxes: readonly unknown[]): number[] {
  const ids = new Set<number>();
  for (const box of boxes) {
    if (typeof box !== "object" || box === null || !Object.hasOwn(box, "objectId")) continue;
    const { objectId } = box as { readonly objectId: unknown };
    if (typeof objectId === "number") ids.add(objectId);
  }
  return [...ids];
}

/** What one processor has seen in the present second, so that one second gives one entry. */
export class SpottedNow {
  #second = Number.NaN;
  readonly #ids = new Set<number>();

  /** Those of these objects that have no entry of this second yet. */
  fresh<Identified extends { readonly id: number }>(
    objects: readonly Identified[],
    second: number,
  ): Identified[] {
    return objects.filter(({ id }) => second !== this.#second || !this.#ids.has(id));
  }

  /** These have one now. */
  add(objects: readonly { readonly id: number }[], second: number): void {
    if (second !== this.#second) this.#ids.clear();
    this.#second = second;
    for (const { id } of objects) this.#ids.add(id);
  }
}

/**
 * Drops what is in a timeline twice: after a restart, or a change of nodes, within one second. Stored spottings of one processor
 * come in the order of time.
 */
export function distinct(spottings: Iterable<Spotting>): Spotting[] {
  const last = new Map<string, number>();
  const entries: Spotting[] = [];
  for (const spotting of spottings) {
    if (last.get(spotting.processorId) === spotting.second) continue;
    last.set(spotting.processorId, spotting.second);
    entries.push(spotting);
  }
  return entries;
}

/** `YYYY/MM/DD | HH:MM:SS` in the server's local time. */
export function timeStamp(second: number): string {
  const time = new Date(second * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${String(time.getFullYear()).padStart(4, "0")}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  return `${date} | ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The id that a query names; undefined if it is none that an object can have. */
export function idOf(text: string): number | undefined {
  const id = /^\d+$/.test(text) ? Number(text) : 0;
  return isId(id) ? id : undefined;
}

/** Whether an object can have this id. */
export function isId(id: number): boolean {
  return Number.isSafeInteger(id) && id > 0;
}

/** The bounds on what objects hold, from the config. */
export interface HeldBounds {
  readonly maxObjects: number;
  readonly maxHeldLength: number;
}

/** Throws `over_capacity` if one more object with this image is too much. */
export function demandRoom(
  now: { readonly size: number; readonly heldLength: number },
  image: string,
  bounds: HeldBounds,
): void {
  if (now.size >= bounds.maxObjects) {
    throw new SwitchboardError(
      "over_capacity",
      `${bounds.maxObjects} objects are tracked already (services.tracking.maxObjects)`,
    );
  }
  demandHeld(now.heldLength + image.length, bounds);
}

/** Throws `over_capacity` if so much would be too much. */
export function demandHeld(heldLength: number, { maxHeldLength }: HeldBounds): void {
  if (heldLength <= maxHeldLength) return;
  throw new SwitchboardError(
    "over_capacity",
    `images and feature maps of tracked objects have ${maxHeldLength} characters already (services.tracking.maxHeldLength): stop some`,
  );
}
