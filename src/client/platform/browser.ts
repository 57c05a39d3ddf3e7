/** The platform of browsers (and of every runtime with a global WebSocket). */
import { addQuery } from "../add-query.ts";
import type { Opening, Socket, SocketEvents } from "../transport.ts";
import type { Platform, Signal } from "./platform.ts";
import { protocolsFor } from "./protocols.ts";
import { timers } from "./timers.ts";

export const platform: Platform = {
  ...timers,
  openWebSocket: (opening, events) => new BrowserSocket(opening, events),
  watchSignals,
};

/**
 * A page cannot send a WebSocket ping. It asks for heartbeats in the query instead: a server that knows them (Switchboard) begins with an
 * empty text frame and answers each empty one with another; a server that begins with anything else never gets one.
 */
class BrowserSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  #hasHeard = false;
  #answersPings = false;
  #closed = false;

  constructor({ url, token }: Opening, events: SocketEvents) {
    this.#events = events;
    const socket = new WebSocket(withHeartbeat(url), protocolsFor(token));
    this.#socket = socket;
    socket.onopen = () => events.opened();
    socket.onmessage = ({ data }) => {
      const isFirst = !this.#hasHeard;
      this.#hasHeard = true;
      if (typeof data !== "string") events.heard();
      else if (data === "" && this.#answersPings) events.pong();
      else if (data === "" && isFirst) this.#answersPings = true;
      else events.text(data);
    };
    socket.onclose = ({ code, reason, wasClean }) => this.#end(code, reason, wasClean);
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get canPing(): boolean {
    return this.#answersPings;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  ping(): void {
    // While the socket closes, the browser drops what is sent and logs an error.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send("");
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  destroy(): void {
    this.#socket.close();
    this.#end(1006, "ended by the client", false);
  }

  #end(code: number, reason: string, clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    const socket = this.#socket;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    this.#events.closed({ code, reason, clean });
  }
}

function withHeartbeat(url: string): string {
  const address = new URL(url);
  addQuery(address, "heartbeat=1");
  return address.href;
}

function watchSignals(listener: (signal: Signal) => void): () => void {
  if (typeof window === "undefined") return () => {};
  const online = () => listener("online");
  const offline = () => listener("offline");
  const visibility = () => {
    if (document.visibilityState === "visible") listener("visible");
  };
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  document.addEventListener("visibilitychange", visibility);
  return () => {
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    document.removeEventListener("visibilitychange", visibility);
  };
}
