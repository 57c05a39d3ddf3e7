/** A whole server inside the test's process, on a free port, with a data directory that goes with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { configFrom } from "../gateway/config/load-config.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { installedServices } from "../gateway/services.ts";
import type { AnyService } from "../kit/service.ts";
import { TextClient } from "./text-client.ts";

/** What differs from a default server. */
export interface TestServerOptions {
  /** As in the config file; port and data directory are set here. */
  readonly config?: object;
  /** Default: those that Switchboard has. */
  readonly services?: readonly AnyService[];
}

/** A running server. End it with `stop`. */
export class TestServer {
  readonly gateway: Gateway;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly #directory: string;

  private constructor(gateway: Gateway, url: string, directory: string) {
    this.gateway = gateway;
    this.url = url;
    this.#directory = directory;
  }

  static async start({
    config = {},
    services = installedServices,
  }: TestServerOptions = {}): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), "switchboard-test-"));
    try {
      const settings = { listen: { port: 0 }, data: join(directory, "data"), ...config };
      const gateway = await startGateway(configFrom(services, settings), {
        services,
        logger: pino({ level: "silent" }),
      });
      const [main] = gateway.listeners;
      if (main === undefined) throw new Error("a gateway without a listener");
      return new TestServer(gateway, main.url, directory);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Opens a WebSocket on a path such as `/lobby?errors=1`. */
  open(path: string, protocols: readonly string[] = []): Promise<TextClient> {
    return TextClient.open(this.url.replace("http", "ws") + path, protocols);
  }

  /** A request to a path; rejects when the server does not answer at all. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  /** Drains the server and removes its data. */
  async stop(): Promise<void> {
    await this.gateway.drain();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
