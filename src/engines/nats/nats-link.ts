/** One connection to NATS: whether it stands, calls that fail at once when it breaks, and who wants to know that it is back. */
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from "@nats-io/transport-node";
import { messageOf, SwitchboardError } from "../../wire/error.ts";
import type { NatsCounters } from "./nats-counters.ts";
import { natsFailure, unavailable } from "./nats-failure.ts";

/** How long a request waits for its answer, and a call for a broken connection to return. */
export const requestTimeoutMs = 5_000;

/** Room in a message for the headers that we add, an append's id excepted. */
const headerReserveBytes = 512;

/** How to reach and enter NATS. `user`, `pass`, `token` and `tls` are transport-node's own. */
export interface NatsLinkOptions {
  /** One or several `host:port` or `nats://host:port`. */
  readonly servers: string | readonly string[];
  /** The connection's name in the server's listings. */
  readonly name?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** The text of a `.creds` file (JWT and seed). */
  readonly credentials?: string;
  readonly tls?: NonNullable<NodeConnectionOptions["tls"]>;
}

export class NatsLink {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly monotonicMs: () => number;
  readonly counters: NatsCounters;
  readonly #onReconnect = new Set<() => void>();
  /** Rejects what is under way: an answer that was on its way over a broken connection never comes. */
  readonly #aborts = new Set<(error: SwitchboardError) => void>();
  readonly #waiting = new Set<(error?: SwitchboardError) => void>();
  #disconnectedMs: number | undefined;
  #end: string | undefined;
  #closing = false;

  private constructor(
    connection: NatsConnection,
    jsm: JetStreamManager,
    monotonicMs: () => number,
    counters: NatsCounters,
  ) {
    this.connection = connection;
    this.js = jetstream(connection, { timeout: requestTimeoutMs });
    this.jsm = jsm;
    this.monotonicMs = monotonicMs;
    this.counters = counters;
    void this.#watchStatus();
    void connection.closed().then((error) => this.#closed(error));
  }

  /** Connects, or rejects with `log_unavailable` if no server can be reached or it has no JetStream. */
  static async open(
    options: NatsLinkOptions,
    monotonicMs: () => number,
    counters: NatsCounters,
  ): Promise<NatsLink> {
    const { servers, credentials, ...rest } = options;
    const list = typeof servers === "string" ? [servers] : [...servers];
    const doing = `connecting to NATS at ${list.join(", ")}`;
    try {
      const connection = await connect({
        ...rest,
        servers: list,
        ...(credentials === undefined
          ? {}
          : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
        timeout: requestTimeoutMs,
        // For ever: a gateway outlives its NATS. Health tells the operator, the appends tell the clients.
        maxReconnectAttempts: -1,
        ignoreAuthErrorAbort: true,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        // A half-open connection is noticed within 6 s: there is time to renew the session over another one.
        pingInterval: 2_000,
        maxPingOut: 2,
        noAsyncTraces: true,
      });
      const jsm = await jetstreamManager(connection, { timeout: requestTimeoutMs }).catch(
        async (error: unknown) => {
          await connection.close();
          throw error;
        },
      );
      return new NatsLink(connection, jsm, monotonicMs, counters);
    } catch (error) {
      const failure = natsFailure(error, doing);
      if (failure instanceof SwitchboardError) throw failure;
      throw unavailable(doing, messageOf(error), error);
    }
  }

  get connected(): boolean {
    return this.#disconnectedMs === undefined && this.#end === undefined;
  }

  /** Why it cannot be used; undefined if it can. */
  get trouble(): string | undefined {
    if (this.#end !== undefined) return this.#end;
    if (this.#disconnectedMs === undefined) return undefined;
    return `no connection to NATS for ${Math.round(this.monotonicMs() - this.#disconnectedMs)} ms`;
  }

  /** The largest text that fits in a message beside an id of `idBytes`. Set by the server: `max_payload`, 1 MiB unless configured. */
  maxDataBytes(idBytes: number): number {
    return (this.connection.info?.max_payload ?? 1_048_576) - headerReserveBytes - idBytes;
  }

  /** Throws `log_closed` once the engine is being closed. Calls of the engine's own still pass. */
  assertOpen(): void {
    if (this.#closing) throw new SwitchboardError("log_closed", "the engine is closed");
  }

  /** From now on `assertOpen` throws. */
  refuse(): void {
    this.#closing = true;
  }

  /** `listener` is called each time that the connection is back. */
  onReconnect(listener: () => void): { stop(): void } {
    this.#onReconnect.add(listener);
    return { stop: () => this.#onReconnect.delete(listener) };
  }

  /**
   * Runs a request. `run` is called at once if the connection stands, so that calls keep their order; otherwise when it is
   * back, at most `requestTimeoutMs` after it broke. Rejects with `log_unavailable` when it breaks meanwhile.
   */
  async call<T>(doing: string, run: () => Promise<T>): Promise<T> {
    if (!this.connected) await this.ready(doing);
    return await new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#aborts.delete(abort);
        finish();
      };
      const abort = (error: SwitchboardError) =>
        settle(() => reject(unavailable(doing, error.message, error)));
      this.#aborts.add(abort);
      run().then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(natsFailure(error, doing))),
      );
    });
  }

  /** Resolves when the connection stands; rejects with `log_unavailable` if it has not for `requestTimeoutMs`. */
  async ready(doing: string): Promise<void> {
    while (!this.connected) {
      const leftMs = (this.#disconnectedMs ?? 0) + requestTimeoutMs - this.monotonicMs();
      if (this.#end !== undefined || leftMs <= 0) throw this.#refusal(doing);
      await new Promise<void>((resolve, reject) => {
        const done = (error?: SwitchboardError) => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          if (error === undefined) resolve();
          else reject(error);
        };
        const timer = setTimeout(() => done(this.#refusal(doing)), leftMs);
        this.#waiting.add(done);
      });
    }
  }

  /** Resolves when all that was published is with the server. */
  async flush(doing: string): Promise<void> {
    await this.call(doing, () => withTimeout(this.connection.flush(), requestTimeoutMs, doing));
  }

  async close(): Promise<void> {
    this.refuse();
    if (this.connected)
      await withTimeout(this.connection.flush(), 1_000, "flushing").catch(() => {});
    await this.connection.close();
    this.#closed();
  }

  #refusal(doing: string): SwitchboardError {
    if (this.#closing) return new SwitchboardError("log_closed", "the engine is closed");
    return unavailable(doing, this.trouble ?? "no connection to NATS");
  }

  async #watchStatus(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === "disconnect") this.#lost();
      else if (status.type === "reconnect") this.#returned();
    }
  }

  #lost(): void {
    this.#disconnectedMs ??= this.monotonicMs();
    const error = unavailable("NATS", "the connection broke; it may or may not have been done");
    for (const abort of [...this.#aborts]) abort(error);
  }

  #returned(): void {
    this.#disconnectedMs = undefined;
    this.counters.reconnects++;
    for (const done of [...this.#waiting]) done();
    for (const listener of [...this.#onReconnect]) listener();
  }

  #closed(cause?: unknown): void {
    if (this.#end !== undefined) return;
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    this.#end = this.#closing
      ? "the engine is closed"
      : `the connection to NATS was ended${why}; restart the process`;
    const error = new SwitchboardError(this.#closing ? "log_closed" : "log_unavailable", this.#end);
    for (const abort of [...this.#aborts]) abort(error);
    for (const done of [...this.#waiting]) done(error);
  }
}

/** The promise, or a rejection with `log_unavailable` after `timeoutMs`. */
export async function withTimeout<T>(
  promise: Promise<T>,
  timeoutMs: number,
  doing: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(unavailable(doing, `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
