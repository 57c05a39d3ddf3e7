/** Reads the configuration from where users put it: flags before environment before file before defaults. */
import type { AnyService } from "../../kit/service.ts";
import type { Config } from "../config.ts";
import { plainData, readConfigFile } from "./config-file.ts";
import { type Flag, overridesFromEnvironment, overridesFromFlags } from "./override.ts";
import { configShape, type ResolvedConfig, resolveConfig } from "./resolve-config.ts";

/** Where to look. */
export interface ConfigSources {
  /** The working directory: `switchboard.config.js` or `.json` is looked for there. */
  readonly folder: string;
  /** A file to read instead, from the working directory. */
  readonly file?: string;
  /** Variables that start with SWITCHBOARD_ are read (but for the clients' SWITCHBOARD_URL and SWITCHBOARD_TOKEN), the others are not looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly Flag[];
}

/**
 * Rejects with `bad_config`, whose message names everything that is wrong, each with its path, value, origin and remedy (also in
 * `details.problems`). A server that others could reach without a token is wrong too.
 */
export async function loadConfig(
  services: readonly AnyService[],
  sources: ConfigSources,
): Promise<ResolvedConfig> {
  const shape = configShape(services);
  const file = await readConfigFile(sources.folder, sources.file);
  const fromEnvironment = overridesFromEnvironment(shape.settings, sources.env);
  const fromFlags = overridesFromFlags(shape.settings, sources.flags);
  return resolveConfig(shape, {
    file,
    overrides: [...fromEnvironment.overrides, ...fromFlags.overrides],
    problems: [...file.problems, ...fromEnvironment.problems, ...fromFlags.problems],
  });
}

/** The configuration that an object like a file's gives, without file, environment and flags. Throws `bad_config` as `loadConfig` does. */
export function configFrom(services: readonly AnyService[], settings: object): Config {
  return resolveConfig(configShape(services), {
    file: { value: plainData(settings) },
    overrides: [],
    problems: [],
  }).config;
}
