/** What the address of a request says of its session. Pure. */
import type { IncomingMessage } from "node:http";
import { SwitchboardError } from "../../wire/error.ts";

/** The query of an address, without its question mark. */
export function queryOf(url = ""): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark + 1);
}

/**
 * The session of a request; undefined for a handshake. As the library has it: the last one counts,
 * and an empty one is none.
 */
export function sidOf({ url }: IncomingMessage): string | undefined {
  return new URLSearchParams(queryOf(url)).getAll("sid").at(-1) || undefined;
}

/** The methods of polling. The library answers 500 to others. */
export const sessionMethods: readonly string[] = ["GET", "POST", "OPTIONS"];

/** Why no library is to see a request; undefined if one may. */
export function malformed({
  method = "",
  url = "",
}: IncomingMessage): SwitchboardError | undefined {
  if (!sessionMethods.includes(method)) {
    return new SwitchboardError(
      "method_not_allowed",
      `Socket.IO takes ${sessionMethods.join(", ")}, not ${method}`,
    );
  }
  if (!URL.canParse(url, "http://localhost")) {
    return new SwitchboardError("bad_message", "the address is not a URL");
  }
  // Its answers are scripts, which no browser takes with `nosniff`.
  return new URLSearchParams(queryOf(url)).has("j")
    ? new SwitchboardError("bad_message", "JSONP is not spoken here: poll with XHR or fetch")
    : undefined;
}
