/** The newest frame of one camera, for who paints it. */
import type { Frame } from "switchboard/client/tracking";

/** A frame and when it came, in ms since 1970. */
export interface ShownFrame extends Frame {
  readonly atMs: number;
}

export class FrameFeed {
  readonly #listeners = new Set<() => void>();
  #frame: ShownFrame | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): ShownFrame | undefined => this.#frame;

  show(frame: ShownFrame): void {
    this.#frame = frame;
    for (const listener of this.#listeners) listener();
  }
}
