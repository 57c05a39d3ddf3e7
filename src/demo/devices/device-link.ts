/** A participant's Socket.IO connection. */
import { io, type Socket } from "socket.io-client";
import { answerDeadlineMs } from "../setting.ts";

/** The fields of an event's payload that participants look at. */
export interface Payload {
  readonly reason?: string;
  readonly command?: string;
  readonly command_id?: string;
}

/** What a link tells its owner. */
export interface DeviceListener {
  event(name: string, payload: Payload): void;
  /** The connection has ended although we did not leave. */
  lost(reason: string): void;
}

/** `page`: long polling first, then WebSocket, as browsers do. `device`: WebSocket only. */
export type LinkKind = "page" | "device";

/** One open connection. Coming back is its owner's business. */
export class DeviceLink {
  readonly #socket: Socket;
  #leaving = false;

  private constructor(socket: Socket, listener: DeviceListener) {
    this.#socket = socket;
    socket.onAny((event: string, payload: unknown) => {
      if (!this.#leaving)
        listener.event(event, typeof payload === "object" && payload !== null ? payload : {});
    });
    socket.on("disconnect", (reason) => {
      if (!this.#leaving) listener.lost(reason);
    });
  }

  /** Resolves when it is connected; rejects if that fails. */
  static open(url: string, kind: LinkKind, listener: DeviceListener): Promise<DeviceLink> {
    const socket = io(url, {
      transports: kind === "page" ? ["polling", "websocket"] : ["websocket"],
      forceNew: true,
      reconnection: false,
      timeout: answerDeadlineMs,
    });
    const link = new DeviceLink(socket, listener);
    return new Promise((resolve, reject) => {
      socket.once("connect", () => resolve(link));
      socket.once("connect_error", (error) => {
        link.leave();
        reject(new Error(`${url} cannot be connected to over Socket.IO: ${error.message}`));
      });
    });
  }

  emit(event: string, payload?: object): void {
    if (payload === undefined) this.#socket.emit(event);
    else this.#socket.emit(event, payload);
  }

  /** Leaves properly; nothing is heard from now on. */
  leave(): void {
    this.#leaving = true;
    this.#socket.disconnect();
  }

  /** Ends without a word, as a device that loses its network does. Nothing is heard from now on. */
  drop(): void {
    this.#leaving = true;
    this.#socket.io.engine.close();
  }
}
