/** From what was given to the configuration: merged, checked, completed. */
import { join } from "node:path";
import { z } from "zod";
import type { Limits } from "../../contract/index.ts";
import type { AnyService } from "../../kit/service.ts";
import { type Config, configSchema, type ParsedConfig, type ServiceConfig } from "../config.ts";
import { alternativesOf, expectation, type JsonSchema, membersAt } from "./expectation.ts";
import { exposureProblems } from "./exposure.ts";
import { likely } from "./nearest.ts";
import type { Override } from "./override.ts";
import { badConfig, type Problem, printPath, showValue } from "./problem.ts";
import { isSecret, type Setting, settingsOf, variablePrefix } from "./setting.ts";
import { type StrayKey, strayKeys } from "./stray-keys.ts";

/** The schema of these services, in the forms that are needed of it. */
export interface ConfigShape {
  readonly services: readonly AnyService[];
  readonly schema: ReturnType<typeof configSchema>;
  readonly json: JsonSchema;
  readonly settings: readonly Setting[];
}

/** Throws a TypeError for services that cannot be configured: see `configSchema`. */
export function configShape(services: readonly AnyService[]): ConfigShape {
  const schema = configSchema(services);
  const json: JsonSchema = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return { services, schema, json, settings: settingsOf(json) };
}

/** What was given, checked by nobody yet. */
export interface Given {
  /** What the file holds, and how it is called. */
  readonly file: { readonly name?: string; readonly value: unknown };
  /** Weakest first. */
  readonly overrides: readonly Override[];
  /** What has been found wrong already. */
  readonly problems: readonly Problem[];
}

/** A configuration, and where its values come from. */
export interface ResolvedConfig {
  readonly config: Config;
  readonly settings: readonly Setting[];
  /** The file, variable or flag that a value came from; undefined for a default. */
  sourceOf(path: readonly PropertyKey[]): string | undefined;
}

/** Throws `bad_config` with all that is wrong. */
export function resolveConfig(shape: ConfigShape, given: Given): ResolvedConfig {
  const merged = given.overrides.reduce(
    (value, override) => withValue(value, override.setting.path, override.value),
    given.file.value,
  );
  const sourceOf = (path: readonly PropertyKey[]) => sourceOfPath(given, path);
  const parsed = shape.schema.safeParse(merged);
  const own = ownSettings(shape.services, merged);
  const issues = [
    ...(parsed.error?.issues.filter((issue) => !isOwnOfService(issue.path)) ?? []),
    ...own.issues,
  ];
  const problems = [
    ...given.problems,
    ...strayProblems(shape, merged, sourceOf),
    ...issues.flatMap((issue) => problemOf(shape.json, merged, issue, sourceOf)),
    ...supersededProblems(shape, merged, given),
  ];
  if (!parsed.success || problems.length > 0) throw badConfig(problems);
  const config = completeConfig(shape, parsed.data, own.values, memberOf(merged, "limits"));
  const late = [...listenerProblems(config, sourceOf), ...exposureProblems(config, sourceOf)];
  if (late.length > 0) throw badConfig(late);
  return { config, settings: shape.settings, sourceOf };
}

/** A bad value is a mistake also where a stronger source has another: it would count as soon as that one is gone. */
function supersededProblems(
  shape: ConfigShape,
  merged: unknown,
  { file, overrides }: Given,
): Problem[] {
  const superseded = overrides.flatMap(({ setting: { path, name } }, index) => {
    const before = overrides.slice(0, index).findLast((other) => other.setting.name === name);
    const weaker = before ?? { value: valueAt(file.value, path), source: file.name };
    return weaker.value === undefined ? [] : [{ path, value: weaker.value, source: weaker.source }];
  });
  return superseded.flatMap(({ path, value, source }) => {
    const other = withValue(merged, path, value);
    const issues =
      shape.schema
        .safeParse(other)
        .error?.issues.filter((issue) => path.every((key, index) => issue.path[index] === key)) ??
      [];
    return issues.flatMap((issue) => problemOf(shape.json, other, issue, () => source));
  });
}

/** `value` with another one at `path`. What is no object on the way stays: the schema refuses it. */
function withValue(value: unknown, path: readonly string[], member: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return member;
  if (value !== undefined && (!isObject(value) || Array.isArray(value))) return value;
  return { ...value, [key]: withValue(memberOf(value, key), rest, member) };
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(memberOf, value);
}

function sourceOfPath(
  { file, overrides }: Given,
  path: readonly PropertyKey[],
): string | undefined {
  const override = overrides.findLast(({ setting }) =>
    setting.path.every((key, index) => path[index] === key),
  );
  if (override !== undefined) return override.source;
  return valueAt(file.value, path) === undefined ? undefined : file.name;
}

function strayProblems(
  shape: ConfigShape,
  merged: unknown,
  sourceOf: ResolvedConfig["sourceOf"],
): Problem[] {
  return strayKeys(shape.json, merged).map((stray) => {
    const source = sourceOf(stray.path);
    const name = printPath(stray.path);
    return {
      path: name,
      wrong: `${name} is not a setting`,
      ...(source === undefined ? {} : { source }),
      remedy: strayRemedy(shape, stray),
    };
  });
}

function strayRemedy({ settings }: ConfigShape, { path, known, onlyWith }: StrayKey): string {
  const parent = path.slice(0, -1);
  if (onlyWith !== undefined) {
    const where = Object.entries(onlyWith).map(
      ([key, value]) => `${printPath([...parent, key])} is ${JSON.stringify(value)}`,
    );
    return `it is known only where ${where.join(" and ")}`;
  }
  const key = String(path.at(-1));
  const sibling = likely(key, known);
  if (sibling !== undefined) return `did you mean ${sibling}?`;
  const elsewhere = settings.find(
    (setting) => setting.path.at(-1)?.toLowerCase() === key.toLowerCase(),
  );
  if (elsewhere !== undefined) return `did you mean ${elsewhere.name}?`;
  return known.length === 0 ? "nothing can be set there" : `known there: ${known.join(", ")}`;
}

function problemOf(
  json: JsonSchema,
  merged: unknown,
  issue: z.core.$ZodIssue,
  sourceOf: ResolvedConfig["sourceOf"],
): Problem[] {
  // Told of by strayKeys already, which knows what was meant.
  if (issue.code === "unrecognized_keys") return [];
  let schemas = alternativesOf(json);
  let secret = false;
  for (const key of issue.path) {
    schemas = membersAt(schemas, key);
    secret ||= isSecret(schemas);
  }
  const value = valueAt(merged, issue.path);
  const name = printPath(issue.path) || "the configuration";
  const source = sourceOf(issue.path);
  const shown = secret && value !== undefined ? "not right (it is not shown)" : showValue(value);
  const wanted =
    issue.code === "custom" || schemas.length === 0
      ? issue.message.replace(/^expected /, "")
      : expectation(schemas);
  const isFromText = source?.startsWith("--") || source?.startsWith(variablePrefix);
  const asJson =
    isFromText && schemas.some(({ type }) => type === "array" || type === "object")
      ? ", as JSON"
      : "";
  return [
    {
      path: name,
      wrong: `${name} is ${shown}`,
      ...(source === undefined ? {} : { source }),
      remedy: `it must be ${wanted}${asJson}`,
    },
  ];
}

/** Each service's settings, through its own schema: it may check more than key by key, and make other values of them. */
function ownSettings(services: readonly AnyService[], merged: unknown) {
  const values: Record<string, object> = {};
  const issues: z.core.$ZodIssue[] = [];
  for (const { contract, config } of services) {
    const path = ["services", contract.name];
    const part = valueAt(merged, path);
    const { enabled: _, limits: __, ...own } = isObject(part) ? part : {};
    const parsed = config.safeParse(own);
    if (parsed.success) values[contract.name] = parsed.data as object;
    else
      issues.push(
        ...parsed.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })),
      );
  }
  return { values, issues };
}

/** Whether the service's own schema tells of a problem there. */
function isOwnOfService([first, , key]: readonly PropertyKey[]): boolean {
  return first === "services" && key !== undefined && key !== "enabled" && key !== "limits";
}

/**
 * Fills in what depends on other settings. A service's limits: what the config says for the service, else what it says for all,
 * else the service's own default, else the common one.
 */
function completeConfig(
  { services }: ConfigShape,
  parsed: ParsedConfig,
  own: Readonly<Record<string, object>>,
  givenLimits: unknown,
): Config {
  const limitsForAll = Object.fromEntries(
    Object.entries(parsed.limits).filter(([name]) => memberOf(givenLimits, name) !== undefined),
  ) as Partial<Limits>;
  const complete: Record<string, ServiceConfig> = {};
  for (const { contract } of services) {
    const part = parsed.services[contract.name];
    const limits = { ...parsed.limits, ...contract.limits, ...limitsForAll, ...part?.limits };
    complete[contract.name] = { ...own[contract.name], enabled: part?.enabled ?? true, limits };
  }
  return {
    ...parsed,
    listeners: parsed.listeners.map((listener) => ({
      ...listener,
      host: listener.host ?? parsed.listen.host,
    })),
    auth: {
      ...parsed.auth,
      tokensFile: parsed.auth.tokensFile ?? join(parsed.data, "tokens.json"),
    },
    services: complete,
  };
}

function listenerProblems(config: Config, sourceOf: ResolvedConfig["sourceOf"]): Problem[] {
  return config.listeners.flatMap(({ service }, index) => {
    if (service === undefined || config.services[service]?.enabled === true) return [];
    const source = sourceOf(["listeners", index, "service"]);
    return [
      {
        path: `listeners[${index}].service`,
        wrong: `listeners[${index}].service is ${JSON.stringify(service)}, which is not enabled`,
        ...(source === undefined ? {} : { source }),
        remedy: `set services.${service}.enabled to true, or remove the listener`,
      },
    ];
  });
}
