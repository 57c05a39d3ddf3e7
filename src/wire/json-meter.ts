/** Bounds the number of values and the depth of JSON text before anything parses it. Pure. */
import { SwitchboardError } from "./error.ts";

/** How much structure a JSON text may have. */
export interface JsonBounds {
  /** Most values, those inside lists and objects included. */
  readonly maxJsonValues: number;
  /** Most lists and objects inside one another. */
  readonly maxJsonDepth: number;
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;

/**
 * Counts commas and brackets outside strings. A JSON text has at most one value more than it has
 * commas and opening brackets, so the count is an upper bound of what `JSON.parse` would build, at
 * a small part of its cost. Text that is not JSON gets a meaningless count; `JSON.parse` refuses it.
 *
 * Give it the text in pieces of any size, in order.
 */
export class JsonMeter {
  readonly #bounds: JsonBounds;
  #values = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  /** Counts one piece. Throws `too_large` as soon as a bound is passed; names the limit. */
  push(text: string): void {
    let at = 0;
    while (at < text.length) {
      if (this.#inString) {
        at = this.#skipString(text, at);
        continue;
      }
      const code = text.charCodeAt(at++);
      if (code === quote) this.#inString = true;
      else if (code === comma) this.#countValue();
      else if (code >= 0x5b) this.#countBracket(code);
    }
  }

  /** The place after the string that goes on at `at`; the end of the piece if it ends later. */
  #skipString(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#escaped) this.#escaped = false;
      else if (code === backslash) this.#escaped = true;
      else if (code === quote) {
        this.#inString = false;
        return at + 1;
      }
    }
    return text.length;
  }

  #countBracket(code: number): void {
    // One bit tells `[` from `{`, and `]` from `}`.
    const bracket = code | 0x20;
    if (bracket === 0x7b) {
      this.#countValue();
      if (++this.#depth > this.#bounds.maxJsonDepth) {
        throw new SwitchboardError(
          "too_large",
          `the JSON is nested more than ${this.#bounds.maxJsonDepth} levels deep ` +
            "(limits.maxJsonDepth): send it flatter",
        );
      }
    } else if (bracket === 0x7d) this.#depth--;
  }

  #countValue(): void {
    if (++this.#values <= this.#bounds.maxJsonValues) return;
    throw new SwitchboardError(
      "too_large",
      `the JSON has more than ${this.#bounds.maxJsonValues} values (limits.maxJsonValues): ` +
        "send fewer at once",
    );
  }
}

/** Throws `too_large` if a whole text is over the bounds. */
export function demandJsonBounds(text: string, bounds: JsonBounds): void {
  new JsonMeter(bounds).push(text);
}
