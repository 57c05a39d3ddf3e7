/** Validation that ends at the first issue: a foreign value with a million faults costs as much as one. */
import type { z } from "zod";
import type { Contract } from "./contract.ts";
import { foreignSchemas } from "./foreign-schemas.ts";
import { innerSchemas } from "./inner-schemas.ts";

/** Zod's options. The default message about unknown keys would list them all. */
const options: z.core.ParseContextInternal<z.core.$ZodIssue> = {
  async: false,
  abortEarly: true,
  error: (issue) =>
    issue.code === "unrecognized_keys" ? "the object has keys that are not known" : undefined,
};

/**
 * As `schema.safeParse`, but stops at the first issue. Checks (`.min`, a format, `refine`) stop it
 * only in schemas that `endAtFirstIssue` has been given; without that, Zod goes on in a list.
 *
 * A value that does not fit is looked at twice: `safeParse` with options costs a microsecond, so it
 * only makes the error.
 */
export function parseFirst<S extends z.ZodType>(
  schema: S,
  value: unknown,
): z.ZodSafeParseResult<z.output<S>> {
  const result = schema._zod.run({ value, issues: [] }, options);
  if (result instanceof Promise || result.issues.length > 0)
    return schema.safeParse(value, options);
  return { success: true, data: result.value as z.output<S> };
}

/**
 * Makes each failed check final, as a wrong type is, in everything that clients of a contract send.
 * Changes the schemas themselves; what they take and what they refuse stays the same.
 */
export function endAtFirstIssue(contract: Pick<Contract, "in" | "routes">): void {
  const seen = new Set<z.core.$ZodType>();
  const visit = (at: z.core.$ZodTypes): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const { def } = at._zod;
    // A format, such as `z.uuid()`, is a check itself.
    if ("check" in def) (def as z.core.$ZodCheckDef).abort = true;
    for (const check of def.checks ?? []) {
      check._zod.def.abort = true;
      endBeforeCheck(check._zod.def);
    }
    for (const { schema: child } of innerSchemas(at)) visit(child);
  };
  for (const { schema } of foreignSchemas(contract)) visit(schema as unknown as z.core.$ZodTypes);
}

/**
 * Skips a check once the value has an issue. Zod runs a length check on whatever has a `length`, even
 * if its type is wrong, and comparing `{"length":{"toString":1}}` with a number throws.
 */
function endBeforeCheck(def: z.core.$ZodCheckDef): void {
  const { when } = def;
  if (when === undefined || when.name === "hasNoIssue") return;
  def.when = function hasNoIssue(payload) {
    return payload.issues.length === 0 && when(payload);
  };
}
