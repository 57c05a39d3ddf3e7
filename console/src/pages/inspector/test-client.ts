/** A client of one's own, to try a message with. */
import { type Connection, type ConnectOptions, connect, type Loss } from "switchboard/client";
import { emptyLog, type FrameLog, withEntry } from "./frame-log.ts";

export interface TestClientState {
  readonly status: "connecting" | "open" | "over";
  /** How the server ended it. */
  readonly loss?: Loss;
  readonly log: FrameLog;
}

/** It does not come back: what ended it is what one wants to see. `out` is what the server sends, as in inspections. */
export class TestClient {
  readonly connection: Connection;
  #state: TestClientState = { status: "connecting", log: emptyLog };
  readonly #listeners = new Set<() => void>();

  constructor(url: string, options: ConnectOptions) {
    this.connection = connect(url, options);
    this.connection.on("message", (text) => this.#frame("out", text));
    this.connection.on("state", (state) => {
      if (state.status === "open") this.#set({ status: "open" });
      if (state.status === "waiting") {
        this.#set({ status: "over", loss: state.loss });
        this.connection.destroy();
      }
      if (state.status !== "closed" || this.#state.status === "over") return;
      this.#set({
        status: "over",
        ...(state.ending.loss === undefined ? {} : { loss: state.ending.loss }),
      });
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): TestClientState => this.#state;

  /** Sends it now, or as soon as it is connected. */
  send(text: string): void {
    this.connection.send(text);
    this.#frame("in", text);
  }

  forget(): void {
    this.#set({ log: emptyLog });
  }

  close(): void {
    void this.connection.close();
  }

  #frame(direction: "in" | "out", text: string): void {
    const bytes = new TextEncoder().encode(text).length;
    this.#set({
      log: withEntry(this.#state.log, {
        is: "frame",
        direction,
        text,
        bytes,
        truncated: false,
        atMs: Date.now(),
      }),
    });
  }

  #set(change: Partial<TestClientState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}
