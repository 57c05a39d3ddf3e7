/** What an object looks like, in numbers. */
import { nullWords, parseLenient } from "../../../wire/lenient-json.ts";
import { RawJson } from "../../../wire/raw-json.ts";
import { floatText } from "./json-number.ts";
import { wrong } from "./wrong.ts";

/**
 * A feature map by its own JSON text, since the spelling counts: Python's processor drops a map whose last number is not spelled as a float
 * (1 where 1.0 is meant), and loses its connection over `[]`. So `of` spells every number as a float, what came is handed on as it came,
 * and there is no empty one.
 */
export class FeatureMap extends RawJson {
  /**
   * The numbers (NaN and infinities as Python prints them included); undefined if it is something else: `{}` is that of an object that
   * nobody has seen yet.
   */
  readonly floats: readonly number[] | undefined;

  /** `text`: JSON, or what Python prints as such. Throws `bad_message` if it is neither, or `[]`. */
  constructor(text: string) {
    super(text);
    const value = parsed(text);
    if (Array.isArray(value) && value.length === 0)
      throw wrong(
        "featureMap",
        value,
        "give at least one number: processors fail on an empty list",
      );
    this.floats = Array.isArray(value) && value.every(isFloat) ? value.map(Number) : undefined;
  }

  /** Throws `bad_message` if there is none, or one that is not finite. */
  static of(floats: readonly number[]): FeatureMap {
    if (!Array.isArray(floats)) throw wrong("featureMap", floats, "give a list of numbers");
    return new FeatureMap(
      `[${floats.map((float, at) => floatText(`featureMap[${at}]`, float)).join(",")}]`,
    );
  }

  /** As `JSON.stringify` takes it: NaN and infinities are null. */
  override toJSON(): unknown {
    return JSON.parse(nullWords(this.text));
  }
}

function parsed(text: string): unknown {
  try {
    return parseLenient(text).json;
  } catch {
    throw wrong("featureMap", text, "give the text of a JSON value");
  }
}

/** Python's NaN and infinities have been read as the strings of that name. */
function isFloat(value: unknown): boolean {
  return (
    typeof value === "number" || value === "NaN" || value === "Infinity" || value === "-Infinity"
  );
}
