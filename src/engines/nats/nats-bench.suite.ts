/** What the tests of the NATS engine share: a server for the file, and for each test nodes, wires and a look from outside. */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type NatsServer, startNatsServer } from "../../testing/nats-server.ts";
import { NatsEngine, type NatsTuning } from "./nats-engine.ts";
import { startWire, type Wire } from "./wire.suite.ts";

/** Short, so that tests are; the heartbeat is the shortest that the server takes, nearly. */
export const quick: NatsTuning = { sessionTtlMs: 1_000, heartbeatMs: 150 };

export class Bench {
  #server: NatsServer | undefined;
  #tests = 0;
  #releases: (() => Promise<void>)[] = [];
  prefix = "";

  constructor() {
    beforeAll(async () => {
      this.#server = await startNatsServer();
    });
    beforeEach(() => {
      this.prefix = `test${this.#tests++}`;
    });
    afterEach(async () => {
      for (const release of this.#releases.splice(0).reverse()) await release();
    });
    afterAll(async () => {
      await this.#server?.stop();
    });
  }

  get server(): NatsServer {
    if (this.#server === undefined) throw new Error("the server is not running");
    return this.#server;
  }

  /** One more node on this test's store, straight to the server or over a wire. */
  async node(over?: Wire, tuning: NatsTuning = quick): Promise<NatsEngine> {
    const engine = await NatsEngine.open(
      { servers: (over ?? this.server).url, prefix: this.prefix },
      tuning,
    );
    this.#releases.push(() => engine.close());
    return engine;
  }

  async wire(): Promise<Wire> {
    const wire = await startWire(this.server.port);
    this.#releases.push(() => wire.stop());
    return wire;
  }

  /** A connection that knows nothing of engines. */
  async outside(): Promise<{ connection: NatsConnection; jsm: JetStreamManager }> {
    const connection = await connect({ servers: this.server.url });
    this.#releases.push(() => connection.close());
    return { connection, jsm: await jetstreamManager(connection) };
  }

  /** Names of the consumers that a stream has now. */
  async consumers(jsm: JetStreamManager, stream: string): Promise<string[]> {
    const names: string[] = [];
    for await (const consumer of jsm.consumers.list(stream)) names.push(consumer.name);
    return names;
  }
}
