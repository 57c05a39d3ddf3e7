/** The Engine.IO server: its settings, and handshakes that cannot end the process. */
import { Server } from "engine.io";
import type { Limits } from "../../contract/index.ts";
import type { Fault } from "../../kit/guard.ts";
import { webSocketEngine } from "./engine-websocket.ts";

/** What it is made of. */
export interface SessionEngineParts {
  readonly limits: Limits;
  /** Hears what the library or a listener threw; the client has been cut off by then. */
  readonly fault: Fault;
}

/** The client must have time for its pong. */
const minPingTimeoutMs = 1000;

/** The library does a handshake in a promise that nobody awaits. */
export class SessionEngine extends Server {
  readonly #fault: Fault;

  constructor({ limits, fault }: SessionEngineParts) {
    super({
      allowEIO3: true,
      // Requests that reach the library have passed the guard, so the answer names their origin.
      // Socket.IO 2 in a browser always asks with credentials, which `*` does not allow. There are
      // no cookies here that this could expose.
      cors: { origin: true, credentials: true },
      httpCompression: false,
      maxHttpBufferSize: limits.maxFrameBytes,
      perMessageDeflate: false,
      pingInterval: limits.pingIntervalMs,
      pingTimeout: Math.max(minPingTimeoutMs, limits.idleTimeoutMs - limits.pingIntervalMs),
      wsEngine: webSocketEngine(fault),
    });
    this.#fault = fault;
    this.on("headers", (headers: Record<string, string>) => {
      headers["x-content-type-options"] = "nosniff";
    });
  }

  protected override async handshake(
    ...[transportName, request, refuse]: Parameters<Server["handshake"]>
  ): ReturnType<Server["handshake"]> {
    try {
      return await super.handshake(transportName, request, refuse);
    } catch (error) {
      request.socket.destroy();
      this.#fault(error);
    }
  }
}
