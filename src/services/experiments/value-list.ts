/** A JSON list of values by its text: counted, cut and joined without printing a value. Pure. */
import { type ListChunk, rawElements, SwitchboardError } from "../../kit/index.ts";

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

/** Values in chunks of text, so that no step has to touch all of them. */
export class ValueList {
  readonly length: number;
  /** About how much is to be stored of it, in bytes. */
  readonly size: number;
  readonly chunks: readonly ListChunk[];

  constructor(chunks: readonly ListChunk[]) {
    this.chunks = chunks;
    let [length, size] = [0, 0];
    for (const { text, count } of chunks) {
      length += count;
      size += text.length + 1;
    }
    this.length = length;
    this.size = size;
  }

  /** `text`: of a list that JSON.parse took, and found to have this length. It becomes one chunk. */
  static parsed(text: string, length: number): ValueList {
    if (length === 0) return new ValueList([]);
    const inner = text.slice(1, -1);
    // Without strings, whitespace is between the values only.
    return new ValueList([
      {
        text: scalars.test(inner) ? rawElements(text).join(",") : inner.replace(space, ""),
        count: length,
      },
    ]);
  }

  /**
   * The values of a span in pieces of at most `maxBytes`, each made when it is asked for. Throws
   * `too_large` at a value that is longer for itself.
   */
  *pieces(span: Span, maxBytes: number): Generator<Piece, void> {
    let first = 0;
    let from = span.from;
    let texts: string[] = [];
    let bytes = 0;
    let to = from;
    for (const chunk of this.chunks) {
      const begin = Math.max(span.from, first) - first;
      const end = Math.min(span.to, first + chunk.count) - first;
      first += chunk.count;
      if (begin >= end) continue;
      const text = cut(chunk, begin, end);
      const size = Buffer.byteLength(text);
      if (texts.length > 0 && bytes + size > maxBytes) {
        yield { from, to, text: texts.join(",") };
        from = to;
        texts = [];
        bytes = 0;
      }
      if (size > maxBytes) {
        yield* gathered(textsOf(text), from, maxBytes);
        from += end - begin;
      } else {
        texts.push(text);
        bytes += size + 1;
      }
      to += end - begin;
    }
    if (texts.length > 0) yield { from, to, text: texts.join(",") };
  }
}

/** Throws `too_large` if a value in the chunk is longer than `maxBytes`. */
export function demandShort({ text, count }: ListChunk, maxBytes: number): void {
  // Three bytes are the most that a character of the text takes.
  if (text.length * 3 <= maxBytes) return;
  const isShort = text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes;
  if (isShort) return;
  for (const value of count === 1 ? [text] : textsOf(text)) demandShortValue(value, maxBytes);
}

function demandShortValue(text: string, maxBytes: number): number {
  const size = Buffer.byteLength(text);
  if (size <= maxBytes) return size;
  throw new SwitchboardError(
    "too_large",
    `a value of ${size} bytes is over ${maxBytes} (services.experiments.maxValueBytes)`,
  );
}

/** Some values of a chunk. */
function cut({ text, count }: ListChunk, from: number, to: number): string {
  if (from === 0 && to === count) return text;
  if (scalars.test(text)) return rawElements(`[${text}]`).slice(from, to).join(",");
  return text.slice(beginOf(text, count, from), beginOf(text, count, to) - 1);
}

/**
 * Place of the nth of `count` values in a text without strings, lists and objects; behind the last,
 * one further than the text. Sought from the nearer end.
 */
function beginOf(text: string, count: number, nth: number): number {
  let begin = 0;
  if (nth <= count / 2) {
    for (let at = 0; at < nth; at++) begin = text.indexOf(",", begin) + 1;
    return begin;
  }
  begin = text.length + 1;
  for (let at = count; at > nth; at--) begin = text.lastIndexOf(",", begin - 2) + 1;
  return begin;
}

/** Consecutive values, from the nth on, as few pieces. */
function* gathered(
  texts: readonly string[],
  nth: number,
  maxBytes: number,
): Generator<Piece, void> {
  let from = nth;
  let some: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = demandShortValue(text, maxBytes);
    if (some.length > 0 && bytes + size > maxBytes) {
      yield { from, to: from + some.length, text: some.join(",") };
      from += some.length;
      some = [];
      bytes = 0;
    }
    some.push(text);
    bytes += size + 1;
  }
  if (some.length > 0) yield { from, to: from + some.length, text: some.join(",") };
}

/** The texts of the values in a piece's text. */
export function textsOf(text: string): readonly string[] {
  return scalars.test(text) ? rawElements(`[${text}]`) : text.split(",");
}
