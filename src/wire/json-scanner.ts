/** Checks JSON text that comes in pieces, and reports its structure. Pure. */
import { JsonNumber } from "./json-number.ts";

/** Gets the structure of a text, in order. Each place is an index into the current piece. */
export interface JsonSink {
  /** A new piece begins. It may start with up to nine characters of the piece before. */
  piece(text: string): void;
  /** The piece has been scanned up to `end`. `open`: characters of an escape that is not complete. */
  pieceEnds(end: number, open: number): void;
  opened(isList: boolean, at: number): void;
  closed(at: number): void;
  comma(at: number): void;
  /** A key's first quotation mark. */
  keyBegins(at: number): void;
  /** `at`: behind the last quotation mark. */
  keyEnds(at: number): void;
  stringBegins(at: number): void;
  stringEnds(at: number): void;
  /** A bare `NaN`, `Infinity` or `-Infinity` in the place of a value. */
  bareWord(start: number, end: number): void;
  /** Much whitespace outside strings. */
  space(start: number, end: number): void;
}

/** The text is not JSON. */
export class JsonFault extends SyntaxError {
  override readonly name = "JsonFault";
  /** The place of the first token that does not belong there; the text's length if it ends early. */
  readonly at: number;
  /** The character at that place; undefined if the text ends there. */
  readonly character: string | undefined;

  constructor(at: number, character: string | undefined) {
    super(
      character === undefined
        ? `it ends too early, at character ${at}`
        : `${JSON.stringify(character)} at character ${at} does not belong there`,
    );
    this.at = at;
    this.character = character;
  }
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const closeList = 0x5d;
const closeObject = 0x7d;

/** What may come next. */
const value = 0;
const valueOrClose = 1;
const key = 2;
const keyOrClose = 3;
const colon = 4;
const after = 5;

/** The token that goes on in the next piece. */
const none = 0;
const string = 1;
const scalar = 2;

/** No word is longer, so that a longer token can only be a number. */
const maxWordLength = 9;
const words: ReadonlySet<string> = new Set(["true", "false", "null"]);
const bareWords: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);

/** Shorter whitespace is not worth reporting. */
const muchSpace = 1000;

/**
 * Takes exactly what `JSON.parse` takes; with `lenient` also bare `NaN`, `Infinity` and `-Infinity`
 * in the place of a value. Throws `JsonFault` as soon as the text is something else.
 *
 * Costs one look at each character. Holds one number for each open bracket.
 */
export class JsonScanner {
  readonly #sink: JsonSink;
  readonly #lenient: boolean;
  /** The closing brackets that are due. */
  readonly #due: number[] = [];
  #inList = false;
  #expected = value;
  #token = none;
  /** The present token's place in the whole text. */
  #tokenAt = 0;
  /** The first character of a scalar that began in an earlier piece. */
  #tokenChar = "";
  /** 0: none; 1: a backslash; 2 to 5: one to four hexadecimal digits are due. */
  #escape = 0;
  readonly #number = new JsonNumber();
  /** A short scalar that may go on in the next piece. */
  #carry = "";
  /** Place of the piece in the whole text. */
  #offset = 0;
  #ending = false;

  constructor(sink: JsonSink, lenient: boolean) {
    this.#sink = sink;
    this.#lenient = lenient;
  }

  /** Takes the next piece, of any length. */
  push(piece: string): void {
    const text = this.#carry + piece;
    this.#carry = "";
    this.#sink.piece(text);
    let at = 0;
    if (this.#token === string) at = this.#string(text, 0);
    else if (this.#token === scalar) at = this.#scalar(text, 0);
    while (at < text.length) at = this.#next(text, at);
    const end = text.length - this.#carry.length;
    this.#sink.pieceEnds(end, this.#escape < 2 ? this.#escape : 7 - this.#escape);
    this.#offset += end;
  }

  /** The text is complete. Throws `JsonFault` if it ends too early. */
  end(): void {
    this.#ending = true;
    this.push("");
    if (this.#token === string) throw new JsonFault(this.#tokenAt, '"');
    if (this.#expected !== after || this.#due.length > 0)
      throw new JsonFault(this.#offset, undefined);
  }

  /** Scans one token, or some whitespace; gives the place behind it. */
  #next(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (isSpace(code)) return this.#space(text, at);
    const due = this.#due[this.#due.length - 1];
    switch (this.#expected) {
      case after:
        if (code === comma && due !== undefined) {
          this.#expected = due === closeObject ? key : value;
          this.#sink.comma(at);
          return at + 1;
        }
        return code === due ? this.#close(at) : this.#fail(text, at);
      case colon:
        if (code !== 0x3a) return this.#fail(text, at);
        this.#expected = value;
        return at + 1;
      case key:
      case keyOrClose:
        if (code === quote) return this.#beginString(text, at);
        return this.#expected === keyOrClose && code === closeObject
          ? this.#close(at)
          : this.#fail(text, at);
      default:
        return this.#value(text, at, code);
    }
  }

  #value(text: string, at: number, code: number): number {
    if (code === quote) return this.#beginString(text, at);
    if (code === 0x5b || code === 0x7b) {
      const isList = code === 0x5b;
      this.#due.push(isList ? closeList : closeObject);
      this.#inList = isList;
      this.#expected = isList ? valueOrClose : keyOrClose;
      this.#sink.opened(isList, at);
      return at + 1;
    }
    if (code === closeList && this.#expected === valueOrClose) return this.#close(at);
    this.#tokenAt = this.#offset + at;
    this.#number.begin();
    return this.#scalar(text, at);
  }

  #close(at: number): number {
    this.#due.pop();
    this.#inList = this.#due[this.#due.length - 1] === closeList;
    this.#expected = after;
    this.#sink.closed(at);
    return at + 1;
  }

  #space(text: string, start: number): number {
    let at = start + 1;
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    if (at - start > muchSpace) this.#sink.space(start, at);
    return at;
  }

  #beginString(text: string, at: number): number {
    this.#tokenAt = this.#offset + at;
    if (this.#expected === key || this.#expected === keyOrClose) this.#sink.keyBegins(at);
    else this.#sink.stringBegins(at);
    return this.#string(text, at + 1);
  }

  #string(text: string, start: number): number {
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#escape !== 0) this.#escape = this.#escaped(code);
      else if (code === quote) return this.#endString(at + 1);
      else if (code === backslash) this.#escape = 1;
      else if (code < 0x20) throw new JsonFault(this.#tokenAt, '"');
    }
    this.#token = string;
    return text.length;
  }

  #endString(at: number): number {
    this.#token = none;
    if (this.#expected === key || this.#expected === keyOrClose) {
      this.#expected = colon;
      this.#sink.keyEnds(at);
    } else {
      this.#expected = after;
      this.#sink.stringEnds(at);
    }
    return at;
  }

  /** The state of the escape behind a character of it. */
  #escaped(code: number): number {
    if (this.#escape > 1) {
      if (isHex(code)) return this.#escape === 2 ? 0 : this.#escape - 1;
    } else if (code === 0x75) return 5;
    else if ('"\\/bfnrt'.includes(String.fromCharCode(code))) return 0;
    throw new JsonFault(this.#tokenAt, '"');
  }

  /** Scans the scalar, and in a list also the numbers that follow it. */
  #scalar(text: string, from: number): number {
    let start = from;
    for (;;) {
      const at = this.#number.scan(text, start);
      if (at === text.length && !this.#ending) {
        this.#suspendScalar(text, start);
        return at;
      }
      this.#endScalar(text, start, at);
      if (!this.#inList || text.charCodeAt(at) !== comma) return at;
      this.#sink.comma(at);
      this.#expected = value;
      start = text.charCodeAt(at + 1) === 0x20 ? at + 2 : at + 1;
      const code = text.charCodeAt(start);
      if (!(code === 0x2d || (code >= 0x30 && code <= 0x39))) return start;
      this.#tokenAt = this.#offset + start;
      this.#number.begin();
    }
  }

  /** It may go on in the next piece. */
  #suspendScalar(text: string, start: number): void {
    if (this.#token === none && text.length - start <= maxWordLength) {
      this.#carry = text.slice(start);
      return;
    }
    if (this.#token === none) this.#tokenChar = text[start] ?? "";
    this.#token = scalar;
  }

  #endScalar(text: string, start: number, end: number): void {
    if (!this.#number.isComplete) {
      const word =
        this.#token === none && end - start <= maxWordLength ? text.slice(start, end) : "";
      if (this.#lenient && bareWords.has(word)) this.#sink.bareWord(start, end);
      else if (!words.has(word))
        throw new JsonFault(this.#tokenAt, this.#token === scalar ? this.#tokenChar : text[start]);
    }
    this.#token = none;
    this.#expected = after;
  }

  #fail(text: string, at: number): never {
    throw new JsonFault(this.#offset + at, text[at]);
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isHex(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

const nothing = (): void => {};

const noSink: JsonSink = {
  piece: nothing,
  pieceEnds: nothing,
  opened: nothing,
  closed: nothing,
  comma: nothing,
  keyBegins: nothing,
  keyEnds: nothing,
  stringBegins: nothing,
  stringEnds: nothing,
  bareWord: nothing,
  space: nothing,
};

/** Why a text is not JSON, or not lenient JSON; undefined if it is. */
export function jsonFault(text: string, lenient = false): JsonFault | undefined {
  const scanner = new JsonScanner(noSink, lenient);
  try {
    scanner.push(text);
    scanner.end();
    return undefined;
  } catch (error) {
    if (error instanceof JsonFault) return error;
    throw error;
  }
}
