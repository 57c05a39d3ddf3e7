/** Refuses contracts that let in values of any size. Pure. */
import type { z } from "zod";
import type { Contract } from "./contract.ts";
import { isDictionary } from "./dictionary.ts";
import { foreignSchemas } from "./foreign-schemas.ts";
import { type InnerSchema, innerSchemas } from "./inner-schemas.ts";

/** What has no bound, and how to give it one. */
interface Unbounded {
  readonly path: string;
  readonly what: string;
  readonly remedy: string;
}

/** Formats whose pattern is of limited length. */
const shortFormats: ReadonlySet<string> = new Set([
  "cidrv4",
  "date",
  "e164",
  "guid",
  "ipv4",
  "ipv6",
  "ksuid",
  "mac",
  "nanoid",
  "ulid",
  "uuid",
  "xid",
]);

/**
 * Demands that everything which clients send has a bound: each string and each list `.max(n)`, each
 * object whose keys the client chooses a `dictionary` with `max`. Looks at the `in` messages and at the
 * `params` and `body` of each route; what the server sends needs no bounds. Recursive schemas are as
 * deep as `limits.maxJsonDepth` allows.
 *
 * A value that is declared as unknown (`z.unknown()`, `z.any()`, `z.custom()`, the further members of a
 * `z.looseObject()`) is bounded by `limits.maxJsonValues`, `limits.maxJsonDepth` and
 * `limits.maxFrameBytes` or `limits.maxBodyBytes`, and by nothing else.
 *
 * Throws `TypeError`, which names the service, the message or route, the path in it, and the remedy.
 */
export function demandBounds(contract: Pick<Contract, "name" | "in" | "routes">): void {
  for (const { what, schema } of foreignSchemas(contract))
    demandBounded(schema, `${contract.name}: ${what}`);
}

function demandBounded(schema: z.ZodType, where: string): void {
  // From JavaScript anything can come.
  if ((schema as { readonly _zod?: unknown } | undefined)?._zod === undefined)
    throw new TypeError(`${where}: there is no Zod schema: give it one`);
  const unbounded = firstUnbounded(schema as unknown as z.core.$ZodTypes, "", new Set());
  if (unbounded === undefined) return;
  const { path, what, remedy } = unbounded;
  const place = path === "" ? "it" : JSON.stringify(path.replace(/^\./, ""));
  throw new TypeError(`${where}: ${place} is ${what}: ${remedy}`);
}

/** Depth first, in the order of declaration. A schema that was looked at before is passed over. */
function firstUnbounded(
  schema: z.core.$ZodTypes,
  path: string,
  seen: Set<z.core.$ZodTypes>,
): Unbounded | undefined {
  if (seen.has(schema)) return undefined;
  seen.add(schema);
  const own = missingBound(schema);
  if (own !== undefined) return { path, ...own };
  for (const { step, schema: child } of reachedSchemas(schema)) {
    const found = firstUnbounded(child, path + step, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The schemas inside that see what a client has sent, before anything else has bounded it. */
function reachedSchemas(schema: z.core.$ZodTypes): readonly InnerSchema[] {
  const inside = innerSchemas(schema);
  const { def } = schema._zod;
  if (def.type === "record") return inside.slice(1);
  if (def.type !== "pipe") return inside;
  const [first, second] = inside;
  if (first === undefined || second === undefined) return inside;
  if (isDictionary(schema)) return innerSchemas(second.schema).slice(1);
  return letsAnything(first.schema, new Set()) ? inside : [first];
}

/** Whether something that is not known comes out of a schema: then what is behind it sees that. */
function letsAnything(schema: z.core.$ZodTypes, seen: Set<z.core.$ZodTypes>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  const { type } = schema._zod.def;
  if (["transform", "unknown", "any", "custom"].includes(type)) return true;
  const inside = innerSchemas(schema);
  return (type === "pipe" ? inside.slice(0, 1) : inside).some((inner) =>
    letsAnything(inner.schema, seen),
  );
}

function missingBound(schema: z.core.$ZodTypes): Omit<Unbounded, "path"> | undefined {
  const { def } = schema._zod;
  switch (def.type) {
    case "string":
      return hasMax(def.checks) || isShortFormat(def)
        ? undefined
        : { what: "a string of any length", remedy: "add .max(n)" };
    case "template_literal":
      return hasMax(def.checks)
        ? undefined
        : { what: "a template of any length", remedy: "use z.string().max(n).regex(…)" };
    case "bigint":
      return def.coerce === true
        ? { what: "an integer of any length", remedy: "use z.string().max(n).pipe(…) before it" }
        : undefined;
    case "array":
    case "set":
    case "map":
      return hasFirstMax(def.checks)
        ? undefined
        : {
            what: `a ${kinds[def.type]} of any length`,
            remedy: "add .max(n), before other checks",
          };
    case "tuple":
      return def.rest === null
        ? undefined
        : { what: "a tuple with a rest of any length", remedy: "use z.array(…).max(n)" };
    case "object":
      return isOpenTo(def.catchall as z.core.$ZodTypes | undefined)
        ? { what: "an object with any number of keys", remedy: useDictionary }
        : undefined;
    case "record":
      return isDeclared(def) ? undefined : { what: "a record of any size", remedy: useDictionary };
    default:
      return undefined;
  }
}

const kinds = { array: "list", set: "set", map: "map" } as const;

const useDictionary = "use dictionary(schema, { max }) of switchboard/contract";

type Checks = readonly z.core.$ZodCheck<never>[] | undefined;

/** The most that a check lets through: characters, elements or entries. */
function maximum({ _zod: { def } }: z.core.$ZodCheck<never>): number | undefined {
  const { check, maximum, length, size } = def as z.core.$ZodCheckDef & {
    readonly maximum?: number;
    readonly length?: number;
    readonly size?: number;
  };
  if (check === "max_length" || check === "max_size") return maximum;
  if (check === "length_equals") return length;
  return check === "size_equals" ? size : undefined;
}

function hasMax(checks: Checks): boolean {
  return checks?.some((check) => Number.isFinite(maximum(check))) === true;
}

/** Whether the bound comes before any check that is not of the size: only then Zod looks at it first. */
function hasFirstMax(checks: Checks): boolean {
  for (const check of checks ?? []) {
    if (Number.isFinite(maximum(check))) return true;
    if (!/_length$|_size$/.test(check._zod.def.check)) return false;
  }
  return false;
}

function isShortFormat(def: { readonly format?: string; readonly checks?: Checks }): boolean {
  const formats = [
    def.format,
    ...(def.checks ?? []).map(({ _zod }) => (_zod.def as { readonly format?: string }).format),
  ];
  return formats.some((format) => format !== undefined && shortFormats.has(format));
}

/** Whether an object takes further members that are looked at. */
function isOpenTo(catchall: z.core.$ZodTypes | undefined): boolean {
  return catchall !== undefined && !["never", "unknown", "any"].includes(catchall._zod.def.type);
}

/** Whether the contract names all keys of a record. */
function isDeclared({ keyType, partial, mode }: z.core.$ZodRecordDef): boolean {
  return keyType._zod.values !== undefined && partial !== true && mode !== "loose";
}
