/** Which cameras there are, and how each of them is. */
import type { CameraView } from "switchboard/client/tracking";

/**
 * `online`: frames come. `stopped`: connected, but silent. `offline`: was here, and is not connected now. `starting`: connected, and
 * there has been no time yet to hear it. `unknown`: this page itself has no connection.
 */
export type CameraState = "online" | "stopped" | "offline" | "starting" | "unknown";

/** A camera as the page shows it. */
export interface CameraRow {
  readonly cameraId: string;
  readonly state: CameraState;
  /** When its processor connected, in ms since 1970 by the server's clock; undefined if it is not connected. */
  readonly since: number | undefined;
  /** When the last frame came here, in ms since 1970 by this browser's clock. */
  readonly lastFrameAt: number | undefined;
  readonly framesPerSecond: number;
}

/** `GET /tracking/cameras`. */
export interface ConnectedCamera {
  readonly cameraId: string;
  readonly since: number;
}

/** A connected camera that has sent nothing for so long is silent. As long as the frame rate is measured over. */
export const silentAfterMs = 5000;

/** As many as the server serves. */
const maxCameras = 1000;

interface Known {
  since: number | undefined;
  /** When this page first knew it as connected, since it was last gone: by this browser's clock. */
  connectedHereMs: number | undefined;
}

/** Remembers who was ever connected or heard, so that who goes is missed. Of more than 1,000 the first known go, if they are gone. */
export class CameraBook {
  readonly #known = new Map<string, Known>();

  /** Who is connected, as the server said now. */
  connected(cameras: readonly ConnectedCamera[], nowMs: number): void {
    const sinceById = new Map(cameras.map(({ cameraId, since }) => [cameraId, since]));
    for (const [cameraId, known] of this.#known) {
      if (sinceById.has(cameraId)) continue;
      known.since = undefined;
      known.connectedHereMs = undefined;
    }
    const byName = [...sinceById].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
    for (const [cameraId, since] of byName) {
      const known = this.#know(cameraId);
      if (known.since !== since) known.connectedHereMs = nowMs;
      known.since = since;
    }
  }

  /**
   * In the order in which they came to be known, those of one answer by name: a newcomer moves nobody. `heardSinceMs`: since when this page has been
   * able to hear cameras; undefined: it cannot now.
   */
  rows(
    views: ReadonlyMap<string, CameraView>,
    heardSinceMs: number | undefined,
    nowMs: number,
  ): readonly CameraRow[] {
    for (const cameraId of views.keys()) this.#know(cameraId);
    return [...this.#known].map(([cameraId, { since, connectedHereMs }]) => {
      const view = views.get(cameraId);
      const heard =
        heardSinceMs === undefined ? undefined : Math.max(heardSinceMs, connectedHereMs ?? 0);
      return {
        cameraId,
        state: stateOf({
          isConnected: since !== undefined,
          lastFrameAt: view?.lastFrameAt,
          heardSinceMs: heard,
          nowMs,
        }),
        since,
        lastFrameAt: view?.lastFrameAt,
        framesPerSecond: view?.framesPerSecond ?? 0,
      };
    });
  }

  #know(cameraId: string): Known {
    const before = this.#known.get(cameraId);
    if (before !== undefined) return before;
    const known = { since: undefined, connectedHereMs: undefined };
    this.#known.set(cameraId, known);
    if (this.#known.size > maxCameras) {
      for (const [id, { since }] of this.#known) {
        if (since !== undefined || id === cameraId) continue;
        this.#known.delete(id);
        break;
      }
    }
    return known;
  }
}

interface Evidence {
  readonly isConnected: boolean;
  readonly lastFrameAt: number | undefined;
  readonly heardSinceMs: number | undefined;
  readonly nowMs: number;
}

/** A frame that has just come is the best evidence; the server's list is a little older. */
export function stateOf({ isConnected, lastFrameAt, heardSinceMs, nowMs }: Evidence): CameraState {
  if (heardSinceMs === undefined) return "unknown";
  if (lastFrameAt !== undefined && nowMs - lastFrameAt < silentAfterMs) return "online";
  if (!isConnected) return "offline";
  return nowMs - heardSinceMs < silentAfterMs ? "starting" : "stopped";
}
