/** Finding and reading the configuration file. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Problem } from "./problem.ts";

/** What was read. `name` is how the user would call it; absent where there is no file. */
export interface ConfigFile {
  readonly name?: string;
  /** Plain data: what JSON can hold. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/** The names that are looked for in the working directory. */
const usualNames = ["switchboard.config.js", "switchboard.config.json"] as const;

/**
 * Reads `path` (.json, .js, .mjs or .cjs), or the file of a usual name in `folder`, or nothing if there is none. A file that cannot be used
 * is a problem, not an error. A JavaScript file runs, once in a process.
 */
export async function readConfigFile(
  folder: string,
  path: string | undefined,
): Promise<ConfigFile> {
  if (path !== undefined) return await read(path, resolve(folder, path));
  const found = usualNames.filter((name) => existsSync(join(folder, name)));
  const [name, second] = found;
  if (name === undefined) return { value: {}, problems: [] };
  if (second !== undefined) {
    return unusable(
      undefined,
      `${name} and ${second} are both there`,
      "remove one, or name the one that counts with --config",
    );
  }
  return await read(name, join(folder, name));
}

async function read(name: string, path: string): Promise<ConfigFile> {
  try {
    if (extname(path) === ".json") return data(name, parseJson(await readFile(path, "utf8")));
    if (![".js", ".mjs", ".cjs"].includes(extname(path))) {
      return unusable(
        name,
        `${name} is no configuration file`,
        "give it a name that ends in .json, or .js for a module that exports an object",
      );
    }
    const module: { readonly default?: unknown } = await import(
      /* @vite-ignore */ pathToFileURL(path).href
    );
    return data(name, module.default);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || (code === "ERR_MODULE_NOT_FOUND" && !existsSync(path))) {
      return unusable(name, `${name} does not exist`, "correct the path given with --config");
    }
    if (code === "EACCES" || code === "EISDIR")
      return unusable(
        name,
        `${name} cannot be read (${code})`,
        "make it a file that this user can read",
      );
    const kind = extname(path) === ".json" ? "is not JSON" : "cannot be run";
    return unusable(name, `${name} ${kind}`, `${message.replaceAll(/\s*\n\s*/g, " ")}`);
  }
}

function data(name: string, value: unknown): ConfigFile {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const must =
      extname(name) === ".json"
        ? "hold one JSON object"
        : "export one object as its default (export default { … })";
    return unusable(name, `${name} holds no settings`, `it must ${must}`);
  }
  return { name, value: plainData(value), problems: [] };
}

/** As JSON would have it, except that what JSON cannot hold becomes a text, which the schema then refuses; `undefined` is left out. */
export function plainData(value: object): unknown {
  const text = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === "number" && !Number.isFinite(member)) return String(member);
    if (typeof member === "function" || typeof member === "symbol" || typeof member === "bigint")
      return `(a ${typeof member})`;
    return member;
  });
  return JSON.parse(text);
}

/** Throws a SyntaxError that says where, and never repeats a piece of the text: there may be a password in it. */
function parseJson(text: string): unknown {
  const withoutMark = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(withoutMark);
  } catch (error) {
    throw new SyntaxError(wherePlain((error as SyntaxError).message, withoutMark));
  }
}

/** Node says either the position, or quotes ten characters before and behind it. */
function wherePlain(message: string, text: string): string {
  const atPosition = /^(.*?)(?: in JSON| after JSON)? at position (\d+)/s.exec(message);
  if (atPosition !== null)
    return `${atPosition[1]} in ${lineAndColumn(text, Number(atPosition[2]))}`;
  const quoting = /^(Unexpected token .+?), (\.{3})?"(.*)"(?:\.{3})? is not valid JSON$/s.exec(
    message,
  );
  if (quoting === null) return message;
  const [, what, cut, quoted = ""] = quoting;
  return cut === undefined
    ? `${what}`
    : `${what} in ${lineAndColumn(text, text.indexOf(quoted) + 10)}`;
}

function lineAndColumn(text: string, position: number): string {
  const lines = text.slice(0, position).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function unusable(name: string | undefined, wrong: string, remedy: string): ConfigFile {
  return {
    ...(name === undefined ? {} : { name }),
    value: {},
    problems: [{ path: name ?? "", wrong, remedy }],
  };
}
