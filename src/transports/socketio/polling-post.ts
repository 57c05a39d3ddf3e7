/** One POST of a polling client: its body read within bounds, its packets taken in fair turns. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import { type Fault, guarded } from "../../kit/guard.ts";
import type { CloseName } from "../../wire/close-codes.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { answerRefused } from "./http-refusal.ts";
import { type EnginePacket, PayloadReader } from "./payload-reader.ts";

/** So many packets of one session are taken in one turn of the event loop, as in the kit's inbox. */
const packetsPerTurn = 32;

/** How a body's buffer begins; it doubles. */
const firstBufferBytes = 4096;

/** What a POST needs of its session. */
export interface PostSession {
  /** Revision of Engine.IO: 3 or 4. */
  readonly protocol: number;
  readonly address: string;
  /** Largest body now, and the limit that says so. */
  readonly maxBody: { readonly bytes: number; readonly limit: string };
  /** Counts what is held of bodies, for all clients together. */
  readonly budget: Pick<ByteBudget, "reserve" | "release">;
  readonly fault: Fault;
  /** False once packets of this session are no longer taken. */
  isOpen(): boolean;
  /** True while the session's inbox is full. */
  isPaused(): boolean;
  take(packet: EnginePacket): void;
  /** The client went away in the middle. */
  cutOff(): void;
  /** Ends the session; its client has had the answer. */
  refuse(close: CloseName, reason: string): void;
  /** The POST has been answered. */
  answered(): void;
}

/**
 * Answers when the last packet has been taken: until then the client posts nothing more. A body that
 * is too large gets 413, one beyond the input budget 503; both end the session.
 */
export class PollingPost {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #session: PostSession;
  #body = Buffer.alloc(0);
  #bytes = 0;
  #payload: PayloadReader | undefined;
  #scheduled = false;
  #isOver = false;

  constructor(request: IncomingMessage, response: ServerResponse, session: PostSession) {
    this.#request = request;
    this.#response = response;
    this.#session = session;
  }

  /** Begins to read; where the announced length is over the limit, it answers at once. */
  start(): void {
    const { headers } = this.#request;
    this.#request.on("data", this.#received);
    this.#request.on("end", this.#complete);
    this.#request.on("close", this.#cutOff);
    if (Number(headers["content-length"] ?? 0) > this.#session.maxBody.bytes) this.#tooLarge();
  }

  /** The session takes packets again. */
  goOn(): void {
    if (this.#payload === undefined || this.#scheduled || this.#isOver) return;
    this.#scheduled = true;
    setImmediate(this.#nextSlice);
  }

  /** The session takes nothing more: what is left is dropped. */
  stop(): void {
    if (this.#payload !== undefined) this.#answer();
    else if (this.#end()) this.#request.destroy();
  }

  readonly #received = (piece: Buffer): void => {
    const { address, budget, maxBody } = this.#session;
    const bytes = this.#bytes + piece.length;
    if (bytes > maxBody.bytes) {
      this.#tooLarge();
      return;
    }
    if (!budget.reserve(address, piece.length)) {
      this.#refuse(
        "overCapacity",
        new SwitchboardError(
          "over_capacity",
          "too many bytes of unfinished requests (limits.maxInputBytes, " +
            "limits.maxInputBytesPerAddress): come back later",
        ),
      );
      return;
    }
    if (bytes > this.#body.length) this.#grow(bytes);
    this.#body.set(piece, this.#bytes);
    this.#bytes = bytes;
  };

  readonly #complete = (): void => {
    const { protocol } = this.#session;
    this.#payload = new PayloadReader(this.#body.toString("utf8", 0, this.#bytes), protocol);
    this.#body = Buffer.alloc(0);
    this.#slice();
  };

  readonly #cutOff = (): void => {
    // Also comes behind every whole body.
    if (this.#payload === undefined && this.#end()) this.#session.cutOff();
  };

  readonly #nextSlice = guarded(
    () => {
      this.#scheduled = false;
      this.#slice();
    },
    (error) => this.#session.fault(error),
  );

  #slice(): void {
    const session = this.#session;
    for (let n = 0; n < packetsPerTurn; n++) {
      if (!session.isOpen()) break;
      if (session.isPaused()) return;
      const packet = this.#payload?.next();
      if (packet === undefined) break;
      session.take(packet);
      if (n === packetsPerTurn - 1) {
        this.goOn();
        return;
      }
    }
    this.#answer();
  }

  #grow(bytes: number): void {
    const body = Buffer.allocUnsafe(Math.max(firstBufferBytes, 2 * this.#body.length, bytes));
    body.set(this.#body.subarray(0, this.#bytes));
    this.#body = body;
  }

  #tooLarge(): void {
    const { bytes, limit } = this.#session.maxBody;
    this.#refuse(
      "tooLarge",
      new SwitchboardError("too_large", `the body is over ${bytes} bytes (${limit})`),
    );
  }

  #refuse(close: CloseName, error: SwitchboardError): void {
    if (!this.#end()) return;
    answerRefused(this.#response, error);
    this.#session.refuse(close, error.message);
  }

  #answer(): void {
    if (!this.#end()) return;
    // Not text/plain: some browsers would offer it as a download.
    this.#response
      .writeHead(200, {
        "cache-control": "no-store",
        "content-length": "2",
        "content-type": "text/html",
        "x-content-type-options": "nosniff",
      })
      .end("ok");
  }

  /** True the first time. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    const { address, budget } = this.#session;
    budget.release(address, this.#bytes);
    this.#request.off("data", this.#received);
    this.#request.off("end", this.#complete);
    this.#request.off("close", this.#cutOff);
    this.#body = Buffer.alloc(0);
    this.#session.answered();
    return true;
  }
}
