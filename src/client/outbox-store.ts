/** Where an outbox keeps its messages so that a crash of the client does not lose them. */

/** A message as it is stored. */
export interface StoredMessage {
  readonly id: string;
  readonly text: string;
  /** ms since 1970. */
  readonly acceptedAt: number;
  /** ms since 1970; null: never. */
  readonly expiresAt: number | null;
  /** Sent again where it is unknown whether it has arrived. */
  readonly resend: boolean;
  /** The protocol acknowledges it. */
  readonly awaitsAck: boolean;
  /** It may have reached a socket. */
  readonly written: boolean;
}

/**
 * One outbox's messages, in order. Calls take effect in the order in which they are made. One store is for one connection at a time: opening it a
 * second time fails with `data_locked`.
 */
export interface OutboxStore {
  /** What an earlier run left, oldest first. */
  load(): Promise<readonly StoredMessage[]>;
  /** Resolves when the process may die. */
  put(message: StoredMessage): Promise<void>;
  /** Notes that the message may be on the wire from now on. Resolves when the process may die. */
  markWritten(id: string): Promise<void>;
  /** It is settled. */
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}
