/** For tests: a devices server as the original is, which knows nothing of ours. */
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions, type Socket } from "socket.io";

type Acknowledge = (() => void) | undefined;

/** Command ids, watching and keys are unknown to it; every user of a monitor hears of the end of every command. */
export class OriginalServer {
  readonly #http: HttpServer;
  readonly #io: Server;
  readonly #monitors = new Map<string, Socket>();
  /** Names and payloads of all events that came, in order. */
  readonly received: (readonly [string, unknown])[] = [];
  /** While set, a `command send` is taken and neither answered nor acknowledged. */
  silent = false;

  private constructor(http: HttpServer, options: Partial<ServerOptions>) {
    this.#http = http;
    this.#io = new Server(http, { cors: { origin: "*" }, ...options });
    this.#io.on("connection", (socket) => this.#serve(socket));
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<OriginalServer> {
    const http = createServer();
    const server = new OriginalServer(http, options);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Payloads of the events of this name. */
  of(name: string): readonly unknown[] {
    return this.received.filter(([received]) => received === name).map(([, payload]) => payload);
  }

  /** Sends everybody an event. */
  tell(name: string, payload?: unknown): void {
    this.#io.emit(name, payload);
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }

  #serve(socket: Socket): void {
    socket.onAny((name: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const acknowledge = typeof last === "function" ? (args.pop() as Acknowledge) : undefined;
      this.received.push([name, args[0]]);
      if (this.#handle(socket, name, args[0] as Record<string, unknown> | undefined))
        acknowledge?.();
    });
    socket.on("disconnect", () => {
      const { monitorId } = socket.data;
      if (this.#monitors.get(monitorId) === socket) this.#monitors.delete(monitorId);
    });
  }

  /** False where the original's handler crashes, or has no handler: nothing is acknowledged then. */
  #handle(socket: Socket, name: string, payload: Record<string, unknown> | undefined): boolean {
    const id = payload?.monitor_id;
    const isValid = typeof id === "string" && id.length === 32;
    if (name === "query") {
      socket.emit(isValid ? "query ok" : "query failed", {
        reason: isValid ? "Query ok" : "Invalid monitor_id",
      });
      socket.data.userOf = id;
      if (isValid) void socket.join(`users of ${id}`);
      else socket.disconnect();
    } else if (name === "con") {
      const failure = !isValid
        ? "Invalid monitor_id"
        : this.#monitors.has(id)
          ? "monitor_id already registered"
          : undefined;
      if (failure === undefined) this.#monitors.set(String(id), socket);
      socket.emit(failure === undefined ? "con ok" : "con failed", {
        reason: failure ?? "Connection ok",
      });
      if (failure === undefined) socket.data.monitorId = id;
      else socket.disconnect();
    } else if (name === "command send") {
      if (this.silent) return false;
      const command = payload?.command;
      if (typeof command !== "string" || command === "")
        socket.emit("command failed", { reason: "Invalid command" });
      else {
        socket.emit("command ok", { reason: "Command ok" });
        this.#monitors.get(socket.data.userOf)?.emit("command do", { command });
      }
    } else if (name === "command done") {
      this.#io
        .to(`users of ${socket.data.monitorId}`)
        .emit("command finish", { reason: "Command finish" });
    } else return false;
    return true;
  }
}
