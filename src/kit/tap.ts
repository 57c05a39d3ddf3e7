/** Looks at the frames of one connection while they pass. */
import type { Closed } from "./connection.ts";
import type { Encoded } from "./encoded.ts";

/**
 * What an inspector hangs on a connection. It sees what came in the order of its coming and what was written in the order of writing,
 * and the close last. It is called within the receiving and the writing, so it must be quick, and must not throw.
 */
export interface Tap {
  /** A text frame came, whatever will become of it. */
  text(text: string, bytes: number): void;
  /** An event of a transport with named events came. */
  event(name: string, payload: unknown, bytes: number): void;
  /** These messages were handed to the socket, in one write. One that a newer one has replaced in the queue is never among them. */
  wrote(messages: readonly Encoded[]): void;
  /** Nothing comes after this. */
  closed(closed: Closed): void;
}
