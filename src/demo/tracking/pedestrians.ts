/** A small world: people walk along a corridor through three adjoining views. Pure: time and chance are handed in. */
import type { Random } from "../random.ts";

/** How many views the corridor has; each is one unit long. */
export const views = 3;

/** How many numbers describe how somebody looks. */
const featureCount = 16;

/** How much one look at the same person differs from another, in each number. */
const featureNoise = 0.06;

const mostPeople = 6;
const personWidth = 0.08;
const personHeight = 0.45;

/** Somebody in the corridor. */
interface Pedestrian {
  readonly id: number;
  readonly looks: readonly number[];
  /** From 0, the left end, to `views`. */
  place: number;
  /** Units a second; negative: to the left. */
  readonly speed: number;
  /** Where the feet are, from 0, the top, to 1. */
  readonly feet: number;
}

/** Somebody as a view sees them at one moment. */
export interface Sight {
  /** Who it really is, which no camera knows. */
  readonly pedestrian: number;
  /** [left, top, right, bottom], each from 0 to 1. */
  readonly rect: readonly [number, number, number, number];
  /** How they look, seen just now. */
  readonly features: readonly number[];
}

export class Pedestrians {
  readonly #random: Random;
  #people: Pedestrian[] = [];
  #lastId = 0;
  #untilNextS = 0;

  /** Three people are on their way already. */
  constructor(random: Random) {
    this.#random = random;
    for (let left = 3; left > 0; left--) this.#add(random.between(0, views));
  }

  /** How many are in the corridor. */
  get count(): number {
    return this.#people.length;
  }

  /** Lets time pass: people walk on, leave, and come in at either end. */
  advance(seconds: number): void {
    for (const person of this.#people) person.place += person.speed * seconds;
    this.#people = this.#people.filter(({ place }) => place >= 0 && place <= views);
    this.#untilNextS -= seconds;
    if (this.#untilNextS > 0 || this.#people.length >= mostPeople) return;
    this.#untilNextS = this.#random.between(1.5, 4);
    this.#add(undefined);
  }

  /** Who is in a view (0 is the left one), each with a fresh look. */
  seenFrom(view: number): readonly Sight[] {
    return this.#people
      .filter(({ place }) => Math.floor(place) === view)
      .map(({ id, looks, place, feet }) => {
        const centre = place - view;
        return {
          pedestrian: id,
          rect: [
            within(centre - personWidth / 2),
            within(feet - personHeight),
            within(centre + personWidth / 2),
            within(feet),
          ],
          features: looks.map((value) => value + featureNoise * this.#random.normal()),
        };
      });
  }

  /** `place` undefined: comes in at one end. */
  #add(place: number | undefined): void {
    const random = this.#random;
    const toTheRight = random.chance(0.5);
    this.#lastId++;
    this.#people.push({
      id: this.#lastId,
      looks: unit(Array.from({ length: featureCount }, () => random.normal())),
      place: place ?? (toTheRight ? 0 : views),
      speed: random.between(0.12, 0.3) * (toTheRight ? 1 : -1),
      feet: random.between(0.6, 0.95),
    });
  }
}

/** Known looks that are further away from a sight than this are of somebody else. */
const furthest = 0.7;

/** Whose looks are nearest to what was just seen; undefined if none are near. */
export function nearest(
  features: readonly number[],
  known: ReadonlyMap<number, readonly number[]>,
): number | undefined {
  let best: number | undefined;
  let bestDistance = furthest;
  for (const [id, looks] of known) {
    const distance = Math.hypot(...looks.map((value, nth) => value - (features[nth] ?? 0)));
    if (distance < bestDistance) {
      best = id;
      bestDistance = distance;
    }
  }
  return best;
}

function unit(vector: readonly number[]): readonly number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function within(value: number): number {
  return Math.min(1, Math.max(0, value));
}
