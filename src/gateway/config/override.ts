/** Settings given beside the file: environment variables and flags. */
import { valueOfText } from "./expectation.ts";
import { likely, nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { type Setting, variablePrefix } from "./setting.ts";

/** One setting with the value it was given. */
export interface Override {
  readonly setting: Setting;
  readonly value: unknown;
  /** `SWITCHBOARD_LISTEN_PORT`, `--port`, `--set listen.port`. */
  readonly source: string;
}

/** A flag that sets something: `--port 80` is `{ name: "listen.port", text: "80", source: "--port" }`. */
export interface Flag {
  readonly name: string;
  readonly text: string;
  readonly source: string;
}

/** What was understood, and what was not. */
export interface Overrides {
  readonly overrides: readonly Override[];
  readonly problems: readonly Problem[];
}

/** Where the server is and who asks: read by the commands that are clients, no settings of a server. */
const clientVariables: ReadonlySet<string> = new Set(["SWITCHBOARD_URL", "SWITCHBOARD_TOKEN"]);

/** Reads every variable that starts with SWITCHBOARD_. */
export function overridesFromEnvironment(
  settings: readonly Setting[],
  env: Readonly<Record<string, string | undefined>>,
): Overrides {
  const byVariable = new Map(settings.map((setting) => [setting.variable, setting]));
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(variablePrefix) || clientVariables.has(variable) || text === undefined)
      continue;
    const setting = byVariable.get(variable);
    if (setting !== undefined) {
      overrides.push({ setting, value: valueOfText(setting.schemas, text), source: variable });
      continue;
    }
    const bare = (known: Setting) => known.variable.slice(variablePrefix.length);
    const meant =
      meantBy(variable.slice(variablePrefix.length), "_", settings, bare) ??
      byVariable.get(nearest(variable, byVariable.keys()) ?? "");
    problems.push({
      path: variable,
      wrong: `the environment variable ${variable} is not a setting`,
      remedy:
        meant === undefined
          ? "unset it"
          : `did you mean ${meant.variable} (${meant.name})? Otherwise unset it`,
    });
  }
  return { overrides, problems };
}

/** Reads flags; the last one of a setting counts. */
export function overridesFromFlags(
  settings: readonly Setting[],
  flags: readonly Flag[],
): Overrides {
  const byName = new Map(settings.map((setting) => [setting.name, setting]));
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const { name, text, source } of flags) {
    const setting = byName.get(name);
    if (setting !== undefined)
      overrides.push({ setting, value: valueOfText(setting.schemas, text), source });
    else
      problems.push({
        path: name,
        wrong: `${name} is not a setting`,
        source,
        remedy: flagRemedy(name, settings),
      });
  }
  return { overrides, problems };
}

function flagRemedy(name: string, settings: readonly Setting[]): string {
  const inside = settings.filter((setting) => setting.name.startsWith(`${name}.`));
  if (inside.length > 0)
    return `it is a group; set one of ${inside.map((setting) => setting.name).join(", ")}`;
  const around = settings.find(
    (setting) => name.startsWith(`${setting.name}.`) || name.startsWith(`${setting.name}[`),
  );
  if (around !== undefined) return `give ${around.name} whole, as JSON`;
  const meant = meantBy(name, ".", settings, (known) => known.name);
  return meant === undefined
    ? "switchboard check-config prints those there are"
    : `did you mean ${meant.name}?`;
}

/** The setting of a misspelt name, or else the likeliest that ends with the same word (`PORT` is meant for `LISTEN_PORT`). */
function meantBy(
  word: string,
  separator: string,
  settings: readonly Setting[],
  nameOf: (setting: Setting) => string,
): Setting | undefined {
  const names = settings.map(nameOf);
  const meant =
    likely(word, names) ??
    nearest(
      word,
      names.filter((name) => name.endsWith(`${separator}${word}`)),
    );
  return settings.find((setting) => nameOf(setting) === meant);
}
