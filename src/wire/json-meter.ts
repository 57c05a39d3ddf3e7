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
    if (text === "") return;
    let at = this.#inString ? this.#skipString(text, 0) : 0;
    // In variables of its own: the loop is all that this costs.
    let values = this.#values;
    let depth = this.#depth;
    const { maxJsonValues, maxJsonDepth } = this.#bounds;
    while (at < text.length) {
      const code = text.charCodeAt(at++);
      if (code === comma) values++;
      else if (code === quote) at = this.#skipString(text, at);
      else if (code >= 0x5b) {
        // One bit tells `[` from `{`, and `]` from `}`.
        const bracket = code | 0x20;
        if (bracket === 0x7b) {
          values++;
          if (++depth > maxJsonDepth) throw tooDeep(this.#bounds);
        } else if (bracket === 0x7d) depth--;
        else continue;
      } else continue;
      if (values > maxJsonValues) throw tooManyValues(this.#bounds);
    }
    this.#values = values;
    this.#depth = depth;
  }

  /** The place after the string that goes on at `at`; the end of the piece if it ends later. */
  #skipString(text: string, from: number): number {
    const begin = this.#escaped ? from + 1 : from;
    this.#inString = true;
    for (let end = text.indexOf('"', begin); end !== -1; end = text.indexOf('"', end + 1)) {
      if (isEscaped(text, begin, end)) continue;
      this.#inString = false;
      this.#escaped = false;
      return end + 1;
    }
    this.#escaped = isEscaped(text, begin, text.length);
    return text.length;
  }
}

/**
 * Throws `too_large` if a whole text is over the bounds. Most texts need no count: one of n
 * characters has at most n values and n / 2 levels, and no more levels than brackets.
 */
export function demandJsonBounds(text: string, bounds: JsonBounds): void {
  const { maxJsonDepth, maxJsonValues } = bounds;
  if (text.length <= maxJsonValues) {
    if (text.length <= 2 * maxJsonDepth || hasFewBrackets(text, maxJsonDepth)) return;
  }
  new JsonMeter(bounds).push(text);
}

/** Whether a text has at most `most` opening brackets, those in strings included. */
function hasFewBrackets(text: string, most: number): boolean {
  let found = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++found > most) return false;
    }
  }
  return true;
}

/**
 * Throws `too_large` if a value that a library has parsed is over the bounds. Stops at the bound: the
 * cost is that of the values allowed, and the recursion is as deep as `maxJsonDepth`. Binary data
 * counts as one value.
 */
export function demandValueBounds(value: unknown, bounds: JsonBounds): void {
  if (typeof value === "object" && value !== null) countInner(value, bounds, 1, 1);
}

/** The number of values so far, those in `value` included; `values` are counted already. */
function countInner(value: object, bounds: JsonBounds, values: number, depth: number): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return values;
  if (depth > bounds.maxJsonDepth) throw tooDeep(bounds);
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let count = values + inner.length;
  if (count > bounds.maxJsonValues) throw tooManyValues(bounds);
  for (const member of inner) {
    if (typeof member === "object" && member !== null)
      count = countInner(member, bounds, count, depth + 1);
  }
  return count;
}

/** Whether an odd number of backslashes is before `end`, from `begin` on. */
function isEscaped(text: string, begin: number, end: number): boolean {
  let before = end - 1;
  while (before >= begin && text.charCodeAt(before) === backslash) before--;
  return (end - before) % 2 === 0;
}

/** What is thrown for a text with more values than the bound. */
export function tooManyValues({ maxJsonValues }: JsonBounds): SwitchboardError {
  return new SwitchboardError(
    "too_large",
    `the JSON has more than ${maxJsonValues} values (limits.maxJsonValues): send fewer at once`,
  );
}

/** What is thrown for a text with more levels than the bound. */
export function tooDeep({ maxJsonDepth }: JsonBounds): SwitchboardError {
  return new SwitchboardError(
    "too_large",
    `the JSON is nested more than ${maxJsonDepth} levels deep (limits.maxJsonDepth): ` +
      "send it flatter",
  );
}
