/** Keys of a value that its schema does not have, whether or not the schema itself would complain. */
import { alternativesOf, type JsonSchema, membersAt } from "./expectation.ts";
import { isGroup } from "./setting.ts";

/** A key that is not known where it stands. */
export interface StrayKey {
  /** Where it stands, with itself at the end. */
  readonly path: readonly PropertyKey[];
  /** The keys that are known there. */
  readonly known: readonly string[];
  /** Where it would be known: the values of other keys beside it (`{kind: "nats"}`). */
  readonly onlyWith?: Readonly<Record<string, unknown>>;
}

/** All of them, in the order of the value. Of a choice between objects, the one counts whose constant members fit. */
export function strayKeys(schema: JsonSchema, value: unknown): readonly StrayKey[] {
  const stray: StrayKey[] = [];
  look(alternativesOf(schema), value, [], stray);
  return stray;
}

function look(
  schemas: readonly JsonSchema[],
  value: unknown,
  path: readonly PropertyKey[],
  stray: StrayKey[],
): void {
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries())
      look(membersAt(schemas, index), element, [...path, index], stray);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const objects = schemas.filter((schema) => schema.type === "object");
  const fitting = objects.filter((schema) => constantsFit(schema, value));
  const chosen = fitting.length > 0 ? fitting : objects;
  const closed = chosen.length > 0 && chosen.every(isGroup);
  for (const [key, member] of Object.entries(value)) {
    const members = membersAt(chosen, key);
    if (members.length === 0 && closed) {
      const other = objects.find((schema) => Object.hasOwn(schema.properties ?? {}, key));
      const known = [...new Set(chosen.flatMap((schema) => Object.keys(schema.properties ?? {})))];
      stray.push({
        path: [...path, key],
        known,
        ...(other === undefined ? {} : { onlyWith: constantsOf(other) }),
      });
    } else {
      look(members, member, [...path, key], stray);
    }
  }
}

function constantsOf(schema: JsonSchema): Record<string, unknown> {
  const constants: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    if (typeof member === "object" && member.const !== undefined) constants[key] = member.const;
  }
  return constants;
}

function constantsFit(schema: JsonSchema, value: object): boolean {
  return Object.entries(constantsOf(schema)).every(([key, constant]) => {
    const given = (value as Record<string, unknown>)[key];
    return given === constant || (given === undefined && schema.required?.includes(key) !== true);
  });
}
