/** What becomes of a message. */

/**
 * `acked`: the server said, in its protocol, that it has it.
 * `sent`: the protocol has no such answer, and the server has read the message from its socket: it answered a later ping, or our closing
 * handshake (a server that begins its own with a bare 1000 in that moment looks the same). Where it cannot be asked (a page, and a server that is not Switchboard): the message has left the page and the connection was still open 5 s later.
 * `unknown`: the connection died with it; it may have arrived or not. Only a message with `resend` is sent again instead.
 * `expired`: not sent within its time. `evicted`: not sent, since newer ones needed the room, or the connection was closed, or it could not be stored;
 * or the server has said that it will never take it.
 * `kept`: not sent when the connection was closed, or to be sent again; it is in the durable store, for the next run.
 */
export type Outcome = "acked" | "sent" | "unknown" | "expired" | "evicted" | "kept";

/** A message that `send` has accepted. */
export interface Sending {
  /** Unique; with a durable store the same after a restart. */
  readonly id: string;
  /** Resolves when a crash can no longer lose the message; at once without a durable store. Rejects if it could not be stored. */
  readonly stored: Promise<void>;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** The `outcome` event: for messages of an earlier run, too. */
export interface Settled {
  readonly id: string;
  readonly text: string;
  readonly outcome: Outcome;
}
