/** The fields of a form for one message, from its JSON Schema, and the frame that they make. Pure. */
import type { JsonSchema, MessageContract } from "../../session/use-contracts.ts";
import { problemOf, typesOf } from "./schema-check.ts";

/** `choice`: one of a few values. `text`: taken as it is. `value`: a number, or a text where it is none. `json`: written as JSON. */
export interface MessageField {
  readonly name: string;
  readonly kind: "choice" | "text" | "value" | "json";
  readonly required: boolean;
  readonly hint: string;
  /** Of a choice, as JSON. */
  readonly choices: readonly string[];
  readonly schema: JsonSchema;
}

/** What was filled in, by field. */
export type Filled = Readonly<Record<string, string>>;

export function fieldsOf(schema: JsonSchema): readonly MessageField[] {
  return Object.entries(schema.properties ?? {}).map(([name, own]) => {
    const required = schema.required?.includes(name) ?? false;
    const choices = choicesOf(own).map((value) => JSON.stringify(value));
    const types = allTypes(own);
    const kind = choices.length > 0 ? "choice" : kindOf(types);
    return { name, kind, required, hint: hintOf(own, types, required), choices, schema: own };
  });
}

/** The frame as it would be sent, and what is wrong with which field. A field that is not required and empty is left out. */
export function frameOf(
  { named }: Pick<MessageContract, "named">,
  fields: readonly MessageField[],
  filled: Filled,
): { readonly text: string; readonly problems: Readonly<Record<string, string>> } {
  const message: Record<string, unknown> = { ...named };
  const problems: Record<string, string> = {};
  for (const field of fields) {
    const text = filled[field.name] ?? "";
    if (text === "" && !field.required) continue;
    const read = text === "" ? { problem: "Fill this in." } : valueIn(field, text);
    if ("problem" in read) problems[field.name] = read.problem;
    else message[field.name] = read.value;
  }
  return { text: JSON.stringify(message), problems };
}

function valueIn(
  { kind, schema }: MessageField,
  text: string,
): { readonly value: unknown } | { readonly problem: string } {
  const json = parsed(text);
  if (kind === "json" && json === undefined)
    return { problem: 'Not JSON: texts need quotes, as in ["a", "b"].' };
  const scalar = kind === "value" && typeof json?.value === "number" && !/^\s|\s$/.test(text);
  const value = kind === "json" || kind === "choice" || scalar ? json?.value : text;
  const problem = problemOf(schema, value);
  return problem === undefined
    ? { value }
    : { problem: `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.` };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Every value that it may have, where they are few. */
function choicesOf(schema: JsonSchema): readonly unknown[] {
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum !== undefined) return schema.enum;
  const types = typesOf(schema);
  if (types.length === 0 || !types.includes("boolean")) return [];
  return types.every((type) => type === "boolean" || type === "null")
    ? [true, false, ...(types.includes("null") ? [null] : [])]
    : [];
}

/** With those of its alternatives; empty: anything. */
function allTypes(schema: JsonSchema): readonly string[] {
  if (schema.anyOf === undefined) return typesOf(schema);
  const parts = schema.anyOf.map(allTypes);
  return parts.some((types) => types.length === 0) ? [] : [...new Set(parts.flat())];
}

function kindOf(types: readonly string[]): "text" | "value" | "json" {
  const given = types.filter((type) => type !== "null");
  if (
    given.length === 0 ||
    given.includes("object") ||
    given.includes("array") ||
    given.includes("boolean")
  )
    return "json";
  return given.includes("number") || given.includes("integer") ? "value" : "text";
}

function hintOf({ description }: JsonSchema, types: readonly string[], required: boolean): string {
  const names = types
    .filter((type) => type !== "null")
    .map((type) => (type === "string" ? "text" : type));
  const what = names.length === 0 ? "any JSON" : names.join(" or ");
  return [
    required ? what : `${what}, may be left out`,
    ...(description === undefined ? [] : [description]),
  ].join(". ");
}
