/** A `ws` socket that tells when the peer's close frame has arrived. */
import { WebSocket } from "ws";

/** Who hears of the peer's close. */
export interface CloseListener {
  /** Called before the answering close frame is written; `code` is 1005 where the peer gave none. */
  peerClosing(code: number, reason: string): void;
}

/**
 * `ws` emits `close` when TCP has ended, which a peer can put off. A client has left when its close frame arrives: the library
 * then calls its own public `close` to answer, as it does after a frame that breaks the protocol, and that call is what is listened to here.
 */
export class ServedWebSocket extends WebSocket {
  listener: CloseListener | undefined;
  #closing = false;

  /** Our own close: the listener is not told. */
  closeByServer(code: number, reason: string): void {
    this.#closing = true;
    super.close(code, reason);
  }

  override close(code?: number, data?: string | Buffer): void {
    if (!this.#closing) {
      this.#closing = true;
      this.listener?.peerClosing(code ?? 1005, data?.toString() ?? "");
    }
    super.close(code, data);
  }
}
