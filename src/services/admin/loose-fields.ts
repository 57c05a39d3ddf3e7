/** Secret fields in text that is no JSON, or only the beginning of some: their values are taken out. Pure. */
import { redacted } from "./redacted.ts";
import { isLineName, secretNamePattern } from "./secret-name.ts";
import { closingOf, lineEnd, skipSpace, valueEnd } from "./value-end.ts";

/** A secret name, and what may stand between it and its value: a quote, brackets as in `a[token]` and `token[0]`, and `:`, `=` or `,`. */
const fieldPattern =
  `(?<name>${secretNamePattern})` +
  String.raw`(?<quote>\\*["']|%22)?(?:\]|\[\w{0,20}\]|%5D|%5B\w{0,20}%5D){0,4}(?:\\*["'])?\s*(?<mark>[:=,]|%3[AD])`;

const anyMark = /[:=,]|%3[AD]/i;

/** What stands before the name that is the first item of an array; it is looked for in so many characters. */
const arrayStart = /\[\s*\\*["'][\w. -]*$/;
const arrayStartLength = 60;

/** A value that has been taken out already. */
const takenOut = /^\\*["']?\[redacted\]\\*["']?$/;

/** Where a value begins and ends. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * The text, with `[redacted]` for the value of each field with a secret name, and for the rest of each array whose first item is one. The
 * value of a cookie or authorization header is the rest of its line.
 */
export function redactLooseFields(text: string): string {
  // Most strings of most frames have none: this is quicker than to make the pattern ready.
  if (!anyMark.test(text)) return text;
  const field = new RegExp(fieldPattern, "gi");
  let out = "";
  let copied = 0;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    const value = match.groups?.mark === "," ? restOfArray(text, match) : fieldValue(text, match);
    if (
      value === undefined ||
      value.start >= value.end ||
      takenOut.test(text.slice(value.start, value.end))
    )
      continue;
    out += text.slice(copied, value.start) + redacted;
    copied = value.end;
    field.lastIndex = copied;
  }
  return out + text.slice(copied);
}

function fieldValue(text: string, match: RegExpExecArray): Place {
  const { name = "", quote } = match.groups ?? {};
  let start = match.index + match[0].length;
  // `=>`, `:=` and `==` too.
  while (start < text.length && " \t\r\n:=>".includes(text.charAt(start))) start++;
  const isLine = quote === undefined && isLineName(name) && !"[{".includes(text.charAt(start));
  return { start, end: isLine ? lineEnd(text, start) : valueEnd(text, start) };
}

function restOfArray(
  text: string,
  { index, 0: whole, groups }: RegExpExecArray,
): Place | undefined {
  if (groups?.quote === undefined) return undefined;
  const from = Math.max(0, index - arrayStartLength);
  const opening = arrayStart.exec(text.slice(from, index));
  if (opening === null) return undefined;
  return {
    start: skipSpace(text, index + whole.length),
    end: closingOf(text, from + opening.index),
  };
}
