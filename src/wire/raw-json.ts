/** JSON values kept as their own text, and the span scanner that slices them out of a larger text without printing anything again. */
import { SwitchboardError } from "./error.ts";

const quote = 0x22;
const backslash = 0x5c;

/**
 * A JSON value by its own text, for what is only relayed: `printJson` copies `text` verbatim, so that `1.0`, `1e-7` and 20-digit
 * integers reach the other side as they came. The text is not checked here: hand in the text of one JSON value, as the
 * functions below return it from text that `JSON.parse` took.
 */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * The parsed value, so that a plain `JSON.stringify` (a log line, a Socket.IO payload) prints the right value, though in
   * JavaScript's spelling of its numbers; where the spelling matters, use `printJson`. Throws `SyntaxError` if the text is not JSON
   * (for example a relayed bare `NaN`).
   */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/**
 * The text of each member's value of a JSON object, by decoded key, without the whitespace around it. Of duplicate keys the last
 * wins, as in `JSON.parse`; the order is that in which the keys first appear.
 *
 * `text` must be JSON that `JSON.parse` took (bare words such as `NaN` in the place of a value do no harm); for other text the
 * result, or a `SyntaxError`, means nothing, but it comes after one pass. Throws `bad_message` if the value is not an object.
 *
 * The slices share memory with `text`: one kept for long keeps the whole of it alive.
 */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  scanMembers(text, (keyStart, keyEnd, start, end) => {
    members.set(decodeKey(text, keyStart, keyEnd), text.slice(start, end));
  });
  return members;
}

/**
 * `rawMembers(text).get(key)` without slicing out the other members; `undefined` if there is no such key. Every call scans the
 * whole text (a later duplicate would win): for several keys of one small object, `rawMembers` is cheaper.
 */
export function rawMember(text: string, key: string): string | undefined {
  let foundStart = 0;
  let foundEnd = 0;
  scanMembers(text, (keyStart, keyEnd, start, end) => {
    // Escapes only make a key longer, so a shorter one cannot be it and need not be decoded.
    if (keyEnd - keyStart - 2 < key.length || decodeKey(text, keyStart, keyEnd) !== key) return;
    foundStart = start;
    foundEnd = end;
  });
  return foundEnd === 0 ? undefined : text.slice(foundStart, foundEnd);
}

/** A JSON object down to a depth: its members' values, each as its text or, where that is an object above the depth, as such a tree. */
export type RawTree = ReadonlyMap<string, string | RawTree>;

/**
 * As `rawMembers`, `depth` objects deep in the one pass: a member that is an object becomes a tree itself, until the depth is used up.
 * `rawTree(text, 1)` is `rawMembers(text)`.
 */
export function rawTree(text: string, depth: number): RawTree {
  return treeAt(text, openingOf(text, "{", "object"), closingOf(text) + 1, depth).tree;
}

/** The text of each element of a JSON array, in order; what is said of `rawMembers` holds here. Throws `bad_message` if it is not an array. */
export function rawElements(text: string): string[] {
  const elements: string[] = [];
  const open = openingOf(text, "[", "array");
  const close = closingOf(text);
  let at = skipSpace(text, open + 1);
  while (at < close) {
    const end = valueEnd(text, at, close);
    elements.push(text.slice(at, end));
    at = skipSpace(text, skipSpace(text, end) + 1);
  }
  return elements;
}

/** Calls `visit` with the span of each key (its quotes included) and of its value, in the order of the text. */
function scanMembers(
  text: string,
  visit: (keyStart: number, keyEnd: number, start: number, end: number) => void,
): void {
  const open = openingOf(text, "{", "object");
  const close = closingOf(text);
  let at = skipSpace(text, open + 1);
  while (at < close) {
    const keyEnd = stringEnd(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = valueEnd(text, start, close);
    visit(at, keyEnd, start, end);
    at = skipSpace(text, skipSpace(text, end) + 1);
  }
}

/** The tree of the object that opens at `open`, and the place after it. `limit`: nothing at or after it belongs to the text. */
function treeAt(
  text: string,
  open: number,
  limit: number,
  depth: number,
): { readonly tree: RawTree; readonly end: number } {
  const tree = new Map<string, string | RawTree>();
  let at = skipSpace(text, open + 1);
  while (at < limit && text.charCodeAt(at) !== 0x7d) {
    const keyEnd = stringEnd(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    let end: number;
    if (depth > 1 && text.charCodeAt(start) === 0x7b) {
      const inner = treeAt(text, start, limit, depth - 1);
      tree.set(decodeKey(text, at, keyEnd), inner.tree);
      end = inner.end;
    } else {
      end = memberEnd(text, start, limit);
      tree.set(decodeKey(text, at, keyEnd), text.slice(start, end));
    }
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === 0x2c) at = skipSpace(text, at + 1);
  }
  return { tree, end: at + 1 };
}

/** As `valueEnd`, where the bracket that closes the object is not known yet. */
function memberEnd(text: string, at: number, limit: number): number {
  const code = text.charCodeAt(at);
  if (code === quote || code === 0x7b || code === 0x5b) return valueEnd(text, at, limit);
  let end = at;
  while (end < limit && !isScalarEnd(text.charCodeAt(end))) end++;
  return end;
}

function isScalarEnd(code: number): boolean {
  return code === 0x2c || code === 0x7d || isSpace(code);
}

function decodeKey(text: string, keyStart: number, keyEnd: number): string {
  const key = text.slice(keyStart + 1, keyEnd - 1);
  return key.includes("\\") ? (JSON.parse(`"${key}"`) as string) : key;
}

function openingOf(text: string, opening: "{" | "[", wanted: "object" | "array"): number {
  const at = skipSpace(text, 0);
  if (text[at] === opening) return at;
  const seen = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw new SwitchboardError(
    "bad_message",
    `expected a JSON ${wanted}, got ${seen}: send an ${wanted} there`,
  );
}

/** Place of the last character that is not whitespace: the bracket that closes the outermost value. */
function closingOf(text: string): number {
  let at = text.length - 1;
  while (isSpace(text.charCodeAt(at))) at--;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Place after the value that starts at `at`, within an object or array whose closing bracket is at `close`. */
function valueEnd(text: string, at: number, close: number): number {
  const code = text.charCodeAt(at);
  if (code === quote) return stringEnd(text, at);
  if (code === 0x7b || code === 0x5b) return nestedEnd(text, at);
  const comma = text.indexOf(",", at);
  let end = comma === -1 ? close : comma;
  while (end > at && isSpace(text.charCodeAt(end - 1))) end--;
  return end;
}

/** Place after the string whose opening quote is at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before--;
    // An even number of backslashes escape one another, not the quote.
    if ((end - before) % 2 === 1) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** Place after the object or array whose opening bracket is at `start`. */
function nestedEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = stringEnd(text, at) - 1;
    else if (code >= 0x5b) {
      // One bit tells `[` from `{`, and `]` from `}`; valid text pairs them rightly, so one depth serves for both.
      const bracket = code | 0x20;
      if (bracket === 0x7b) depth++;
      else if (bracket === 0x7d && --depth === 0) return at + 1;
    }
  }
  return text.length;
}
