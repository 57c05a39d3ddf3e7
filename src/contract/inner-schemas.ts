/** The schemas inside a schema. Pure. */
import type { z } from "zod";

/** A schema inside another, and how to get to it. */
export interface InnerSchema {
  /** What the path of a value gets at its end: `.name`, `[]`, or nothing. */
  readonly step: string;
  readonly schema: z.core.$ZodTypes;
}

/** The direct children of a schema; none for a scalar. Resolves the getter of a lazy schema. */
export function innerSchemas(schema: z.core.$ZodTypes): readonly InnerSchema[] {
  const { def } = schema._zod;
  switch (def.type) {
    case "object":
      return [
        ...Object.entries(def.shape).map(([key, member]) => inner(`.${key}`, member)),
        ...maybe(".*", def.catchall),
      ];
    case "array":
      return [inner("[]", def.element)];
    case "tuple":
      return [
        ...def.items.map((item, index) => inner(`[${index}]`, item)),
        ...maybe("[]", def.rest),
      ];
    case "record":
    case "map":
      return [inner(".*", def.keyType), inner(".*", def.valueType)];
    case "set":
      return [inner("[]", def.valueType)];
    case "union":
      return def.options.map((option) => inner("", option));
    case "intersection":
      return [inner("", def.left), inner("", def.right)];
    case "pipe":
      return [inner("", def.in), inner("", def.out)];
    case "lazy":
      return [inner("", def.getter())];
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
    case "nonoptional":
    case "success":
    case "promise":
      return [inner("", def.innerType)];
    default:
      return [];
  }
}

function inner(step: string, schema: z.core.SomeType): InnerSchema {
  return { step, schema: schema as z.core.$ZodTypes };
}

function maybe(step: string, schema: z.core.SomeType | null | undefined): readonly InnerSchema[] {
  return schema === null || schema === undefined ? [] : [inner(step, schema)];
}
