/**
 * Where a value in a text ends: of JSON exactly, of anything else so that rather too much is taken than too little. Every function goes
 * over the text once, forwards, and looks ahead or back only a bounded way or over a run that no other look goes over. None throws.
 */

/** A text in text has backslashes before its quotes, and before those in it more: `\"a \\\" b\"`. */
const backslash = "\\";

/** What ends a value that is no string, if another field, a space or the text's end follows: `token=a,b` goes on, `token=a,b=1` does not. */
const plainEnd = /^[,;&}\]"'](?:[\s,;&}\])"'>\\]|$|[\w.%[\]-]{1,40}[:=])/;

/** As much of a text as decides whether it ends. */
const plainEndLength = 42;

/** The first word of such a value, to which the second belongs. */
const scheme = /^(?:bearer|basic|digest|token)(?=\s)/i;

/** Place after the value that starts at `start`: a string, what has brackets around it, or a word; the text's end if it does not end. */
export function valueEnd(text: string, start: number): number {
  const quote = skipBackslashes(text, start);
  if (isQuote(text[quote])) return quotedEnd(text, quote);
  let at = start;
  const firstWord = scheme.exec(text.slice(start, start + 8));
  if (firstWord !== null) at = skipSpace(text, start + firstWord[0].length);
  while (at < text.length) {
    const character = text.charAt(at);
    if (closer(character) !== undefined) at = bracketEnd(text, at);
    else if (isSpace(character)) {
      // As of what Node prints: `Map(1) { 'a' => 1 }`.
      const next = skipSpace(text, at);
      if (closer(text[next]) === undefined) return at;
      at = next;
    } else if (mayEnd(character) && plainEnd.test(text.slice(at, at + plainEndLength)))
      return isQuote(character) ? at - backslashesBefore(text, at, start) : at;
    else at++;
  }
  return text.length;
}

/** Place of the line's end. */
export function lineEnd(text: string, start: number): number {
  const end = /[\r\n]/g;
  end.lastIndex = start;
  return end.exec(text)?.index ?? text.length;
}

/** Place of the bracket that closes the one at `open`, or the text's end. Other brackets are paired, those in strings do not count. */
export function closingOf(text: string, open: number): number {
  const awaited: string[] = [];
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    const close = closer(character);
    if (isQuote(character)) at = quotedEnd(text, at) - 1;
    else if (close !== undefined) awaited.push(close);
    else if (character === awaited.at(-1)) {
      awaited.pop();
      if (awaited.length === 0) return at;
    }
  }
  return text.length;
}

/** First place from `from` on that is no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charAt(at))) at++;
  return at;
}

/** Last place up to `from` that is no white space; -1 if there is none. */
export function skipSpaceBack(text: string, from: number): number {
  let at = from;
  while (at >= 0 && isSpace(text.charAt(at))) at--;
  return at;
}

function bracketEnd(text: string, open: number): number {
  return Math.min(text.length, closingOf(text, open) + 1);
}

/**
 * Place after the string whose opening quote is at `start`. With `depth` backslashes before that quote, the one that closes it has as many,
 * and an even number of times twice as many again where escaped backslashes stand before it.
 */
function quotedEnd(text: string, start: number): number {
  const quote = text.charAt(start);
  const depth = backslashesBefore(text, start, 0);
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 1)) {
    const more = backslashesBefore(text, at, start + 1) - depth;
    if (more >= 0 && more % (2 * (depth + 1)) === 0) return at + 1;
  }
  return text.length;
}

function backslashesBefore(text: string, at: number, first: number): number {
  let from = at;
  while (from > first && text[from - 1] === backslash) from--;
  return at - from;
}

function skipBackslashes(text: string, from: number): number {
  let at = from;
  while (text[at] === backslash) at++;
  return at;
}

function mayEnd(character: string): boolean {
  return ",;&}]\"'".includes(character);
}

function closer(character: string | undefined): "]" | "}" | undefined {
  if (character === "[") return "]";
  return character === "{" ? "}" : undefined;
}

function isQuote(character: string | undefined): boolean {
  return character === '"' || character === "'";
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}
