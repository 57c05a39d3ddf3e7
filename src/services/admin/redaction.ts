/** Takes secrets out of the text of frames, before anybody is shown it. Pure. */

import { redactLooseFields } from "./loose-fields.ts";
import { redacted } from "./redacted.ts";
import { isSecretName } from "./secret-name.ts";
import { closingOf, skipSpace, skipSpaceBack, valueEnd } from "./value-end.ts";

/** What is a secret wherever it stands: a JWT, a static token of ours, what follows `Bearer`, or who an address is for. */
const secretWords = new RegExp(
  [
    // Not within a word: it would be looked through again from each place in it.
    String.raw`(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*`,
    String.raw`sb_[\w-]{43}`,
    String.raw`(?<=\bbearer\s{1,8})[^\s"'\\,]{16,}`,
    String.raw`(?<=:\/\/)[^\s\/@"'\\]+(?=@)`,
  ].join("|"),
  "gi",
);

/** The last word, and in it the beginning of one that was cut off. */
const lastWord = /(?<![\w.-])[\w.-]+$/;
const cutWord = /(?:eyJ|sb_).*$/;

/** Text in text in text is looked into so deep; deeper, it is taken out whole. */
const maxDepth = 4;

/**
 * The text without secrets. In JSON, the whole value of each secret field becomes `"[redacted]"`, at any depth, also in JSON that stands
 * within a string, and so does the rest of an array whose first item is the name of one; everything else keeps its spelling, and the
 * result is JSON again. In other text, and in the beginning of a JSON text that was cut off (`isCut`), what looks like such a field or
 * array is replaced, rather too much of it than too little. JWTs and static tokens are replaced everywhere.
 */
export function redact(text: string, isCut = false): string {
  const clean = redactText(text, 0);
  return isCut ? clean.replace(lastWord, (word) => word.replace(cutWord, redacted)) : clean;
}

function redactText(text: string, depth: number): string {
  const clean = redactStrings(text, depth);
  return isJson(text) ? clean : redactLoose(clean);
}

/** Of text that is no JSON. */
function redactLoose(text: string): string {
  return redactLooseFields(text).replace(secretWords, redacted);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Goes through the strings of `text`: what is secret in them, or in what they are the names of, is taken out. Of JSON it makes JSON. */
function redactStrings(text: string, depth: number): string {
  let out = "";
  let copied = 0;
  let at = text.indexOf('"');
  while (at !== -1) {
    const end = stringEnd(text, at);
    out += text.slice(copied, at) + redactString(text.slice(at, end), depth);
    copied = end;
    const value = namedValue(text, at, end);
    if (value !== undefined) {
      out += `${text.slice(copied, value.start)}"${redacted}"`;
      copied = value.end;
    }
    at = text.indexOf('"', copied);
  }
  return out + text.slice(copied);
}

/** Place of the value that the string from `at` to `end` is the secret name of, or of the items that follow it in an array, if it is one. */
function namedValue(
  text: string,
  at: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined {
  const mark = skipSpace(text, end);
  const isField = text[mark] === ":";
  const open = isField || text[mark] !== "," ? -1 : skipSpaceBack(text, at - 1);
  if (!isField && text[open] !== "[") return undefined;
  const start = skipSpace(text, mark + 1);
  if (start === text.length || !isSecretName(decoded(text.slice(at + 1, end - 1))))
    return undefined;
  return { start, end: isField ? valueEnd(text, start) : closingOf(text, open) };
}

/** A string with its quotes (the closing one may be cut off): JSON in it is gone through too, other text as such text is. */
function redactString(quoted: string, depth: number): string {
  const isClosed = quoted.length > 1 && quoted.endsWith('"');
  const inner = quoted.slice(1, isClosed ? -1 : undefined);
  const text = decoded(inner);
  let clean: string;
  if (inner.includes('\\"') && /^\s*[[{"]/.test(text)) {
    if (depth === maxDepth) return `"${redacted}"`;
    clean = redactText(text, depth + 1);
  } else clean = redactLoose(text);
  if (clean === text) return quoted;
  const printed = JSON.stringify(clean);
  return isClosed ? printed : printed.slice(0, -1);
}

/** What a string's text between its quotes means; where it was cut off in an escape, without that. */
function decoded(inner: string): string {
  if (!inner.includes("\\")) return inner;
  for (let cut = 0; cut <= 6; cut++) {
    try {
      return JSON.parse(`"${inner.slice(0, inner.length - cut)}"`) as string;
    } catch {
      // An escape has up to six characters.
    }
  }
  return inner;
}

/** Place after the string whose opening quote is at `start`; the text's end if it does not end. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at + 1;
  }
  return text.length;
}
