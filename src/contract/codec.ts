/** How a service's messages are named inside JSON text frames. */
import { printJson } from "../wire/print-json.ts";

/** Finds the name of a parsed message, and prints a message of a name. Pure. */
export interface Codec {
  /** The message's name, or undefined where it has none. `json` is whatever JSON.parse gave. */
  nameOf(json: unknown): string | undefined;
  /**
   * The frame's text. Values that are `RawJson` keep their spelling. Must also print the two messages that the kit itself sends to
   * clients that asked for them: `error` `{code, message}` and `skipped` `{count}`.
   */
  print(name: string, payload: object): string;
}

/** The commonest codec: an object whose member `field` is the name, beside the message's own members. */
export function namedBy(field: string): Codec {
  return {
    nameOf(json) {
      if (typeof json !== "object" || json === null || !Object.hasOwn(json, field)) return undefined;
      const name = (json as Record<string, unknown>)[field];
      return typeof name === "string" ? name : undefined;
    },
    print: (name, payload) => printJson({ [field]: name, ...payload }),
  };
}
