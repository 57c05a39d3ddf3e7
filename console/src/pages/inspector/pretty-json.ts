/** JSON set out in lines, without changing what it says. Pure. */

/**
 * The text with line breaks and indentation, or undefined where it is no JSON. All else stays as it was written: the spelling of numbers, the order of
 * members, members that are there twice.
 */
export function prettyJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = stringEnd(text, at);
      out += text.slice(at, end);
      at = end - 1;
    } else if (character === "{" || character === "[") {
      const close = nextCharacter(text, at + 1);
      if (text[close] === "}" || text[close] === "]") {
        out += character + text[close];
        at = close;
      } else {
        depth++;
        out += character + line();
      }
    } else if (character === "}" || character === "]") {
      depth--;
      out += line() + character;
    } else if (character === ",") out += `,${line()}`;
    else if (character === ":") out += ": ";
    else if (!/\s/.test(character)) out += character;
  }
  return out;
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function nextCharacter(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}
