/** Checks the spelling of JSON numbers that come in pieces. Pure. */

/** Kinds of characters in a number; 0 ends it. */
const kinds = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  if (char === "0") kinds[code] = 1;
  else if (/[1-9]/.test(char)) kinds[code] = 2;
  else if (char === ".") kinds[code] = 3;
  else if (char === "e" || char === "E") kinds[code] = 4;
  else if (char === "+") kinds[code] = 5;
  else if (char === "-") kinds[code] = 6;
  else if (/\w/.test(char)) kinds[code] = 7;
}

const bad = 9;
/**
 * By state, the next state for each kind. States: 0 begin, 1 minus, 2 zero, 3 integer, 4 point,
 * 5 fraction, 6 e, 7 sign of the exponent, 8 exponent, 9 not a number.
 */
const next = Uint8Array.from(
  [
    [bad, 2, 3, bad, bad, bad, 1, bad],
    [bad, 2, 3, bad, bad, bad, bad, bad],
    [bad, bad, bad, 4, 6, bad, bad, bad],
    [bad, 3, 3, 4, 6, bad, bad, bad],
    [bad, 5, 5, bad, bad, bad, bad, bad],
    [bad, 5, 5, bad, 6, bad, bad, bad],
    [bad, 8, 8, bad, bad, 7, 7, bad],
    [bad, 8, 8, bad, bad, bad, bad, bad],
    [bad, 8, 8, bad, bad, bad, bad, bad],
    [bad, bad, bad, bad, bad, bad, bad, bad],
  ].flat(),
);
const isNumber = [false, false, true, true, false, true, false, false, true, false];

/** One number after the other, each of which may come in several pieces. */
export class JsonNumber {
  #state = 0;

  /** Whether what was scanned is a number as it stands. */
  get isComplete(): boolean {
    return isNumber[this.#state] === true;
  }

  /** A new one begins. */
  begin(): void {
    this.#state = 0;
  }

  /**
   * Scans on from `start` to the end of the scalar: the first character that can be in no number,
   * name or word, or the end of the text.
   */
  scan(text: string, start: number): number {
    let state = this.#state;
    let at = start;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      const kind = code < 128 ? (kinds[code] as number) : 0;
      if (kind === 0) break;
      state = next[state * 8 + kind] as number;
    }
    this.#state = state;
    return at;
  }
}
