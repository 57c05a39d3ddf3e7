/** A schema's complaint as one sentence for a person. */
import type { z } from "zod";

/** Longest piece of a foreign value that a message repeats. */
const maxShownLength = 60;

/** Says what was wrong first: where, what was expected, what came. `what`: the message or part that did not fit. */
export function explain(what: string, error: z.ZodError, value: unknown): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${what} does not fit its schema`;
  const path = issue.path.map(String);
  const where = path.length === 0 ? what : `${what}: "${path.join(".")}"`;
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
  const problem = issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "");
  return `${where} is ${show(found)}: ${problem}`;
}

/** A short print of a foreign value. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const printed = JSON.stringify(value) ?? typeof value;
  return printed.length > maxShownLength ? `${printed.slice(0, maxShownLength)}…` : printed;
}
