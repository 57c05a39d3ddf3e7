/** In which spelling a camera has sent its frame ids: browsers print 12.0 as 12, and the camera would not know it again. */

/** Most spellings that are remembered of numbers which are one in JavaScript: 20-digit ids next to each other are. */
const maxSpellings = 8;

/** Longer numbers are not remembered. */
const maxSpellingLength = 100;

/** The newest frame ids of one camera. */
export class FrameIds {
  readonly #maxFrameIds: number;
  /** By value, the oldest first; of each the spellings, the newest last. */
  readonly #spellings = new Map<number, readonly string[]>();

  constructor(maxFrameIds: number) {
    this.#maxFrameIds = maxFrameIds;
  }

  get size(): number {
    return this.#spellings.size;
  }

  /** `text`: a JSON number. */
  sent(text: string): void {
    if (text.length > maxSpellingLength) return;
    const value = Number(text);
    const before = this.#spellings.get(value) ?? [];
    this.#spellings.delete(value);
    this.#spellings.set(
      value,
      [...before.filter((spelling) => spelling !== text), detached(text)].slice(-maxSpellings),
    );
    for (const oldest of this.#spellings.keys()) {
      if (this.#spellings.size <= this.#maxFrameIds) break;
      this.#spellings.delete(oldest);
    }
  }

  /**
   * A number as the camera last sent an equal one; as it is if the camera sent none. Numbers that are one in JavaScript are told apart
   * where the text does: only what a browser may have rounded stands for all of them.
   */
  spelled(text: string): string {
    const spellings =
      text.length > maxSpellingLength ? undefined : this.#spellings.get(Number(text));
    if (spellings === undefined) return text;
    const exact = decimal(text);
    const equal = spellings.findLast((spelling) => decimal(spelling) === exact);
    if (equal !== undefined) return equal;
    const asInJavaScript = String(Number(text)) === text;
    return asInJavaScript ? (spellings.at(-1) ?? text) : text;
  }
}

/** The frame ids of cameras: also of those that have gone for a while, but of so many only. */
export class FrameIdsByCamera {
  readonly #maxCameras: number;
  readonly #maxFrameIds: number;
  /** The camera that was asked for longest ago first. */
  readonly #cameras = new Map<string, FrameIds>();

  constructor(maxCameras: number, maxFrameIds: number) {
    this.#maxCameras = maxCameras;
    this.#maxFrameIds = maxFrameIds;
  }

  of(cameraId: string): FrameIds {
    const frameIds = this.#cameras.get(cameraId) ?? new FrameIds(this.#maxFrameIds);
    this.#cameras.delete(cameraId);
    this.#cameras.set(cameraId, frameIds);
    for (const oldest of this.#cameras.keys()) {
      if (this.#cameras.size <= this.#maxCameras) break;
      this.#cameras.delete(oldest);
    }
    return frameIds;
  }
}

/** The exact value of a JSON number, as a text that equal numbers share. */
export function decimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** A copy: a slice would keep the whole frame that it came in. */
function detached(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
