/** Decodes UTF-8 text that comes in pieces. */
import { SwitchboardError } from "../../wire/error.ts";

const empty = new Uint8Array(0);

/**
 * Each piece is decoded for itself, so that text of ASCII takes one byte a character in memory; a
 * decoder that streams takes two. Characters may be cut by pieces. A byte order mark at the
 * beginning is dropped. Throws `bad_json` for what is not UTF-8.
 */
export class PieceDecoder {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The beginning of a character whose rest is in the next piece. */
  #rest: Uint8Array = empty;
  #begun = false;

  decode(piece: Uint8Array): string {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - cutLength(bytes);
    this.#rest = end === bytes.length ? empty : bytes.slice(end);
    const text = this.#decode(end === bytes.length ? bytes : bytes.subarray(0, end));
    if (this.#begun || text === "") return text;
    this.#begun = true;
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** The text is complete. */
  end(): void {
    this.#decode(this.#rest);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new SwitchboardError(
        "bad_json",
        "the body is not UTF-8 text: send JSON as UTF-8, not compressed",
      );
    }
  }
}

/** How many bytes at the end belong to a character that is not complete. */
function cutLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < wanted ? back : 0;
  }
  return 0;
}
