/** What a connection may be told. */
import type { Handshake } from "./attempt.ts";
import type { OutboxLimits } from "./outbox.ts";
import type { OutboxStore } from "./outbox-store.ts";
import type { Transport } from "./transport.ts";
import type { WatchdogLimits } from "./watchdog.ts";

/** A token, or what gives one: asked again on every attempt, so that it can be a fresh one. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

/** Options of `connect`. Everything has a default. */
export interface ConnectOptions {
  /**
   * Sent as the subprotocol `switchboard.token.TOKEN`: for Switchboard only; other servers would not select it, and the connection would fail.
   * After a 4401 the connection comes back only with a token other than the refused one.
   */
  readonly token?: Token;
  /**
   * Identifies the client on every new socket, before anything of the outbox is sent; the connection is `open` when it resolves. Rejecting with a
   * SwitchboardError whose code cannot be retried ends the connection, any other error is a failed attempt.
   */
  readonly identify?: (handshake: Handshake) => Promise<void> | void;
  /** The longest delay between attempts; default 30 s, at most a day. */
  readonly maxDelayMs?: number;
  /**
   * How long the connection may be without an open socket before it gives up; default: never (`Infinity`). One that was open for less than
   * 2 s does not begin this time anew: a server that accepts and closes at once is given up, too.
   */
  readonly deadlineMs?: number;
  /** How long one attempt may take, token and identification included; default 10 s. */
  readonly attemptTimeoutMs?: number;
  readonly outbox?: Partial<OutboxLimits> & {
    /** Keeps accepted messages over a crash: `FileOutboxStore` in Node, `IndexedDbOutboxStore` in browsers. Default: in memory only. */
    readonly store?: OutboxStore;
  };
  readonly watchdog?: Partial<WatchdogLimits>;
  /** What to speak through; default: a WebSocket. */
  readonly transport?: Transport;
}
