/** One inspection at a time, over one connection to the admin service. */
import { type Connection, type ConnectOptions, connect } from "switchboard/client";
import { emptyLog, type FrameLog, withEntry } from "./frame-log.ts";
import { InspectionRequests, type Target } from "./inspection-requests.ts";
import {
  type ClosedConnection,
  type Inspecting,
  type InspectorMessage,
  parseInspectorMessage,
} from "./inspector-messages.ts";

/** `asking`: the server has not answered yet; of a next connection: none has come. `over`: see `closed`, or `problem` where it could not begin. */
export interface InspectionState {
  readonly status: "idle" | "asking" | "inspecting" | "over";
  readonly target?: Target;
  readonly about?: Inspecting;
  readonly closed?: ClosedConnection;
  readonly problem?: string;
  readonly log: FrameLog;
}

const idle: InspectionState = { status: "idle", log: emptyLog };

/** When the connection to the server is lost, the inspection begins again as soon as it is back; a note says that frames are missing. */
export class InspectionStore {
  readonly connection: Connection;
  readonly #requests = new InspectionRequests();
  #state: InspectionState = idle;
  readonly #listeners = new Set<() => void>();

  constructor(baseUrl: string, options: ConnectOptions) {
    this.connection = connect(`${baseUrl}/admin?errors=1`, {
      ...options,
      identify: ({ send }) => this.#resume(send),
    });
    this.connection.on("message", (text) => this.#read(parseInspectorMessage(text)));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): InspectionState => this.#state;

  /** Ends what is inspected, and begins another. */
  begin(target: Target): void {
    if (this.#state.status !== "idle") this.#uninspect();
    this.#set({ status: "asking", target, log: emptyLog });
    if (this.#send(request(target))) this.#requests.asked(target);
  }

  /** Ends what is inspected; what was seen of it stays until the next one, or `forget`. Of one that could not begin nothing stays. */
  end(): void {
    const { status, problem } = this.#state;
    if (problem !== undefined) this.#set(idle);
    if (status !== "asking" && status !== "inspecting") return;
    this.#uninspect();
    this.#set(status === "asking" ? idle : { ...this.#state, status: "over" });
  }

  /** Lets go of the frames seen so far. */
  forget(): void {
    this.#set({ ...this.#state, log: emptyLog });
  }

  close(): void {
    void this.connection.close();
  }

  /** On every new socket: the server has forgotten what the one before had asked for. */
  #resume(send: (text: string) => void): void {
    this.#requests.reset();
    const { status, target, about, log } = this.#state;
    if (target === undefined || (status !== "asking" && status !== "inspecting")) return;
    const again = about === undefined ? target : { connection: about.connection };
    if (status === "inspecting") {
      const text = "The connection to the server was lost here: frames are missing.";
      this.#set({
        ...this.#state,
        status: "asking",
        log: withEntry(log, { is: "note", text, atMs: Date.now() }),
      });
    }
    send(JSON.stringify(request(again)));
    this.#requests.asked(again);
  }

  #uninspect(): void {
    this.#send({ type: "uninspect" });
    this.#requests.ended();
  }

  /** False: it is not open, so nothing is sent; `#resume` says what is wanted then. */
  #send(message: object): boolean {
    if (this.connection.state.status !== "open") return false;
    this.connection.send(JSON.stringify(message));
    return true;
  }

  #read(message: InspectorMessage | undefined): void {
    const { status, about, log } = this.#state;
    if (message?.type === "error") {
      if (this.#requests.refused() && status === "asking")
        this.#set({ ...this.#state, status: "over", problem: message.message });
    } else if (message?.type === "inspecting") {
      if (this.#requests.began(message) && status === "asking")
        this.#set({ ...this.#state, status: "inspecting", about: message });
    }
    // What was on its way when another one was asked for.
    if (
      status !== "inspecting" ||
      message === undefined ||
      !("connection" in message) ||
      message.connection !== about?.connection
    )
      return;
    if (message.type === "frame") {
      const { direction, at, text, bytes, truncated = false, dropped } = message;
      const before = withDropped(log, dropped, at);
      this.#set({
        ...this.#state,
        log: withEntry(before, { is: "frame", direction, text, bytes, truncated, atMs: at }),
      });
    } else if (message.type === "closed") {
      this.#set({
        ...this.#state,
        status: "over",
        closed: message,
        log: withDropped(log, message.dropped, Date.now()),
      });
    }
  }

  #set(state: InspectionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

function request(target: Target): object {
  if ("connection" in target) return { type: "inspect", connection: target.connection };
  return { type: "inspect_next", service: target.nextOf };
}

function withDropped(log: FrameLog, dropped: number | undefined, atMs: number): FrameLog {
  if (dropped === undefined) return log;
  const text = `${dropped.toLocaleString("en")} ${dropped === 1 ? "frame was" : "frames were"} not shown: they came too fast.`;
  return withEntry(log, { is: "note", text, atMs });
}
