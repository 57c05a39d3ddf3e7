/** Printing JSON in which some values are there by their own text already. */
import { SwitchboardError } from "./error.ts";
import { RawJson } from "./raw-json.ts";

/**
 * Prints `value` as `JSON.stringify(value)` does (the same for `undefined`, functions, symbols, `toJSON`, dates, boxed values), except
 * that each `RawJson` in it, at any depth or returned by a `toJSON`, is spliced in verbatim.
 *
 * A value without a `RawJson` costs one `JSON.stringify` and a look at its objects (numbers and strings are passed over). Around a
 * `RawJson` only the objects and arrays on the way to it are printed here; what is beside it goes to `JSON.stringify` whole.
 *
 * Throws what `JSON.stringify` throws (`TypeError` for a bigint), `RangeError` for a value that holds itself, and `internal` if
 * `value` itself has no JSON form (`undefined`, a function, a symbol): pass `null`, or leave the message out.
 */
export function printJson(value: unknown): string {
  const text = print("", value);
  if (text === undefined) {
    throw new SwitchboardError(
      "internal",
      `a message of type ${typeof value} has no JSON form: pass null, or do not send it`,
    );
  }
  return text;
}

function print(key: string, value: unknown): string | undefined {
  if (!isObject(value)) return JSON.stringify(value);
  if (value instanceof RawJson) return value.text;
  if (!mayHoldRaw(value)) return JSON.stringify(value);
  if (!hasToJson(value)) return printNested(value);
  const replaced = value.toJSON(key);
  // `toJSON` is called once: not again on what it returned.
  if (!isObject(replaced) || !hasToJson(replaced)) return print(key, replaced);
  return replaced instanceof RawJson ? replaced.text : printNested(replaced);
}

function printNested(value: object): string {
  let out = "";
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++)
      out += `${i === 0 ? "" : ","}${print(String(i), value[i]) ?? "null"}`;
    return `[${out}]`;
  }
  for (const [key, member] of Object.entries(value)) {
    const text = print(key, member);
    if (text !== undefined) out += `${out === "" ? "" : ","}${JSON.stringify(key)}:${text}`;
  }
  return `{${out}}`;
}

/** False only if `JSON.stringify` prints `value` as `printJson` must. A `toJSON` (that of a `RawJson` too) may return anything. */
function mayHoldRaw(value: object): boolean {
  if (hasToJson(value)) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      if (isObject(element) && mayHoldRaw(element)) return true;
    }
    return false;
  }
  // Inherited members are looked at in vain, but this is the fastest loop over members that there is.
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (isObject(member) && mayHoldRaw(member)) return true;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return typeof (value as { readonly toJSON?: unknown }).toJSON === "function";
}
