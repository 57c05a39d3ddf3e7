/** A schema's complaint as one sentence for a person. */
import type { z } from "zod";

/** Longest piece of a foreign value that a message repeats. */
const maxShownLength = 60;

/** Longest place or problem: both may hold a client's keys. */
const maxPartLength = 120;

/** Says what was wrong first: where, what came, what was expected. `what`: the message or part that did not fit. */
export function explain(what: string, error: z.ZodError, value: unknown): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${what} does not fit its schema`;
  const path = issue.path.map(String);
  const where = path.length === 0 ? what : `${what}: "${cut(path.join("."), maxPartLength)}"`;
  const found = path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    value,
  );
  return `${where} is ${show(found)}: ${cut(problemOf(issue), maxPartLength)}`;
}

/** Of a union that says no more than that nothing fitted: what each alternative asks for. */
function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union" || issue.message !== "Invalid input") {
    return issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "");
  }
  const wishes = issue.errors.flatMap(([first]) => {
    if (first === undefined) return [];
    return first.path.length === 0
      ? problemOf(first)
      : `"${first.path.join(".")}" ${problemOf(first)}`;
  });
  return [...new Set(wishes)].join(", or ");
}

/** A short print of a foreign value. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "a list" : "an object";
  // Cut first as well: printing a long text costs as much as reading it.
  const shown = typeof value === "string" ? value.slice(0, maxShownLength) : value;
  return cut(JSON.stringify(shown) ?? typeof value, maxShownLength);
}

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
