/** Many frames as one buffer, made once for connections that get the same ones. */
import type { Encoded } from "../../kit/encoded.ts";

/** A larger buffer is not kept for the next connection. */
const maxKeptBytes = 256 * 1024;

/**
 * A burst to a topic puts the same messages into every member's queue; the first member's buffer then serves the others.
 * What is kept is let go of with `forget`.
 */
export class FrameJoiner {
  #messages: readonly Encoded[] = [];
  #joined: Uint8Array | undefined;

  /** The frames of `messages`, one after another. Every message must have its frame. The answer may be shared: do not change it. */
  join(messages: readonly Encoded[]): Uint8Array {
    if (this.#joined !== undefined && this.#isLast(messages)) return this.#joined;
    let bytes = 0;
    for (const message of messages) bytes += frameOf(message).byteLength;
    const joined = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const message of messages) {
      const frame = frameOf(message);
      joined.set(frame, at);
      at += frame.byteLength;
    }
    if (bytes <= maxKeptBytes) {
      this.#messages = messages;
      this.#joined = joined;
    }
    return joined;
  }

  /** Lets go of the last burst. */
  forget(): void {
    this.#messages = [];
    this.#joined = undefined;
  }

  #isLast(messages: readonly Encoded[]): boolean {
    const last = this.#messages;
    if (last.length !== messages.length) return false;
    for (let i = 0; i < messages.length; i++) if (last[i] !== messages[i]) return false;
    return true;
  }
}

function frameOf({ frame }: Encoded): Uint8Array {
  if (frame === undefined) throw new TypeError("a message without its frame was to be joined");
  return frame;
}
