/** A schema for objects whose keys the client chooses, with a bound of their number. */
import { z } from "zod";
import { parseFirst } from "./parse-first.ts";

/** The bounds of a dictionary. */
export interface DictionaryBounds {
  /** Most keys. */
  readonly max: number;
  /** Longest key, in UTF-16 units. Default 1,000. */
  readonly maxKeyLength?: number;
}

/** How a dictionary is known again by its schema. */
const bound = Symbol("most keys of a dictionary");

/**
 * As `z.record(z.string(), value)`, but counts the keys before it looks at anything else, and stops at
 * the first issue. A member called `__proto__` is dropped, as Zod does in every object.
 */
export function dictionary<V extends z.ZodType>(
  value: V,
  { max, maxKeyLength = 1000 }: DictionaryBounds,
): z.ZodType<Record<string, z.output<V>>, Record<string, z.input<V>>> {
  const check = (input: unknown, context: z.core.$RefinementCtx): Record<string, z.output<V>> => {
    const fail = (message: string, path: PropertyKey[] = []): never => {
      context.issues.push({ code: "custom", message, path, input });
      return z.NEVER;
    };
    if (typeof input !== "object" || input === null || Array.isArray(input))
      return fail("expected an object");
    const keys = Object.keys(input);
    if (keys.length > max) return fail(`expected an object with at most ${max} keys`);
    const members: [string, z.output<V>][] = [];
    for (const key of keys) {
      if (key === "__proto__") continue;
      if (key.length > maxKeyLength)
        return fail(`expected keys of at most ${maxKeyLength} characters`);
      const parsed = parseFirst(value, (input as Readonly<Record<string, unknown>>)[key]);
      const issue = parsed.error?.issues[0];
      if (issue !== undefined) return fail(issue.message, [key, ...issue.path]);
      members.push([key, parsed.data as z.output<V>]);
    }
    return Object.fromEntries(members) as Record<string, z.output<V>>;
  };
  const record = z.record(z.string().max(maxKeyLength), value).meta({ maxProperties: max });
  // The entries are checked above; the record is there to be shown, as JSON Schema.
  record._zod.parse = (payload) => payload;
  record._zod.run = record._zod.parse;
  const checked = z.transform(Object.assign(check, { [bound]: max }));
  return z.pipe(checked, record as never) as never;
}

/** Whether a schema was made by `dictionary`. */
export function isDictionary({ _zod: { def } }: z.core.$ZodTypes): boolean {
  if (def.type !== "pipe") return false;
  const { def: first } = (def.in as z.core.$ZodTypes)._zod;
  return first.type === "transform" && bound in first.transform;
}
