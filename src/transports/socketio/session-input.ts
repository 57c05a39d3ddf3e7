/** What one Engine.IO session sends: bounded until it has authenticated, paused and read in fair turns. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket as EngineSocket } from "engine.io";
import type { WebSocket } from "ws";
import type { Limits } from "../../contract/index.ts";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Fault } from "../../kit/guard.ts";
import type { CloseName } from "../../wire/close-codes.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { failTransport, receivePacket, takePosts, webSocketOf } from "./engine-internals.ts";
import { answerRefused } from "./http-refusal.ts";
import type { EnginePacket } from "./payload-reader.ts";
import { PollingPost } from "./polling-post.ts";
import { WebSocketInput } from "./websocket-input.ts";

/** A client joins with one packet; one that has no good token may try a few more. */
const maxPacketsBeforeJoining = 32;

/** A client probes a WebSocket once before it changes to it. */
const maxUpgradeProbes = 4;

/** What an input needs of its session. */
export interface InputParts {
  readonly limits: Limits;
  readonly budget: Pick<ByteBudget, "reserve" | "release">;
  readonly fault: Fault;
  /** Ends the session for something that it sent. */
  refuse(close: CloseName, reason: string): void;
  /** The client has sent bytes where only text is spoken. */
  binary(): void;
}

/**
 * A WebSocket stops reading while paused. A polling client's POST is not answered while paused, and
 * a second one beside it ends the session, as the protocol has it.
 */
export class SessionInput {
  readonly #engineSocket: EngineSocket;
  readonly #parts: InputParts;
  #isPaused = false;
  #isAuthenticated = false;
  #isStopped = false;
  #packets = 0;
  #probes = 0;
  #post: PollingPost | undefined;
  /** The newest answer to a poll; the next poll waits until the client has read it. */
  #answer: ServerResponse | undefined;
  #waitingPoll: ServerResponse | undefined;

  constructor(engineSocket: EngineSocket, parts: InputParts) {
    this.#engineSocket = engineSocket;
    this.#parts = parts;
    takePosts(engineSocket, (request, response) => this.#posted(request, response));
    this.reads(engineSocket.request.socket, webSocketOf(engineSocket.transport));
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Bounds what comes over a WebSocket of this session. */
  reads(socket: Duplex, webSocket: WebSocket | undefined): void {
    if (webSocket === undefined) return;
    new WebSocketInput(socket, webSocket, {
      address: this.#engineSocket.remoteAddress,
      budget: this.#parts.budget,
      maxUnauthenticatedBytes: this.#parts.limits.maxUnauthenticatedBytes,
      isAuthenticated: () => this.#isAuthenticated,
    });
  }

  /** The limits for those who have authenticated are its own from now on. */
  authenticated(): void {
    this.#isAuthenticated = true;
  }

  /** Counts a packet of a client that has not joined; false if it was one too many. */
  admitsBeforeJoining(): boolean {
    return ++this.#packets <= maxPacketsBeforeJoining;
  }

  pause(): void {
    this.#isPaused = true;
    webSocketOf(this.#engineSocket.transport)?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    webSocketOf(this.#engineSocket.transport)?.resume();
    this.#post?.goOn();
  }

  /** Takes nothing more of what the client sends, but its close. */
  stop(): void {
    this.#isStopped = true;
    this.resume();
    this.#post?.stop();
  }

  /** The client probes a WebSocket, to change to it; it is cut off if it goes on probing. */
  readonly probed = (transport: EngineSocket["transport"]): void => {
    if (++this.#probes > maxUpgradeProbes) webSocketOf(transport)?.terminate();
  };

  /** The client has changed to a WebSocket. */
  readonly upgraded = (): void => {
    if (this.#isPaused) this.pause();
  };

  /** A poll. `proceed` has the library answer it, at once or when the answer before has left. */
  poll(request: IncomingMessage, response: ServerResponse, proceed: () => void): void {
    const before = this.#answer;
    if (
      before === undefined ||
      !before.writableEnded ||
      before.writableFinished ||
      before.destroyed
    ) {
      this.#answer = response;
      proceed();
      return;
    }
    if (this.#waitingPoll !== undefined) {
      this.#overlaps("two polls at once", response);
      return;
    }
    this.#waitingPoll = response;
    let isGone = false;
    request.once("close", () => {
      isGone = true;
    });
    before.once("close", () => {
      this.#waitingPoll = undefined;
      this.#answer = response;
      if (!isGone) proceed();
    });
  }

  #posted(request: IncomingMessage, response: ServerResponse): void {
    if (this.#post !== undefined) {
      this.#overlaps("two posts at once", response);
      return;
    }
    if (request.headers["content-type"] === "application/octet-stream") {
      answerRefused(
        response,
        new SwitchboardError("bad_message", "binary payloads are not spoken here: post text"),
      );
      this.#parts.binary();
      return;
    }
    const { transport, protocol, remoteAddress } = this.#engineSocket;
    // A session that is closing takes the client's goodbye and nothing else.
    const takesAll = this.#isOpen;
    this.#post = new PollingPost(request, response, {
      protocol,
      address: remoteAddress,
      maxBody: this.#maxBody,
      budget: this.#parts.budget,
      fault: this.#parts.fault,
      isOpen: () =>
        transport === this.#engineSocket.transport &&
        (takesAll ? this.#isOpen : this.#engineSocket.readyState !== "closed"),
      isPaused: () => this.#isPaused,
      take: (packet: EnginePacket) => {
        if (!takesAll && packet.type !== "close") return;
        if (packet.type === "binary") this.#parts.binary();
        else receivePacket(transport, packet);
      },
      cutOff: () => failTransport(transport, "a post was cut off"),
      refuse: (close, reason) => this.#parts.refuse(close, reason),
      answered: () => {
        this.#post = undefined;
      },
    });
    this.#post.start();
  }

  get #isOpen(): boolean {
    return !this.#isStopped && this.#engineSocket.readyState === "open";
  }

  get #maxBody(): { readonly bytes: number; readonly limit: string } {
    const { maxFrameBytes, maxUnauthenticatedBytes } = this.#parts.limits;
    return (this.#isAuthenticated && this.#isOpen) || maxFrameBytes <= maxUnauthenticatedBytes
      ? { bytes: maxFrameBytes, limit: "limits.maxFrameBytes" }
      : { bytes: maxUnauthenticatedBytes, limit: "limits.maxUnauthenticatedBytes" };
  }

  #overlaps(what: string, response: ServerResponse): void {
    answerRefused(response, new SwitchboardError("bad_message", `${what} in one session`));
    failTransport(this.#engineSocket.transport, what);
  }
}
