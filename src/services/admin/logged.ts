/** What audit lines say of what an operator has named: never a query, a payload or a token. Pure. */
import { redact } from "./redaction.ts";

/** A path without its query and fragment, and without what looks like a secret in the rest. */
export function loggedPath(path: string): string {
  return redact(pathOnly(path));
}

/** A path without its query and fragment. */
export function pathOnly(path: string): string {
  return path.replace(/[?#].*$/s, "");
}

/** The name of a message that the contract takes; of any other, which may be anything, only that it is `written by hand`. */
export function loggedMessage({ in: incoming }: { readonly in: object }, name: string): string {
  return Object.hasOwn(incoming, name) ? name : "written by hand";
}
