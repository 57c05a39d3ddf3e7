/** A number with its spelling. */
import { RawJson } from "../../../wire/raw-json.ts";
import { wrong } from "./wrong.ts";

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * A number as it is spelled in JSON. 12.0 and 12 are one number in JavaScript; in Python, which the camera processors are mostly written
 * in, the first is a float and the second is not, and a processor that expects the one drops the other. 20-digit ids, too, survive only as
 * text. A frame id that came is handed on as it is; compare and compute with `value`.
 */
export class JsonNumber extends RawJson {
  /** As JavaScript has it. */
  readonly value: number;

  /** `text`: a JSON number, such as "12.0". Throws `bad_message` for anything else. */
  constructor(text: string) {
    if (typeof text !== "string" || !jsonNumber.test(text))
      throw wrong("a number", text, 'give the text of a JSON number, such as "12.0"');
    // A copy: a slice of a long text would keep all of it.
    super(Array.from(text).join(""));
    this.value = Number(text);
  }

  /** The number as Python prints a float: 12 is 12.0. Throws `bad_message` for NaN and infinities, which JSON does not have. */
  static float(value: number): JsonNumber {
    return new JsonNumber(floatText("a number", value));
  }
}

/** A number spelled as a float. */
export function floatText(what: string, value: unknown): string {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw wrong(what, value, "give a finite number");
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
