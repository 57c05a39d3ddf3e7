/** How a service's messages are named inside JSON text frames. */
import type { JsonPath } from "../wire/json-slices.ts";
import { printJson } from "../wire/print-json.ts";

/** Finds the name of a parsed message, and prints a message of a name. Pure. */
export interface Codec {
  /** The message's name, or undefined where it has none. `json` is whatever JSON.parse gave. */
  nameOf(json: unknown): string | undefined;
  /**
   * Reads a frame, where that is not `JSON.parse`; the text it gives is what handlers get. Throws `SyntaxError`. Not asked for a first
   * message on a shared path.
   */
  readonly parse?: (text: string) => { readonly json: unknown; readonly text: string };
  /**
   * How a large frame is read, in slices: `lenient` as `parse` is, if it takes bare NaN. Lists at the
   * places in `keeps` come as `KeptList`s then, and the text that handlers get has `[]` in their
   * place; without `keeps` they get the frame's own text. Default: as `JSON.parse`, nothing kept.
   */
  readonly large?: { readonly lenient?: boolean; readonly keeps?: readonly JsonPath[] };
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
      if (typeof json !== "object" || json === null || !Object.hasOwn(json, field))
        return undefined;
      const name = (json as Record<string, unknown>)[field];
      return typeof name === "string" ? name : undefined;
    },
    // First and last: the name comes first in the text, and no member of the payload can take its place.
    print: (name, payload) => printJson({ [field]: name, ...payload, [field]: name }),
  };
}
