/** An experiment's log text on its way to one subscriber: the first message, even an empty one, then all that comes. */
import { RawJson } from "../../kit/index.ts";
import { maxFrameBytes } from "./sample-frame.ts";
import type { SubjectReader } from "./subject-reader.ts";
import { outputOf } from "./text-log.ts";

/** Around the text: `{"message":{"action":"experiment:output","data":"…"}}`. */
const envelopeBytes = 64;

export class OutputFeed {
  readonly #reader: SubjectReader;
  /** Taken from the reader, and not yet sent; escaped. */
  readonly #waiting: string[] = [];

  constructor(reader: SubjectReader) {
    this.#reader = reader;
  }

  get isReady(): boolean {
    return this.#waiting.length > 0 || this.#reader.isReady;
  }

  /** The JSON of as much text as is there and fits into a frame; of nothing where there is none. */
  async next(): Promise<RawJson> {
    const texts: string[] = [];
    let bytes = envelopeBytes;
    for (;;) {
      const [text] = this.#waiting;
      if (text === undefined) {
        if (!this.#reader.isReady) break;
        for (const { data } of await this.#reader.next()) this.#waiting.push(outputOf(data));
        continue;
      }
      const size = Buffer.byteLength(text);
      if (bytes + size > maxFrameBytes && texts.length > 0) break;
      texts.push(text);
      bytes += size;
      this.#waiting.shift();
    }
    return new RawJson(`"${texts.join("")}"`);
  }
}
