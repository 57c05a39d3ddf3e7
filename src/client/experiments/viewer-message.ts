/** What a server sends to a viewer, read tolerantly. */
import { parseLenient } from "../../wire/lenient-json.ts";
import { isObject } from "../json-object.ts";
import type { ChainNames } from "./viewer-events.ts";
import type { Piece } from "./watched-variable.ts";

/** A message out of its wrapping. */
interface ViewerMessage {
  readonly action: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A piece and whose it is. */
export interface NamedPiece extends Piece {
  readonly chain: string;
  readonly name: string;
}

/** Undefined if it is none. */
export function readMessage(text: string): ViewerMessage | undefined {
  let json: unknown;
  try {
    ({ json } = parseLenient(text));
  } catch {
    return undefined;
  }
  const fields = isObject(json) ? json.message : undefined;
  if (!isObject(fields)) return undefined;
  const action = [fields.action, fields.type].find((name) => typeof name === "string");
  return typeof action === "string" ? { action, fields } : undefined;
}

/** Undefined if it is no list of names; entries that are none are left out. */
export function readNames(data: unknown): readonly ChainNames[] | undefined {
  if (!Array.isArray(data)) return undefined;
  return data.flatMap((item: unknown) => {
    if (!isObject(item) || typeof item.chain !== "string" || !Array.isArray(item.names)) return [];
    return [
      { chain: item.chain, names: item.names.filter((name: unknown) => typeof name === "string") },
    ];
  });
}

/** Undefined if anything in it is not as it should be. */
export function readPieces(data: unknown): readonly NamedPiece[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const pieces: NamedPiece[] = [];
  for (const item of data as unknown[]) {
    if (!isObject(item) || typeof item.chain !== "string" || !isObject(item.data)) return undefined;
    for (const [name, values] of Object.entries(item.data)) {
      const from = own(item.from, name);
      const at = own(item.at, name);
      if (!Array.isArray(values) || (from !== undefined && !isIndex(from))) return undefined;
      if (
        at !== undefined &&
        !(Array.isArray(at) && at.length === values.length && at.every(isIndex))
      )
        return undefined;
      pieces.push({ chain: item.chain, name, values, from, at });
    }
  }
  return pieces;
}

function own(of: unknown, name: string): unknown {
  return isObject(of) && Object.hasOwn(of, name) ? of[name] : undefined;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
