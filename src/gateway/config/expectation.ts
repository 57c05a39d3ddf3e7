/** What a JSON Schema wants, in words; and how a text from a variable or flag becomes the value that it wants. */
import type { z } from "zod";

/** As `z.toJSONSchema` prints it. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The schemas of which a value must fit one. */
export function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  const choices = schema.anyOf ?? schema.oneOf;
  return choices === undefined ? [schema] : choices.flatMap(alternativesOf);
}

/** The schemas that the member `key` of a value of one of `schemas` may have; empty if there is no such member. */
export function membersAt(schemas: readonly JsonSchema[], key: PropertyKey): readonly JsonSchema[] {
  return schemas.flatMap((schema) => {
    const { items, properties, additionalProperties } = schema;
    if (typeof key === "number") return isSchema(items) ? alternativesOf(items) : [];
    const name = String(key);
    const member =
      properties !== undefined && Object.hasOwn(properties, name)
        ? properties[name]
        : additionalProperties;
    return isSchema(member) ? alternativesOf(member) : [];
  });
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === "object" && schema !== null && !Array.isArray(schema);
}

/** "a whole number from 0 to 65535", `one of "process", "disk"`, "a list of text", "text, or null". */
export function expectation(schemas: readonly JsonSchema[]): string {
  const words = schemas.flatMap(
    ({ enum: listed, const: only }) => listed ?? (only === undefined ? [] : [only]),
  );
  const parts = schemas
    .filter((schema) => schema.enum === undefined && schema.const === undefined)
    .map(oneExpectation);
  if (words.length > 0) {
    const printed = [...new Set(words)].map((word) => JSON.stringify(word)).join(", ");
    parts.unshift(words.length > 1 ? `one of ${printed}` : printed);
  }
  return [...new Set(parts)].join(", or ") || "nothing";
}

function oneExpectation(schema: JsonSchema): string {
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "string":
      return schema.minLength === undefined ? "text" : "text that is not empty";
    case "array": {
      const { items, minItems = 0 } = schema;
      const of = isSchema(items) ? ` of ${plural(expectation(alternativesOf(items)))}` : "";
      return `a list${of}${minItems > 0 ? `, at least ${minItems}` : ""}`;
    }
    case "object": {
      const keys = Object.keys(schema.properties ?? {});
      return keys.length === 0 ? "an object" : `an object of ${keys.join(", ")}`;
    }
    default:
      return "a value";
  }
}

function plural(what: string): string {
  return what === "text that is not empty"
    ? "texts"
    : what.replace(/^text$/, "texts").replace(/^an object of/, "objects of");
}

function range({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return `, ${least} or more`;
  if (typeof exclusiveMinimum === "number") return ` above ${exclusiveMinimum}`;
  return most === undefined ? "" : `, ${most} or less`;
}

/**
 * The value that `text` stands for where one of `schemas` is wanted: a number, true, false, null, JSON for lists and objects, else the text
 * itself, which the schema then refuses if it wants something else.
 */
export function valueOfText(schemas: readonly JsonSchema[], text: string): unknown {
  const trimmed = text.trim();
  const takes = (type: string) => schemas.some((schema) => takesType(schema, type));
  if (takes("null") && trimmed === "null") return null;
  if (takes("boolean") && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  if (takes("number") && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed))
    return Number(trimmed);
  if ((takes("array") && trimmed.startsWith("[")) || (takes("object") && trimmed.startsWith("{")))
    return parsedOr(text);
  return schemas.some(takesAnything) ? parsedOr(text) : text;
}

function takesAnything(schema: JsonSchema): boolean {
  return [schema.type, schema.enum, schema.const, schema.not].every(
    (keyword) => keyword === undefined,
  );
}

function takesType(schema: JsonSchema, type: string): boolean {
  const { type: own, enum: listed, const: only } = schema;
  if (own === type || (own === "integer" && type === "number")) return true;
  return (
    own === undefined &&
    [...(listed ?? []), only].some((word) => (word === null ? "null" : typeof word) === type)
  );
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
