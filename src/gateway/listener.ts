/** One listening address: an HTTP server whose requests and upgrades find their way. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../kit/guard.ts";
import { SwitchboardError } from "../wire/error.ts";

/** Where to listen. */
export interface ListenerAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** What becomes of requests and upgrades. */
export interface ListenerRoutes {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** One of these threw; the client has been cut off. */
  failed(error: unknown): void;
  /** Sets timeouts and the answer to broken requests. */
  configure(server: Server): void;
}

/** A bound port. */
export class Listener {
  readonly #server: Server;
  readonly host: string;
  readonly port: number;

  private constructor(server: Server, address: ListenerAddress) {
    this.#server = server;
    this.host = address.host;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Resolves when it listens; rejects with `start_failed` when the address cannot be had. */
  static async open(address: ListenerAddress, routes: ListenerRoutes): Promise<Listener> {
    const cutOff = (socket: Duplex) => (error: unknown) => {
      socket.destroy();
      routes.failed(error);
    };
    const server = createServer((request, response) => {
      guarded(() => routes.request(request, response), cutOff(request.socket))();
    });
    server.on("upgrade", (request, socket, head) => {
      guarded(() => routes.upgrade(request, socket, head), cutOff(socket))();
    });
    routes.configure(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(startFailed(address, error)));
      server.listen(address.port, address.host, resolve);
    });
    return new Listener(server, address);
  }

  /** `host:port` as it is written in a URL. */
  get authority(): string {
    return this.host.includes(":") ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  /** No new connections; resolves when the HTTP connections are gone, which idle ones are at once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  /** Ends what is still open. */
  destroy(): void {
    this.#server.closeAllConnections();
  }
}

function startFailed(address: ListenerAddress, error: NodeJS.ErrnoException): SwitchboardError {
  const where = `${address.host}:${address.port}`;
  const why: Record<string, string> = {
    EADDRINUSE: `${where} is in use by another process: stop it or choose another port (--port)`,
    EACCES: `no permission to listen on ${where}: ports below 1024 need privileges; choose another (--port)`,
    EADDRNOTAVAIL: `${address.host} is no address of this machine: choose another (--host)`,
    ENOTFOUND: `the host ${address.host} is not known: choose another (--host)`,
  };
  return new SwitchboardError(
    "start_failed",
    why[error.code ?? ""] ?? `cannot listen on ${where}: ${error.message}`,
    {},
    { cause: error },
  );
}
