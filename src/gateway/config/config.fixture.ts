/** Services and sources for the tests of the configuration. */
import { expect } from "vitest";
import { z } from "zod";
import { defineContract, namedBy } from "../../contract/index.ts";
import { type AnyService, defineService } from "../../kit/service.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { Config } from "../config.ts";
import { type Flag, overridesFromEnvironment, overridesFromFlags } from "./override.ts";
import type { Problem } from "./problem.ts";
import { configShape, resolveConfig } from "./resolve-config.ts";

/** A service that does nothing, with this config. */
export function serviceCalled(name: string, config: z.ZodType, limits = {}): AnyService {
  const contract = defineContract({
    name,
    doc: "For tests.",
    transport: "websocket",
    paths: ["/"],
    codec: namedBy("type"),
    in: {},
    out: {},
    routes: {},
    roles: {},
    limits,
  });
  return defineService({ contract, config, start: async () => ({ on: {}, routes: {} }) });
}

/** With a setting of every kind. */
export const lobby = serviceCalled(
  "lobby",
  z.strictObject({
    graceMs: z.int().min(0).max(60_000).default(5000).describe("How long a seat is kept"),
    host: z.enum(["first", "anyone"]).default("first").describe("Who is the host"),
    secretWord: z.exactOptional(
      z.string().min(1).meta({ secret: true }).describe("Nobody may know"),
    ),
    rooms: z
      .strictObject({
        most: z.number().positive().nullable().default(null),
        names: z.array(z.string()).default([]),
      })
      .prefault({})
      .describe("Rooms"),
    labels: z.record(z.string(), z.string()).default({}).describe("Any labels"),
  }),
);
/** Not strict, with a rule beyond its keys and limits of its own. */
const video = serviceCalled(
  "video",
  z
    .object({
      least: z.int().default(1),
      most: z.int().default(10),
      inner: z.object({ deep: z.boolean().default(false) }).prefault({}),
    })
    .refine(({ least, most }) => least <= most, {
      path: ["least"],
      message: "no more than services.video.most",
    }),
  { maxFrameBytes: 16 << 20, maxInbox: 5 },
);
export const services = [lobby, video];
export const shape = configShape(services);

/** What is given. */
export interface Sources {
  readonly file?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly Flag[];
}

/** As `loadConfig`, with the file in memory. */
export function resolved({ file = {}, env = {}, flags = [] }: Sources) {
  const fromEnvironment = overridesFromEnvironment(shape.settings, env);
  const fromFlags = overridesFromFlags(shape.settings, flags);
  return resolveConfig(shape, {
    file: { name: "switchboard.config.json", value: file },
    overrides: [...fromEnvironment.overrides, ...fromFlags.overrides],
    problems: [...fromEnvironment.problems, ...fromFlags.problems],
  });
}

/** The config alone. */
export function configOf(sources: Sources): Config {
  return resolved(sources).config;
}

/** As `--set name=text`. */
export function set(name: string, text: string): Flag {
  return { name, text, source: `--set ${name}` };
}

/** What is thrown; it must be an error of ours. */
export function errorOf(run: () => unknown): SwitchboardError {
  try {
    run();
  } catch (error) {
    if (error instanceof SwitchboardError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** All that is wrong. */
export function problemsOf(sources: Sources): readonly Problem[] {
  const error = errorOf(() => configOf(sources));
  expect(error.code).toBe("bad_config");
  return error.details.problems as readonly Problem[];
}

/** The one problem, as it is printed. */
export function problemOf(sources: Sources): string {
  const problems = problemsOf(sources);
  expect(problems).toHaveLength(1);
  return errorOf(() => configOf(sources)).message;
}
