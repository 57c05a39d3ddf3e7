/** Where a text stops being JSON: `JSON.parse` does not always say, and its message repeats the text. Pure. */

type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end";

/** Whoever nests deeper is not looking for a typing mistake. */
const maxDepth = 10_000;

/** Longer numbers are taken for granted. */
const maxScalarLength = 1000;

/**
 * The place (from 0) of the first token that makes `text` something else than JSON; its length if the text ends too early;
 * undefined if it is JSON, or nested too deep to tell. One pass over the text.
 */
export function jsonFault(text: string): number | undefined {
  /** The closing brackets that are due. */
  const due: string[] = [];
  let expected: Expected = "value";
  for (let at = skipSpace(text, 0); ; at = skipSpace(text, at)) {
    const char = text[at];
    if (char === undefined)
      return expected === ", or end" && due.length === 0 ? undefined : text.length;
    if (expected === ":") {
      if (char !== ":") return at;
      expected = "value";
      at++;
    } else if (char === due.at(-1) && (expected === ", or end" || expected.endsWith(char))) {
      due.pop();
      expected = ", or end";
      at++;
    } else if (expected === ", or end") {
      if (char !== "," || due.length === 0) return at;
      expected = due.at(-1) === "}" ? "key" : "value";
      at++;
    } else if (expected.startsWith("key")) {
      if (char !== '"') return at;
      const end = stringEnd(text, at);
      if (end === undefined) return at;
      expected = ":";
      at = end;
    } else if (char === "{" || char === "[") {
      if (due.push(char === "{" ? "}" : "]") > maxDepth) return undefined;
      expected = char === "{" ? "key or }" : "value or ]";
      at++;
    } else {
      const end = char === '"' ? stringEnd(text, at) : scalarEnd(text, at);
      if (end === undefined) return at;
      expected = ", or end";
      at = end;
    }
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return at;
}

function scalarEnd(text: string, at: number): number | undefined {
  let end = at;
  while (/[\w.+-]/.test(text[end] ?? "")) end++;
  if (end - at > maxScalarLength) return end;
  return /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(
    text.slice(at, end),
  )
    ? end
    : undefined;
}

/** The place after the string that starts at `at`; undefined if it does not end, or holds what a string must not. */
function stringEnd(text: string, at: number): number | undefined {
  for (let end = at + 1; text.charCodeAt(end) >= 0x20; end++) {
    if (text[end] === '"') return end + 1;
    if (text[end] !== "\\") continue;
    const escaped = /^(?:["\\/bfnrt]|u[\da-fA-F]{4})/.exec(text.slice(end + 1, end + 6))?.[0];
    if (escaped === undefined) return undefined;
    end += escaped.length;
  }
  return undefined;
}
