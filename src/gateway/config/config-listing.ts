/** The resolved configuration, setting by setting, for people to read. */
import { withoutUserInfo } from "./problem.ts";
import type { ResolvedConfig } from "./resolve-config.ts";

/** One setting. */
export interface ListedSetting {
  /** `listen.port` */
  readonly name: string;
  /** As JSON; `(secret)` for what must not be seen, `(not set)` for what has no value. */
  readonly value: string;
  /** Where it was set; absent: it has its default. */
  readonly source?: string;
}

/** All settings in the order of the schema. A service's limits are left out where they are the common ones. */
export function listConfig({
  config,
  settings,
  sourceOf,
}: ResolvedConfig): readonly ListedSetting[] {
  return settings.flatMap(({ name, path, secret }) => {
    const value = memberAt(config, path);
    let source = sourceOf(path);
    const [first, service, part, limit] = path;
    if (first === "services" && part === "limits" && limit !== undefined && source === undefined) {
      if (value === memberAt(config, ["limits", limit])) return [];
      source = `the contract of ${service}`;
    }
    const shown =
      value === undefined
        ? "(not set)"
        : secret
          ? "(secret)"
          : withoutUserInfo(JSON.stringify(value));
    return [{ name, value: shown, ...(source === undefined ? {} : { source }) }];
  });
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined,
    value,
  );
}
