/** What an interface has seen of each camera. */
import type { Box } from "./messages/boxes-message.ts";
import type { JsonNumber } from "./messages/json-number.ts";

/** The boxes in one frame of a camera. */
export interface Frame {
  readonly cameraId: string;
  /** For `startTracking`; its `value` is the number. */
  readonly frameId: JsonNumber;
  readonly boxes: readonly Box[];
}

/** A camera as it was seen last. */
export interface CameraView {
  readonly lastFrame: Frame;
  /** When that came: ms since 1970, by this client's clock. */
  readonly lastFrameAt: number;
  /** Measured as frames came here, over the last five seconds: 0 for a camera that has been silent for so long. */
  readonly framesPerSecond: number;
}

/** Where the time comes from. */
export interface BoardClock {
  /** ms since 1970. */
  now(): number;
  /** ms that never go back. */
  monotonic(): number;
}

interface Seen {
  readonly lastFrame: Frame;
  readonly lastFrameAt: number;
  /** When the last frames came, the oldest first, by the monotonic clock. */
  readonly arrivalsMs: number[];
}

const windowMs = 5000;
/** Of one camera, so many arrivals are remembered: 50 frames a second fill the window. */
const maxArrivals = 250;
/** The camera that has been silent for longest gives way: as many as Switchboard serves. */
const maxCameras = 1000;

/** A camera appears with its first boxes. The protocol does not say when one goes: it is silent then, and stays here. */
export class CameraBoard {
  readonly #clock: BoardClock;
  /** The camera that has been silent for longest first. */
  readonly #cameras = new Map<string, Seen>();

  constructor(clock: BoardClock) {
    this.#clock = clock;
  }

  saw(frame: Frame): void {
    const arrivalsMs = this.#cameras.get(frame.cameraId)?.arrivalsMs ?? [];
    arrivalsMs.push(this.#clock.monotonic());
    if (arrivalsMs.length > maxArrivals) arrivalsMs.shift();
    this.#cameras.delete(frame.cameraId);
    this.#cameras.set(frame.cameraId, {
      lastFrame: frame,
      lastFrameAt: this.#clock.now(),
      arrivalsMs,
    });
    for (const silent of this.#cameras.keys()) {
      if (this.#cameras.size <= maxCameras) break;
      this.#cameras.delete(silent);
    }
  }

  /** Only these are watched from now on. */
  keep(cameraIds: ReadonlySet<string>): void {
    for (const cameraId of this.#cameras.keys())
      if (!cameraIds.has(cameraId)) this.#cameras.delete(cameraId);
  }

  /** As it is now, by the cameras' ids. */
  snapshot(): ReadonlyMap<string, CameraView> {
    const nowMs = this.#clock.monotonic();
    const views = new Map<string, CameraView>();
    for (const [cameraId, { lastFrame, lastFrameAt, arrivalsMs }] of this.#cameras) {
      views.set(cameraId, { lastFrame, lastFrameAt, framesPerSecond: rate(arrivalsMs, nowMs) });
    }
    return views;
  }
}

/** Frames between the oldest arrival in the window and now, by the time between them. */
function rate(arrivalsMs: readonly number[], nowMs: number): number {
  const recent = arrivalsMs.filter((atMs) => atMs > nowMs - windowMs);
  const [first] = recent;
  return first === undefined || nowMs <= first ? 0 : ((recent.length - 1) * 1000) / (nowMs - first);
}
