/** Joins small chunks of an unfinished frame. */

/** A larger chunk is not copied. */
const smallBytes = 2048;

const gatheredBytes = 8192;

/**
 * `ws` keeps every chunk of an unfinished frame as a buffer of its own and shifts them off one
 * array when the frame is complete, which takes seconds for a frame that came byte by byte.
 */
export class ChunkGatherer {
  #buffer: Buffer | undefined;
  #length = 0;

  /** Copies a chunk. False, and nothing is copied, if it is not small or there is no room for it. */
  gather(chunk: Uint8Array): boolean {
    if (chunk.length >= smallBytes || this.#length + chunk.length > gatheredBytes) return false;
    this.#buffer ??= Buffer.allocUnsafeSlow(gatheredBytes);
    this.#buffer.set(chunk, this.#length);
    this.#length += chunk.length;
    return true;
  }

  /** Memory that is held. */
  get heldBytes(): number {
    return this.#buffer === undefined ? 0 : gatheredBytes;
  }

  /** What has been gathered, which is then not held here any more. */
  take(): Buffer | undefined {
    const gathered = this.#buffer?.subarray(0, this.#length);
    this.#buffer = undefined;
    this.#length = 0;
    return gathered;
  }
}
