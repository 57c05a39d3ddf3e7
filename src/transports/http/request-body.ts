/** Reading the body of a request, never more of it than allowed. */
import type { IncomingMessage } from "node:http";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Clock } from "../../kit/clock.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { demandJsonBounds, JsonMeter } from "../../wire/json-meter.ts";
import { JsonFault, jsonFault } from "../../wire/json-scanner.ts";
import {
  JsonSlices,
  type SliceOptions,
  defaultSliceLength as sliceBytes,
} from "../../wire/json-slices.ts";
import { parseLenient, type ReadJson } from "../../wire/lenient-json.ts";
import { PieceDecoder } from "./piece-decoder.ts";

/** Whether a body comes with the request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** How long a client may go on sending once its answer has left. */
const lingerMs = 500;

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

/** How a body is read. */
export interface BodyReading extends Pick<SliceOptions, "lenient" | "keeps" | "bounds"> {
  /** Called before each slice of a large body with its length; the slice waits for the result. */
  take(length: number): Promise<void> | undefined;
}

/** Shorter bodies are read natively, at once. */
const smallBytes = 128 << 10;

/**
 * The JSON in `pieces`, whatever their Content-Type, and its text. `lenient`: bare NaN and
 * infinities are taken as strings. A large body is read in slices while it comes, so that it never
 * holds the loop; only then, lists at the places in `keeps` come as `KeptList`s. Throws `too_large`
 * beyond the bounds (`bad_message` for the depth), `bad_json` with the place of the fault, and what
 * reading throws.
 */
export async function readJson(
  pieces: AsyncIterable<Uint8Array>,
  reading: BodyReading,
): Promise<ReadJson> {
  const { bounds, keeps = [] } = reading;
  const decoder = new PieceDecoder();
  // Values in kept lists do not count, which only reading in slices can tell.
  const meter = bounds === undefined || keeps.length > 0 ? undefined : new JsonMeter(bounds);
  let text = "";
  let bytes = 0;
  let slices: JsonSlices | undefined;
  try {
    for await (const piece of pieces) {
      bytes += piece.length;
      for (let at = 0; at < piece.length; at += sliceBytes) {
        const decoded = decoder.decode(piece.subarray(at, at + sliceBytes));
        if (bytes <= smallBytes) {
          meter?.push(decoded);
          text += decoded;
        } else {
          slices ??= await beginSlices(text, reading);
          await reading.take(decoded.length);
          slices.push(decoded);
        }
      }
    }
    decoder.end();
    return slices === undefined ? await readSmall(text, reading) : slices.end();
  } catch (error) {
    if (error instanceof SwitchboardError) throw asBadMessage(error);
    if (!(error instanceof SyntaxError)) throw error;
    const fault = error instanceof JsonFault ? error : jsonFault(text, reading.lenient);
    const why = fault === undefined ? "" : `: ${fault.message}`;
    throw new SwitchboardError("bad_json", `the body is not JSON${why}`);
  }
}

async function readSmall(text: string, reading: BodyReading): Promise<ReadJson> {
  const { lenient, keeps = [], bounds } = reading;
  if (keeps.length > 0 && bounds !== undefined) {
    if (text.length > bounds.maxJsonValues) return (await beginSlices(text, reading)).end();
    demandJsonBounds(text, bounds);
  }
  return lenient === true ? parseLenient(text) : { json: JSON.parse(text), text };
}

async function beginSlices(text: string, reading: BodyReading): Promise<JsonSlices> {
  const slices = new JsonSlices(reading);
  for (let at = 0; at < text.length; at += sliceBytes) {
    await reading.take(sliceBytes);
    slices.push(text.slice(at, at + sliceBytes));
  }
  return slices;
}

/** A body nested too deep is `bad_message`: no limit that a caller could know makes it right. */
function asBadMessage(error: SwitchboardError): SwitchboardError {
  if (error.code !== "too_large" || !error.message.includes("maxJsonDepth")) return error;
  return new SwitchboardError("bad_message", error.message, { limit: "maxJsonDepth" });
}

function tooLarge({ maxBytes, limit }: BodyBounds): SwitchboardError {
  return new SwitchboardError(
    "too_large",
    `the body is over ${maxBytes} bytes (limits.${limit}): send less at once`,
    { limit },
  );
}
