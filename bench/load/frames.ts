/** WebSocket frames as a load generator needs them: masked client frames out, server frames in by their headers. RFC 6455 §5. */
import { randomBytes } from "node:crypto";

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One final, masked frame. Written again and again it keeps its mask, which costs a server what a fresh one would. */
export function clientFrame(opcode: number, payload: string | Buffer): Buffer {
  const data = typeof payload === "string" ? Buffer.from(payload) : payload;
  const lengthBytes = data.length < 126 ? 0 : data.length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + lengthBytes + 4 + data.length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (lengthBytes === 0 ? data.length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(data.length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(data.length), 2);
  const mask = randomBytes(4);
  const start = 2 + lengthBytes + 4;
  mask.copy(frame, start - 4);
  for (let at = 0; at < data.length; at++)
    frame[start + at] = (data[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return frame;
}

/** Gets one whole frame: its payload is `buffer[start … start+length)`, valid only during the call. */
export type FrameListener = (opcode: number, buffer: Buffer, start: number, length: number) => void;

/**
 * Cuts a server's bytes into frames, whatever the chunks they come in. Throws on what no server here may send: a masked or
 * fragmented frame, or one with a reserved bit (a compressed one), because each would make the count wrong.
 */
export class FrameReader {
  readonly #listener: FrameListener;
  /** The beginning of a frame whose end has not come. */
  #rest: Buffer | undefined;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Reads `chunk[from … to)`. The chunk may be overwritten afterwards. */
  push(chunk: Buffer, from: number, to: number): void {
    let buffer = chunk;
    let at = from;
    let end = to;
    if (this.#rest !== undefined) {
      buffer = Buffer.concat([this.#rest, chunk.subarray(from, to)]);
      this.#rest = undefined;
      at = 0;
      end = buffer.length;
    }
    while (at + 2 <= end) {
      const first = buffer[at] ?? 0;
      const short = buffer[at + 1] ?? 0;
      if ((first & 0xf0) !== 0x80 || short > 127) {
        throw new Error(
          `a server frame that begins ${first.toString(16)} ${short.toString(16)}: masked, fragmented or compressed`,
        );
      }
      let start = at + 2;
      let length = short;
      if (short === 126) {
        start += 2;
        if (start > end) break;
        length = buffer.readUInt16BE(at + 2);
      } else if (short === 127) {
        start += 8;
        if (start > end) break;
        length = Number(buffer.readBigUInt64BE(at + 2));
      }
      if (start + length > end) break;
      this.#listener(first & 0x0f, buffer, start, length);
      at = start + length;
    }
    if (at < end) this.#rest = Buffer.from(buffer.subarray(at, end));
  }
}
