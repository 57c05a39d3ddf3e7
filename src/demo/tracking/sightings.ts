/** Who really is in which box: the cameras write it down, the interface looks up whether people were recognised rightly. */

/** How many boxes are remembered. */
const maxBoxes = 5000;

/** A box as clients name it. */
export interface BoxName {
  readonly cameraId: string;
  readonly frameId: number;
  readonly boxId: number;
}

export class Sightings {
  readonly #pedestrians = new Map<string, number>();

  /** Forgets the oldest. */
  write(box: BoxName, pedestrian: number): void {
    this.#pedestrians.set(keyOf(box), pedestrian);
    const [oldest] = this.#pedestrians.keys();
    if (this.#pedestrians.size > maxBoxes && oldest !== undefined) this.#pedestrians.delete(oldest);
  }

  /** Undefined for a box that is forgotten. */
  in(box: BoxName): number | undefined {
    return this.#pedestrians.get(keyOf(box));
  }
}

function keyOf({ cameraId, frameId, boxId }: BoxName): string {
  return `${cameraId} ${frameId} ${boxId}`;
}
