/** Reading the body of a request, never more of it than allowed. */
import type { IncomingMessage } from "node:http";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Clock } from "../../kit/clock.ts";
import { isSwitchboardError, SwitchboardError } from "../../wire/error.ts";
import { type JsonBounds, JsonMeter } from "../../wire/json-meter.ts";
import { parseLenient, type ReadJson } from "../../wire/lenient-json.ts";
import { jsonFault } from "./json-fault.ts";

/** Whether a body comes with the request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** How long a client may go on sending once its answer has left. */
const lingerMs = 500;

/** In longer texts the place of a fault is not looked for. */
const maxSearchedLength = 1 << 20;

/** Who may send how much. */
export interface BodyBounds {
  readonly maxBytes: number;
  /** The name of the limit that `maxBytes` is. */
  readonly limit: "maxBodyBytes" | "maxUnauthenticatedBytes";
}

/** Counts the bytes of one body against the budget of all input, until it is released. */
export class BodyReceipt {
  readonly #budget: ByteBudget;
  readonly #address: string;
  #bytes = 0;

  constructor(budget: ByteBudget, address: string) {
    this.#budget = budget;
    this.#address = address;
  }

  /** Counts one piece. Throws `over_capacity` if the server holds too much input already. */
  add(bytes: number): void {
    if (!this.#budget.reserve(this.#address, bytes)) {
      throw new SwitchboardError(
        "over_capacity",
        "the server is receiving too much at once (limits.maxInputBytes, " +
          "limits.maxInputBytesPerAddress): try again later",
        { limit: "maxInputBytes" },
      );
    }
    this.#bytes += bytes;
  }

  /** Nothing of the body is held any more. */
  release(): void {
    this.#budget.release(this.#address, this.#bytes);
    this.#bytes = 0;
  }
}

/**
 * The body's pieces, each counted in `receipt`. Throws `too_large` before the first one if its
 * announced length is over the bound, else at the piece that goes over; `over_capacity` if the input
 * budget is used up; `bad_message` if the client goes away in the middle. A caller that stops
 * reading leaves the connection open, so that the answer can be sent. `progressed` is called for
 * each piece.
 */
export async function* boundedBody(
  incoming: IncomingMessage,
  bounds: BodyBounds,
  receipt: BodyReceipt,
  progressed: () => void,
): AsyncGenerator<Uint8Array, void> {
  const { maxBytes } = bounds;
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(bounds);
  let bytes = 0;
  try {
    for await (const piece of incoming.iterator({ destroyOnReturn: false })) {
      progressed();
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge(bounds);
      receipt.add(piece.length);
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
 * Lets a client that is still sending its body read the answer that has left: what it sends is
 * dropped, and the connection closes if the body has not ended after half a second.
 */
export function endBody(incoming: IncomingMessage, clock: Clock): void {
  if (incoming.complete || incoming.destroyed) return;
  const { socket } = incoming;
  const timer = clock.after(lingerMs, () => socket.destroySoon());
  // Node forgets a request that has been answered: whoever still reads its body has to be told.
  const gone = () => incoming.destroy();
  socket.once("close", gone);
  for (const event of ["end", "close"]) {
    incoming.once(event, () => {
      timer.cancel();
      socket.off("close", gone);
    });
  }
  incoming.on("error", () => {}).resume();
  if (socket.destroyed) gone();
}

/**
 * The JSON in `pieces`, whatever their Content-Type, and its text. `lenient`: bare NaN and
 * infinities are taken as strings. Throws `too_large` at the piece that passes a bound of the JSON's
 * structure (`bad_message` for its depth), `bad_json` with the place of the fault, and what reading throws.
 */
export async function readJson(
  pieces: AsyncIterable<Uint8Array>,
  bounds: JsonBounds,
  lenient = false,
): Promise<ReadJson> {
  const text = await readText(pieces, bounds);
  try {
    return lenient ? parseLenient(text) : { json: JSON.parse(text), text };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SwitchboardError("bad_json", explainFault(text));
  }
}

async function readText(pieces: AsyncIterable<Uint8Array>, bounds: JsonBounds): Promise<string> {
  const meter = new JsonMeter(bounds);
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
  for await (const piece of pieces) {
    const decoded = decode(piece);
    meterBody(meter, decoded);
    text += decoded;
  }
  return text + decode();
}

/** A body nested too deep is `bad_message`: no limit that a caller could know makes it right. */
function meterBody(meter: JsonMeter, piece: string): void {
  try {
    meter.push(piece);
  } catch (error) {
    if (!isSwitchboardError(error, "too_large") || !error.message.includes("maxJsonDepth"))
      throw error;
    throw new SwitchboardError("bad_message", error.message, { limit: "maxJsonDepth" });
  }
}

function explainFault(text: string): string {
  const at = text.length > maxSearchedLength ? undefined : jsonFault(text);
  if (at === undefined) return "the body is not JSON";
  if (at === text.length) return `the body is not JSON: it ends too early, at character ${at}`;
  return `the body is not JSON: ${JSON.stringify(text[at])} at character ${at} does not belong there`;
}

function tooLarge({ maxBytes, limit }: BodyBounds): SwitchboardError {
  return new SwitchboardError(
    "too_large",
    `the body is over ${maxBytes} bytes (limits.${limit}): send less at once`,
    { limit },
  );
}
