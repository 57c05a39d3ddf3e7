/** What is wrong with a configuration, as it is told to whoever wrote it. */
import { SwitchboardError } from "../../wire/error.ts";

/** One thing that is wrong. */
export interface Problem {
  /** Where: `listen.port`, `listeners[0].port`, a file or a variable. */
  readonly path: string;
  /** What is wrong, the path and the value included. */
  readonly wrong: string;
  /** The file, variable or flag that it came from; absent for what is missing everywhere. */
  readonly source?: string;
  /** What to do. */
  readonly remedy: string;
}

/** `bad_config` with all the problems: a line each in the message, and as `details.problems`. */
export function badConfig(problems: readonly Problem[]): SwitchboardError {
  const lines = problems.map(
    ({ wrong, source, remedy }) =>
      `${wrong}${source === undefined ? "" : ` (from ${source})`}: ${remedy}`,
  );
  const message =
    lines.length === 1
      ? lines.join()
      : `the configuration has ${lines.length} problems:\n${lines.map((line) => `  - ${line}`).join("\n")}`;
  return new SwitchboardError("bad_config", message, { problems });
}

/** `["listeners", 0, "port"]` as `listeners[0].port`. */
export function printPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) =>
      typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`,
    )
    .join("");
}

/** Longest print of a value. */
const maxShownLength = 80;

/** A short print of a value, less the user and password of addresses in it. */
export function showValue(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const printed = withoutUserInfo(JSON.stringify(value) ?? typeof value);
  return printed.length > maxShownLength ? `${printed.slice(0, maxShownLength)}…` : printed;
}

/** `nats://user:password@host` as `nats://***@host`, and the same without a scheme. */
export function withoutUserInfo(text: string): string {
  return text.replace(
    /(:\/\/)[^\s"]*@|[^\s"/]+@/g,
    (_found, scheme: string | undefined) => `${scheme ?? ""}***@`,
  );
}
