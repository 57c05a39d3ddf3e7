/** What a transport offers the kit for one socket, and what it knows of it at the opening. */
import type { Sink } from "./outbox.ts";
import type { Principal } from "./principal.ts";

/** One socket, whatever the transport. None of its methods throws, also after the socket has gone. */
export interface Link extends Sink {
  /** Sends a close frame (or what the transport has) behind everything written. */
  close(code: number, reason: string): void;
  /** Ends the socket at once. */
  destroy(): void;
  /** Stops and resumes reading. Absent where the transport cannot; `close` works while paused. */
  pause?(): void;
  resume?(): void;
  /** True if the peer has begun a message and sends the rest too slowly. */
  isStalled?(nowMs: number, idleTimeoutMs: number): boolean;
  /** After a close: true if the peer does not read, or sends so much that its answer is not read. */
  readonly isStuck?: boolean;
  /** Asks for a sign of life. Absent where the transport's library does so by itself. */
  ping?(): void;
  /** Resolves to whether the peer gave a sign of life after this call and within `timeoutMs`. */
  probe(timeoutMs: number): Promise<boolean>;
}

/** A socket that has just been opened. */
export interface Opening {
  /** Path without the query. */
  readonly path: string;
  /** The query, without a `token`. */
  readonly query: string;
  /** Remote address. */
  readonly address: string;
  /** Who it is, where a good token came with the opening, or auth is off. */
  readonly principal: Principal | undefined;
  /** It offered the subprotocol `switchboard.v1` or has `errors=1` in the query: it is told of its errors. */
  readonly wantsErrors: boolean;
  /** It has `skipped=1` in the query: it is told how many `latest` messages it did not get, once it has caught up. */
  readonly wantsSkipped: boolean;
}
