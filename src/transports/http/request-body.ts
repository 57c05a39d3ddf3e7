/** Reading the body of a request, never more of it than allowed. */
import type { IncomingMessage } from "node:http";
import { SwitchboardError } from "../../wire/error.ts";
import { parseLenient, type ReadJson } from "../../wire/lenient-json.ts";
import { jsonFault } from "./json-fault.ts";

/** Whether a body comes with the request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * The body's pieces. Throws `too_large` before the first one if its announced length is over `maxBytes`, else at the piece that goes
 * over; `bad_message` if the client goes away in the middle. Whoever stops reading leaves the connection open, so that the
 * answer can be sent. `progressed` is called for each piece.
 */
export async function* boundedBody(
  incoming: IncomingMessage,
  maxBytes: number,
  progressed: () => void,
): AsyncGenerator<Uint8Array, void> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  let bytes = 0;
  try {
    for await (const piece of incoming.iterator({ destroyOnReturn: false })) {
      progressed();
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      yield piece;
    }
  } catch (error) {
    if (error instanceof SwitchboardError) throw error;
    throw new SwitchboardError(
      "bad_message",
      "the body was cut off before its end",
      {},
      { cause: error },
    );
  }
}

/**
 * The JSON in `pieces`, whatever their Content-Type, and its text. `lenient`: bare NaN and infinities are taken as strings. Throws
 * `bad_json`, with the place of the fault, and what reading throws.
 */
export async function readJson(
  pieces: AsyncIterable<Uint8Array>,
  lenient = false,
): Promise<ReadJson> {
  const text = await readText(pieces);
  try {
    return lenient ? parseLenient(text) : { json: JSON.parse(text), text };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SwitchboardError("bad_json", explainFault(text));
  }
}

async function readText(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new SwitchboardError(
        "bad_json",
        "the body is not UTF-8 text: send JSON as UTF-8, not compressed",
      );
    }
  };
  let text = "";
  for await (const piece of pieces) text += decode(piece);
  return text + decode();
}

function explainFault(text: string): string {
  const at = jsonFault(text);
  if (at === undefined) return "the body is not JSON";
  if (at === text.length) return `the body is not JSON: it ends too early, at character ${at}`;
  return `the body is not JSON: ${JSON.stringify(text[at])} at character ${at} does not belong there`;
}

function tooLarge(maxBytes: number): SwitchboardError {
  return new SwitchboardError(
    "too_large",
    `the body is over ${maxBytes} bytes (limits.maxBodyBytes): send less at once`,
  );
}
