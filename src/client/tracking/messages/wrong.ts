/** The error for a field that is not as the protocol wants it. */
import { SwitchboardError } from "../../../wire/error.ts";

/** Longest part of a value that an error shows. */
const maxShown = 80;

/** `what`: the field, such as `start.cameraId`. */
export function wrong(what: string, value: unknown, remedy: string): SwitchboardError {
  return new SwitchboardError("bad_message", `${what} is ${shown(value)}: ${remedy}`);
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text =
    typeof value === "number" ? String(value) : (JSON.stringify(value) ?? `a ${typeof value}`);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
