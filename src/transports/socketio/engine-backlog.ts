/** What waits in the engine of one session until its transport takes it. */

/** What a waiting packet of the library costs beside its text. */
const packetOverheadBytes = 64;

/** Counts packets, ours and those that the library sends by itself. */
export class EngineBacklog {
  /** True while the packets being created are ours. */
  isOurs = false;
  #bytes = 0;
  #libraryBytes = 0;

  /** Bytes of all packets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the library's: answers, pongs, refusals. */
  get libraryBytes(): number {
    return this.#libraryBytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (!this.isOurs) this.#libraryBytes += bytes + packetOverheadBytes;
  }

  clear(): void {
    this.#bytes = 0;
    this.#libraryBytes = 0;
  }
}
