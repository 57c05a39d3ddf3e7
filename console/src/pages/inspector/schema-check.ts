/** Whether a value fits a JSON Schema, said for a person. Pure. */
import type { JsonSchema } from "../../session/use-contracts.ts";

/** What is wrong first, or undefined. It knows what the contracts use; what it does not know it lets pass: the server has the last word. */
export function problemOf(schema: JsonSchema, value: unknown, where = ""): string | undefined {
  const at = where === "" ? "" : `${where}: `;
  if (schema.anyOf !== undefined) {
    const fitting = schema.anyOf.filter(
      (each) => each.anyOf !== undefined || isOfTypes(value, typesOf(each)),
    );
    if (fitting.length === 0)
      return `${at}not ${schema.anyOf.flatMap(typesOf).map(withArticle).join(" or ")}`;
    const problems = fitting.map((each) => problemOf(each, value, where));
    return problems.includes(undefined) ? undefined : problems[0];
  }
  if (schema.const !== undefined && value !== schema.const)
    return `${at}must be ${JSON.stringify(schema.const)}`;
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return `${at}must be one of ${schema.enum.map((each) => JSON.stringify(each)).join(", ")}`;
  const types = typesOf(schema);
  if (!isOfTypes(value, types)) return `${at}not ${types.map(withArticle).join(" or ")}`;
  if (typeof value === "number") return problemOfNumber(schema, value, at);
  if (typeof value === "string")
    return problemOfLength(schema.minLength, schema.maxLength, value.length, "characters", at);
  if (Array.isArray(value)) {
    const problem = problemOfLength(schema.minItems, schema.maxItems, value.length, "items", at);
    return (
      problem ??
      first(
        value.map((item, nth) => schema.items && problemOf(schema.items, item, `${where}[${nth}]`)),
      )
    );
  }
  return typeof value === "object" && value !== null
    ? problemOfObject(schema, value as Readonly<Record<string, unknown>>, where, at)
    : undefined;
}

/** The types that a schema names by itself. */
export function typesOf({ type }: JsonSchema): readonly string[] {
  return type === undefined ? [] : typeof type === "string" ? [type] : type;
}

function problemOfNumber(
  { minimum, maximum }: JsonSchema,
  value: number,
  at: string,
): string | undefined {
  if (minimum !== undefined && value < minimum) return `${at}at least ${minimum}`;
  return maximum !== undefined && value > maximum ? `${at}at most ${maximum}` : undefined;
}

function problemOfLength(
  least: number | undefined,
  most: number | undefined,
  length: number,
  what: string,
  at: string,
): string | undefined {
  if (least !== undefined && length < least) return `${at}at least ${least} ${what}`;
  return most !== undefined && length > most
    ? `${at}at most ${most} ${what}, not ${length}`
    : undefined;
}

function problemOfObject(
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  where: string,
  at: string,
): string | undefined {
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${at}"${missing}" is missing`;
  const inside = (name: string) => (where === "" ? name : `${where}.${name}`);
  return first(
    Object.entries(value).map(([name, member]) => {
      const own = schema.properties?.[name] ?? schema.additionalProperties;
      return typeof own === "object" ? problemOf(own, member, inside(name)) : undefined;
    }),
  );
}

function first(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

/** No types are all. */
function isOfTypes(value: unknown, types: readonly string[]): boolean {
  return types.length === 0 || types.some((type) => isOfType(value, type));
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function withArticle(type: string): string {
  if (type === "null") return "null";
  return type === "string" ? "a text" : `${/^[aio]/.test(type) ? "an" : "a"} ${type}`;
}
