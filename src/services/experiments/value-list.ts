/** A JSON list of values by its text: counted, cut and joined without printing a value again. Pure. */
import { rawElements, SwitchboardError } from "../../kit/index.ts";

/** Some of a list's values: `from` (included) to `to` (not). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Values as they are stored and sent: their texts with commas between. */
export interface Piece extends Span {
  readonly text: string;
}

const scalars = /["[{]/;
const space = /[ \n\r\t]+/g;

/** Most lists are of numbers: then their text is cut at its commas, and nothing is taken apart. */
export class ValueList {
  readonly length: number;
  readonly #text: string;
  readonly #flat: boolean;
  #elements: readonly string[] | undefined;

  /** `text`: of a list that JSON.parse took, and found to have this length. */
  constructor(text: string, length: number) {
    this.length = length;
    this.#flat = !scalars.test(text.slice(1));
    // Without strings, whitespace is between the values only.
    this.#text = this.#flat ? text.slice(1, -1).replace(space, "") : text;
  }

  /** About how much is to be stored of it, in bytes. */
  get size(): number {
    return this.#text.length;
  }

  /** Of values with their texts. */
  static of(texts: readonly string[]): ValueList {
    return new ValueList(`[${texts.join(",")}]`, texts.length);
  }

  /** Throws `too_large` if a value is longer than `maxBytes`. */
  demandShort(maxBytes: number): void {
    const isShort = this.#flat
      ? this.#text.length <= maxBytes
      : Buffer.byteLength(this.#text) <= maxBytes;
    if (!isShort) this.pieces({ from: 0, to: this.length }, maxBytes);
  }

  /** These values and those of `other` behind them. */
  with(other: ValueList): ValueList {
    return ValueList.of([...this.#texts(), ...other.#texts()]);
  }

  /** The values of a span in pieces of at most `maxBytes`; one that is longer for itself is refused with `too_large`. */
  pieces(span: Span, maxBytes: number): Piece[] {
    if (span.from >= span.to) return [];
    if (this.#flat) {
      const text = this.#text.slice(this.#begin(span.from), this.#begin(span.to) - 1);
      return text.length <= maxBytes
        ? [{ ...span, text }]
        : gathered(text.split(","), span.from, maxBytes);
    }
    return gathered(this.#texts().slice(span.from, span.to), span.from, maxBytes);
  }

  #texts(): readonly string[] {
    if (this.length === 0) return [];
    this.#elements ??= this.#flat ? this.#text.split(",") : rawElements(this.#text);
    return this.#elements;
  }

  /** Place of the nth value in the text of a flat list; behind the last, one further than the text. Sought from the nearer end. */
  #begin(nth: number): number {
    const text = this.#text;
    let begin = 0;
    if (nth <= this.length / 2) {
      for (let at = 0; at < nth; at++) begin = text.indexOf(",", begin) + 1;
      return begin;
    }
    begin = text.length + 1;
    for (let at = this.length; at > nth; at--) begin = text.lastIndexOf(",", begin - 2) + 1;
    return begin;
  }
}

/** Consecutive values, from the nth on, as few pieces. */
function gathered(texts: readonly string[], nth: number, maxBytes: number): Piece[] {
  const pieces: Piece[] = [];
  let from = nth;
  let some: string[] = [];
  let bytes = 0;
  const end = () => {
    pieces.push({ from, to: from + some.length, text: some.join(",") });
    from += some.length;
    some = [];
    bytes = 0;
  };
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    if (size > maxBytes) {
      throw new SwitchboardError(
        "too_large",
        `a value of ${size} bytes is over ${maxBytes} (services.experiments.maxValueBytes)`,
      );
    }
    if (some.length > 0 && bytes + size > maxBytes) end();
    some.push(text);
    bytes += size + 1;
  }
  end();
  return pieces;
}

/** The texts of the values in a piece's text. */
export function textsOf(text: string): readonly string[] {
  return scalars.test(text) ? rawElements(`[${text}]`) : text.split(",");
}
