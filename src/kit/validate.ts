/** Checks a foreign value against a schema of a contract. */
import type { z } from "zod";
import { parseFirst } from "../contract/index.ts";
import { SwitchboardError } from "../wire/error.ts";
import { explain } from "./explain.ts";

/**
 * Returns what the schema makes of the value. Ends at the first issue. Throws `bad_message` for that
 * issue; `what` names the message or part that did not fit.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.output<S> {
  const parsed = parseFirst(schema, value);
  if (parsed.success) return parsed.data;
  throw new SwitchboardError("bad_message", explain(what, parsed.error, value));
}
