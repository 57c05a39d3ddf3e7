/** The WebSockets that Engine.IO reads: bounded, in fair turns, and none of its faults ends the process. */
import { WebSocket, WebSocketServer } from "ws";
import { type Fault, guarded } from "../../kit/guard.ts";

/** A message may come in so many fragments. */
const maxFragments = 1024;

/** A frame may come in so many reads from the network, or in reads of so many bytes on average. */
const minReads = 1024;
const minReadBytes = 256;

/** A peer that has not answered a close frame by then is cut off. */
const closeTimeoutMs = 1000;

/** So many frames are passed over behind our close frame; then nothing more is read. */
const maxFramesAfterClose = 32;

const frames: ReadonlySet<unknown> = new Set(["message", "ping", "pong"]);

/** A `ws` socket whose listeners may throw, and which ends soon after its close frame. */
abstract class EngineWebSocket extends WebSocket {
  protected abstract readonly fault: Fault;
  #framesAfterClose = 0;

  override emit(...args: Parameters<WebSocket["emit"]>): boolean {
    if (this.readyState === WebSocket.CLOSING && frames.has(args[0])) {
      if (++this.#framesAfterClose > maxFramesAfterClose) this.pause();
      return false;
    }
    // After a frame that broke the protocol the library reads on only to drop what comes.
    if (args[0] === "error") process.nextTick(() => this.pause());
    try {
      return super.emit(...args);
    } catch (error) {
      this.terminate();
      this.fault(error);
      return true;
    }
  }

  override send(...args: unknown[]): void {
    const sent = args.at(-1);
    if (typeof sent === "function") {
      args[args.length - 1] = guarded(sent as (error?: Error) => void, (error) => {
        this.terminate();
        this.fault(error);
      });
    }
    (super.send as (...given: unknown[]) => void)(...args);
  }
}

/**
 * What Engine.IO takes as its `wsEngine`. Of one socket one frame is passed on in a turn of the event
 * loop, of whatever kind; until then nothing more is read. `fault` hears what a listener or a
 * callback threw; the socket has been cut off by then.
 */
export function webSocketEngine(fault: Fault): typeof WebSocketServer {
  class FaultyWebSocket extends EngineWebSocket {
    protected override readonly fault = fault;
  }
  return class extends WebSocketServer {
    constructor(options: { readonly maxPayload?: number } = {}) {
      const { maxPayload = 0 } = options;
      super({
        ...options,
        allowSynchronousEvents: false,
        closeTimeout: closeTimeoutMs,
        maxBufferedChunks: Math.max(minReads, maxPayload / minReadBytes),
        maxFragments,
        WebSocket: FaultyWebSocket,
      } as ConstructorParameters<typeof WebSocketServer>[0]);
    }
  } as typeof WebSocketServer;
}
