/** Writes answers to their clients, as fast as these read. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Logger } from "../../kit/logger.ts";
import { errorAnswer } from "../../kit/request.ts";
import type { RequestCount } from "./request-count.ts";

/** What the writer is made of. */
export interface AnswerWriterParts {
  /** Of the bytes that clients have not read yet. */
  readonly answers: ByteBudget;
  readonly requests: RequestCount;
  readonly logger: Logger;
}

/** Where an answer goes. */
export interface AnswerTarget {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** For the log. */
  readonly route?: string;
}

/** Answers up to this size are not counted: the system's buffers take them, one for each socket. */
const freeBytes = 16 << 10;

/** What a stream counts for at least: its pieces on their way from the source to the socket. */
const streamBytes = 128 << 10;

/** The bytes that one answer has reserved. */
class Reservation {
  readonly #budget: ByteBudget;
  readonly #address: string;
  #bytes = 0;

  constructor(budget: ByteBudget, address: string) {
    this.#budget = budget;
    this.#address = address;
  }

  /** Makes it at least this large; false if the budget does not allow that. */
  grow(bytes: number): boolean {
    if (bytes <= Math.max(freeBytes, this.#bytes)) return true;
    if (!this.#budget.reserve(this.#address, bytes - this.#bytes)) return false;
    this.#bytes = bytes;
    return true;
  }

  release(): void {
    this.#budget.release(this.#address, this.#bytes);
    this.#bytes = 0;
  }
}

/**
 * Writes one piece of an answer's body after another, each when the client has read those before.
 * The bytes that wait for the client are reserved in the budget; an answer that does not fit is
 * replaced by 503 `over_capacity`, or cut off if it has begun.
 *
 * A body that fails in the middle is logged, and the connection cut off, so that no client takes the
 * part for the whole. A client that goes ends the body, and is not logged.
 */
export class AnswerWriter {
  readonly #parts: AnswerWriterParts;

  constructor(parts: AnswerWriterParts) {
    this.#parts = parts;
  }

  /** Resolves when the answer has left, or the client has gone. Never rejects. */
  async write(response: Response, target: AnswerTarget): Promise<void> {
    const { incoming, outgoing, route } = target;
    if (outgoing.destroyed || response.body === null) {
      response.body?.cancel().catch(() => {});
      if (this.#writeHead(response, target)) outgoing.end();
      return;
    }
    const address = incoming.socket.remoteAddress ?? "unknown";
    const reserved = new Reservation(this.#parts.answers, address);
    const reader = response.body.getReader();
    const left = new Promise<void>((resolve) => outgoing.once("close", resolve));
    // Ends a read that is waiting, too.
    void left.then(() => reader.cancel()).catch(() => {});
    try {
      await this.#writeBody(response, reader, reserved, target);
      await left;
    } catch (error) {
      if (outgoing.destroyed) return;
      this.#parts.logger.error({ route, err: error }, "an answer's stream failed");
      // What was written before leaves at the end of the turn.
      await nextTurn();
      outgoing.destroy();
    } finally {
      reserved.release();
    }
  }

  async #writeBody(
    response: Response,
    reader: Reader,
    reserved: Reservation,
    target: AnswerTarget,
  ): Promise<void> {
    const { outgoing } = target;
    const announced = response.headers.get("content-length");
    // Its bytes are not there before the first read.
    if (announced !== null && !reserved.grow(Number(announced))) {
      this.#refuse(reader, target);
      return;
    }
    const { first, second, isWhole } = await begin(reader);
    const firstBytes = first.value?.length ?? 0;
    if (!reserved.grow(isWhole ? firstBytes : Math.max(firstBytes, streamBytes))) {
      this.#refuse(reader, target);
      return;
    }
    if (isWhole) response.headers.set("content-length", String(firstBytes));
    if (!this.#writeHead(response, target)) return;
    for (let piece = first, next = second; !piece.done; next = undefined) {
      if (!reserved.grow(piece.value.length)) {
        this.#parts.requests.limited("maxAnswerBytes");
        outgoing.destroy();
      }
      if (outgoing.destroyed) return;
      if (!outgoing.write(piece.value)) await drained(outgoing);
      piece = await (next ?? reader.read());
    }
    if (!outgoing.destroyed) outgoing.end();
  }

  #refuse(reader: Reader, target: AnswerTarget): void {
    this.#parts.requests.limited("maxAnswerBytes");
    reader.cancel().catch(() => {});
    const answer = errorAnswer(
      "over_capacity",
      "too many bytes of answers wait for their clients (limits.maxAnswerBytes, " +
        "limits.maxAnswerBytesPerAddress): read the answers, and try again later",
      { "retry-after": "1", "cache-control": "no-store", "x-content-type-options": "nosniff" },
    );
    if (!this.#writeHead(answer, target)) return;
    void answer.text().then((text) => target.outgoing.end(text));
  }

  /** Counts the answer; false if its client has gone. */
  #writeHead({ status, headers, body }: Response, { outgoing, route }: AnswerTarget): boolean {
    this.#parts.requests.add(route ?? "none", status);
    if (outgoing.destroyed) return false;
    if (body !== null && !headers.has("content-type"))
      headers.set("content-type", "text/plain; charset=UTF-8");
    outgoing.writeHead(status, [...headers].flat());
    return true;
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Piece = Awaited<ReturnType<Reader["read"]>>;

/** The first piece of a body. `isWhole`: it is all of it; else the second is on its way. */
async function begin(reader: Reader): Promise<{
  readonly first: Piece;
  readonly second?: Promise<Piece>;
  readonly isWhole: boolean;
}> {
  const first = await reader.read();
  if (first.done) return { first, isWhole: true };
  const second = reader.read();
  const soon = await Promise.race([second, nextTurn()]);
  return { first, second, isWhole: soon?.done === true };
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}

/** Resolves when more can be written, or when nobody reads any more. */
function drained(outgoing: ServerResponse): Promise<void> {
  // Node tells the answer of its socket's drain no more once an upgrade waits behind it.
  const { socket } = outgoing;
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done);
      socket?.off("drain", done);
      resolve();
    };
    if (outgoing.destroyed) resolve();
    else {
      outgoing.on("drain", done).on("close", done);
      socket?.on("drain", done);
    }
  });
}
