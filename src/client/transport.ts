/** What a connection speaks through: a socket that can be opened again and again. */

/** What a socket tells its connection. After `closed` nothing more comes. */
export interface SocketEvents {
  opened(): void;
  text(text: string): void;
  /** A sign of life that is neither a text nor an answer, such as a ping of the server's. */
  heard(): void;
  /** An answer to the last `ping`: the server has read all that was sent before that. */
  pong(): void;
  /** Once, however it ended: 1006 where it just went. `clean`: the closing handshake was done, so all that was sent before it was read. */
  closed(close: { readonly code: number; readonly reason: string; readonly clean: boolean }): void;
}

/** One opened (or opening) socket. */
export interface Socket {
  /** Hands a message to the socket; it leaves in order. */
  send(text: string): void;
  /** Bytes that were sent and have not left the process. */
  readonly unsentBytes: number;
  /** Whether `ping` is answered by this server. */
  readonly canPing: boolean;
  ping(): void;
  /** Closes behind everything sent. */
  close(code: number, reason: string): void;
  /** Ends it now, without a word to the peer; `closed` is told before this returns. */
  destroy(): void;
}

/** Where to and as whom. */
export interface Opening {
  readonly url: string;
  readonly token: string | undefined;
}

/** Opens a socket, whose events come after this has returned. Throws if the URL cannot be one. */
export type Transport = (opening: Opening, events: SocketEvents) => Socket;
