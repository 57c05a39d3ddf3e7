/** Finds where a client's frames begin and end in the bytes that it sends, RFC 6455 §5.2. */

/** What each buffer and each fragment that `ws` keeps costs beside its bytes. */
const overheadBytes = 256;

const closeOpcode = 0x8;
const finalBit = 0x80;
const maskBit = 0x80;

/** What `scan` has come to. `head`: the header of a frame with a payload; `frame`: a frame's end. */
export type ScanStop = "chunk" | "head" | "frame";

/**
 * Follows the headers of frames and skips their payloads. Checks nothing: the library that gets the
 * bytes rejects frames that break the protocol, and then nothing more is scanned.
 */
export class FrameScanner {
  /** Bytes of the header of the present frame that have come. */
  #headBytes = 0;
  #headSize = 2;
  #first = 0;
  #payloadBytes = 0;
  #leftBytes = 0;
  /** Payload bytes of the complete fragments of the unfinished message. */
  #fragmentBytes = 0;
  /** Memory that complete fragments hold, and that the buffers of the unfinished frame hold. */
  #fragmentMemory = 0;
  #frameMemory = 0;
  /** A fragment that is complete refers to the present chunk and keeps all of it. */
  #keepsChunk = false;
  #stop: ScanStop = "chunk";

  /** Why the last `scan` returned. */
  get stop(): ScanStop {
    return this.#stop;
  }

  /** After `frame`: whether it was a close frame. */
  get isClose(): boolean {
    return (this.#first & 0x0f) === closeOpcode;
  }

  /** Size of the present message as far as it was announced by the headers of its frames. */
  get announcedBytes(): number {
    return this.#isControl ? 0 : this.#fragmentBytes + this.#payloadBytes;
  }

  /** Payload bytes of the unfinished message that have come. */
  get receivedBytes(): number {
    const ofFrame =
      this.#isControl || this.#headBytes < this.#headSize
        ? 0
        : this.#payloadBytes - this.#leftBytes;
    return this.#fragmentBytes + ofFrame;
  }

  /** Memory that the library holds for bytes that are not yet a message. 0: there are none. */
  get heldBytes(): number {
    return this.#fragmentMemory + this.#frameMemory;
  }

  /** True between the header of a frame and the end of its payload. */
  get isInPayload(): boolean {
    return this.#headBytes === this.#headSize;
  }

  /** Scans the rest of a chunk for the end of a close frame. */
  findsClose(chunk: Uint8Array, from: number): boolean {
    for (let at = from; at < chunk.length; ) {
      at = this.scan(chunk, at);
      if (this.#stop === "frame" && this.isClose) return true;
    }
    return false;
  }

  /** Reads `chunk` from `at` to the next stop and returns where that is; the chunk's length at the most. */
  scan(chunk: Uint8Array, at: number): number {
    let next = at;
    while (this.#headBytes < this.#headSize) {
      if (next >= chunk.length) return this.#halt("chunk", next);
      this.#readHead(chunk[next++] ?? 0);
      if (this.#headBytes === this.#headSize) {
        this.#leftBytes = this.#payloadBytes;
        if (this.#payloadBytes > 0) return this.#halt("head", next);
      }
    }
    const skipped = Math.min(this.#leftBytes, chunk.length - next);
    this.#leftBytes -= skipped;
    next += skipped;
    if (this.#leftBytes > 0) return this.#halt("chunk", next);
    this.#endFrame();
    return this.#halt("frame", next);
  }

  /**
   * The last of a chunk of `bytes` has been scanned. `frameBytes`: memory that is held for the part
   * of an unfinished frame in it; the library keeps the whole chunk.
   */
  endChunk(bytes: number, frameBytes = bytes + overheadBytes): void {
    if (this.#keepsChunk) this.#fragmentMemory += bytes;
    this.#keepsChunk = false;
    if (this.#headBytes > 0) this.#frameMemory += frameBytes;
  }

  get #isControl(): boolean {
    return this.#headBytes > 0 && (this.#first & 0x08) !== 0;
  }

  #halt(stop: ScanStop, at: number): number {
    this.#stop = stop;
    return at;
  }

  #readHead(byte: number): void {
    const nth = this.#headBytes++;
    if (nth === 0) this.#first = byte;
    else if (nth === 1) {
      const short = byte & 0x7f;
      const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
      this.#headSize = 2 + lengthBytes + ((byte & maskBit) === 0 ? 0 : 4);
      this.#payloadBytes = lengthBytes === 0 ? short : 0;
      this.#leftBytes = lengthBytes;
    } else if (this.#leftBytes > 0) {
      this.#leftBytes--;
      this.#payloadBytes = this.#payloadBytes * 256 + byte;
    }
  }

  #endFrame(): void {
    const isControl = this.#isControl;
    this.#headBytes = 0;
    this.#headSize = 2;
    this.#frameMemory = 0;
    if (isControl) return;
    if ((this.#first & finalBit) !== 0) {
      this.#fragmentBytes = 0;
      this.#fragmentMemory = 0;
      this.#keepsChunk = false;
    } else {
      this.#fragmentBytes += this.#payloadBytes;
      this.#fragmentMemory += this.#payloadBytes + overheadBytes;
      this.#keepsChunk = true;
    }
  }
}
