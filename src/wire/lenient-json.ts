/** Reading JSON in which Python or a sampler has printed NaN and infinities as bare words. Pure. */

/** What was read. */
export interface ReadJson {
  readonly json: unknown;
  /** The text that `json` is the parse of: the text that came, each bare word in it now a string. */
  readonly text: string;
}

const words = ["NaN", "Infinity", "-Infinity"] as const;

/**
 * As `JSON.parse`, but the bare words `NaN`, `Infinity` and `-Infinity` in the place of a value are taken as the strings of that
 * name, which is how they are delivered. Text that is JSON costs what `JSON.parse` costs, and comes back as it is. Throws
 * `SyntaxError` for everything else.
 */
export function parseLenient(text: string): ReadJson {
  try {
    return { json: JSON.parse(text), text };
  } catch (error) {
    const quoted = replaceWords(text, (word) => `"${word}"`);
    if (quoted === text) throw error;
    return { json: JSON.parse(quoted), text: quoted };
  }
}

/** A text that `parseLenient` took, or a value out of it, with `null` in the place of each bare word. */
export function nullWords(text: string): string {
  return text.includes("NaN") || text.includes("Infinity")
    ? replaceWords(text, () => "null")
    : text;
}

/** The text with each bare word outside strings replaced. A word that touches something else makes no JSON of it: `JSON.parse` sees. */
function replaceWords(text: string, replacement: (word: string) => string): string {
  const next = /["NI]/g;
  let out = "";
  let from = 0;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    if (found[0] === '"') {
      next.lastIndex = stringEnd(text, found.index);
      continue;
    }
    const at = text[found.index - 1] === "-" && found[0] === "I" ? found.index - 1 : found.index;
    const word = words.find((candidate) => text.startsWith(candidate, at));
    if (word === undefined) return text;
    const end = at + word.length;
    // As a key it would not be JSON with the quotes left out, nor did anybody print it so.
    if (isKey(text, end)) return text;
    out += `${text.slice(from, at)}${replacement(word)}`;
    from = end;
    next.lastIndex = end;
  }
  return from === 0 ? text : out + text.slice(from);
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at] === ":";
}

/** Place after the string whose opening quote is at `start`. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
  return text.length;
}
