/** The settings that a schema has: each with its path, its environment variable and what it wants. */
import { alternativesOf, type JsonSchema, membersAt } from "./expectation.ts";

/** One value that can be set from outside. Groups (objects with known keys) are none; lists and open objects are one. */
export interface Setting {
  readonly path: readonly string[];
  /** The path with dots: `listen.port`. */
  readonly name: string;
  /** `SWITCHBOARD_LISTEN_PORT`. */
  readonly variable: string;
  /** Its value must fit one of them. */
  readonly schemas: readonly JsonSchema[];
  /** Never printed. */
  readonly secret: boolean;
}

/** What the names of our environment variables start with. */
export const variablePrefix = "SWITCHBOARD_";

/** All settings of a schema, in its order. Throws a TypeError if two would have the same environment variable. */
export function settingsOf(schema: JsonSchema): readonly Setting[] {
  const settings: Setting[] = [];
  collect([], [schema], settings);
  const byVariable = new Map<string, string>();
  for (const { name, variable } of settings) {
    const other = byVariable.get(variable);
    if (other !== undefined)
      throw new TypeError(
        `${other} and ${name} have the same environment variable ${variable}: name one otherwise`,
      );
    byVariable.set(variable, name);
  }
  return settings;
}

function collect(
  path: readonly string[],
  schemas: readonly JsonSchema[],
  settings: Setting[],
): void {
  const alternatives = schemas.flatMap(alternativesOf);
  if (alternatives.every(isGroup)) {
    const keys = new Set(alternatives.flatMap((group) => Object.keys(group.properties ?? {})));
    for (const key of keys) collect([...path, key], membersAt(alternatives, key), settings);
    return;
  }
  settings.push({
    path,
    name: path.join("."),
    variable: variablePrefix + path.map(constantCase).join("_"),
    schemas: alternatives,
    secret: isSecret(alternatives),
  });
}

/** Whether an object schema lists all its keys. */
export function isGroup({ type, properties, additionalProperties }: JsonSchema): boolean {
  return (
    type === "object" &&
    properties !== undefined &&
    (additionalProperties === undefined || additionalProperties === false)
  );
}

/** Whether a schema was marked with `.meta({ secret: true })`. */
export function isSecret(schemas: readonly JsonSchema[]): boolean {
  return schemas.some((schema) => schema.secret === true);
}

function constantCase(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();
}
