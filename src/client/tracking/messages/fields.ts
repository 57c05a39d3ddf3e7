/** The fields of a message that came, each with what it must be. */
import { SwitchboardError } from "../../../wire/error.ts";
import { parseLenient } from "../../../wire/lenient-json.ts";
import { rawMember } from "../../../wire/raw-json.ts";
import { isObject } from "../../json-object.ts";
import { FeatureMap } from "./feature-map.ts";
import { JsonNumber } from "./json-number.ts";
import { wrong } from "./wrong.ts";

/** Fields that a message does not know are ignored; those that it needs throw `bad_message` if they are missing or something else. */
export class Fields {
  /** Empty if the message has none. */
  readonly type: string;
  readonly #text: string;
  readonly #json: Readonly<Record<string, unknown>>;

  /** Throws `bad_json`, or `bad_message` if it is no object. */
  constructor(text: string) {
    let json: unknown;
    try {
      json = parseLenient(text).json;
    } catch (error) {
      throw new SwitchboardError(
        "bad_json",
        `${text.slice(0, 80)} is not JSON: send one JSON object`,
        {},
        { cause: error },
      );
    }
    if (!isObject(json)) throw wrong("a message", json, "send a JSON object");
    this.#text = text;
    this.#json = json;
    this.type = typeof this.#json.type === "string" ? this.#json.type : "";
  }

  /** Those of a message of this type only: throws `bad_message` for others. A text is read, what is read already is not read again. */
  static of(message: string | Fields, type: string): Fields {
    const fields = message instanceof Fields ? message : new Fields(message);
    if (fields.type !== type) throw wrong("type", fields.get("type"), `expected ${type}`);
    return fields;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#json, name);
  }

  get(name: string): unknown {
    return this.has(name) ? this.#json[name] : undefined;
  }

  /** In the spelling in which it came. */
  number(name: string): JsonNumber {
    const value = this.get(name);
    if (typeof value !== "number") throw wrong(this.#name(name), value, "expected a number");
    return new JsonNumber(rawMember(this.#text, name) ?? "");
  }

  /** In the spelling in which it came. */
  featureMap(name: string): FeatureMap {
    const text = rawMember(this.#text, name);
    if (text === undefined) throw wrong(this.#name(name), undefined, "expected a list of numbers");
    return new FeatureMap(text);
  }

  integer(name: string): number {
    return demandInteger(this.#name(name), this.get(name));
  }

  string(name: string): string {
    return demandString(this.#name(name), this.get(name));
  }

  #name(name: string): string {
    return `${this.type}.${name}`;
  }
}

/** Throws `bad_message` unless it is one that JavaScript has exactly. */
export function demandInteger(what: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw wrong(what, value, "expected an integer");
  return value;
}

export function demandString(what: string, value: unknown): string {
  if (typeof value !== "string") throw wrong(what, value, "expected a string");
  return value;
}

/** A frame's id: a number, which goes out as JavaScript spells it, or one with a spelling of its own. */
export function demandFrameId(what: string, value: number | JsonNumber): JsonNumber {
  if (value instanceof JsonNumber) return value;
  if (typeof value !== "number" || !Number.isFinite(value))
    throw wrong(what, value, "expected a finite number, or a JsonNumber");
  return new JsonNumber(String(value));
}
