/** The numbers of the process for Prometheus, read from plain counters when asked. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Limits } from "../contract/index.ts";
import type { ByteBudget } from "../kit/byte-budget.ts";
import type { Connections } from "../kit/connections.ts";
import type { Engine } from "../kit/engine.ts";
import type { Entrance } from "../kit/entrance.ts";
import type { RunningService } from "../kit/running-service.ts";
import type { Tally } from "../kit/tally.ts";
import type { RequestCount, RequestTurns } from "../transports/http/index.ts";

/** What is counted. */
export interface MetricsSources {
  readonly services: readonly RunningService[];
  readonly entrances: readonly Entrance[];
  readonly connections: Connections;
  readonly engine: Engine;
  readonly limits: Limits;
  /** Log lines that were dropped because nobody read them. */
  droppedLogLines(): number;
  /** Requests refused for their origin or host, by reason. */
  refusedPages(): Readonly<Record<string, number>>;
  readonly http: {
    readonly requests: RequestCount;
    readonly turns: RequestTurns;
    /** Of the bytes of answers that clients have not read yet. */
    readonly answers: ByteBudget;
  };
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The sums of a tally that are counters without a further label. */
const sums = {
  messages_in: "Messages received",
  messages_out: "Messages written to sockets",
  bytes_in: "Bytes of received messages",
  bytes_out: "Bytes written to sockets",
} as const;

const sumFields = {
  messages_in: "messagesIn",
  messages_out: "messagesOut",
  bytes_in: "bytesIn",
  bytes_out: "bytesOut",
} as const;

/** A registry of its own, so that two gateways in one process do not mix. */
export class Metrics {
  readonly #registry = new Registry();

  constructor(sources: MetricsSources) {
    collectDefaultMetrics({ register: this.#registry });
    const { services, entrances, connections, engine, limits, http } = sources;
    const tallies = (): (readonly [string, Tally])[] => [
      ...services.map((service) => [service.contract.name, service.tally] as const),
      ...entrances.map((entrance) => ["none", entrance.tally] as const),
    ];
    this.#gauge("connections", "Open connections", ["service"], () => [
      ...services.map(
        (service): Sample => [{ service: service.contract.name }, service.connections.size],
      ),
      [
        { service: "none" },
        entrances.reduce((sum, entrance) => sum + entrance.connections.size, 0),
      ],
    ]);
    this.#gauge("handshakes", "Clients that have begun a handshake and not joined", [], () => [
      [{}, connections.held],
    ]);
    this.#gauge("topics", "Topics that have members", ["service"], () =>
      services.map((service): Sample => [{ service: service.contract.name }, service.topicCount]),
    );
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
      this.#counter(`${name}_total`, sums[name], ["service"], () =>
        tallies().map(([service, tally]): Sample => [{ service }, tally[sumFields[name]]]),
      );
    }
    this.#counter(
      "skipped_total",
      "Messages that slow clients did not get because a newer one replaced them",
      ["service"],
      () =>
        services.map((service): Sample => [{ service: service.contract.name }, service.skipped]),
    );
    this.#counter("received_total", "Messages taken, by name", ["service", "message"], () =>
      tallies().flatMap(([service, tally]) =>
        [...tally.received.entries()].map(([message, n]): Sample => [{ service, message }, n]),
      ),
    );
    this.#counter(
      "errors_total",
      "Refused messages and requests, by code of the error table",
      ["service", "code"],
      () =>
        tallies().flatMap(([service, tally]) =>
          [...tally.errors.entries()].map(([code, n]): Sample => [{ service, code }, n]),
        ),
    );
    this.#counter(
      "closes_total",
      "Connections that ended, by close code",
      ["service", "code"],
      () =>
        tallies().flatMap(([service, tally]) =>
          [...tally.closes.entries()].map(([code, n]): Sample => [{ service, code }, n]),
        ),
    );
    this.#counter(
      "refused_connections_total",
      "Connections not taken for a limit of the process",
      [],
      () => [[{}, connections.refused]],
    );
    this.#gauge("unsent_bytes", "Bytes that wait for slow clients", [], () => [
      [{}, unsent(connections).bytes],
    ]);
    this.#gauge("slow_connections", "Connections for which bytes wait", [], () => [
      [{}, unsent(connections).slow],
    ]);
    const { inputBudget } = connections;
    this.#gauge(
      "input_bytes",
      "Bytes held of unfinished frames, waiting messages and bodies",
      [],
      () => [[{}, inputBudget.used]],
    );
    this.#counter(
      "input_refused_total",
      "Frames and bodies refused for limits.maxInputBytes or limits.maxInputBytesPerAddress",
      [],
      () => [[{}, inputBudget.refused]],
    );
    this.#gauge("limit", "The configured limits, for comparison", ["name"], () =>
      Object.entries(limits).flatMap(([name, value]): Sample[] =>
        value === null ? [] : [[{ name }, value]],
      ),
    );
    this.#counter(
      "log_lines_dropped_total",
      "Log lines dropped because whoever reads the log was too slow",
      [],
      () => [[{}, sources.droppedLogLines()]],
    );
    this.#counter("http_requests_total", "Answered HTTP requests", ["route", "status"], () =>
      Array.from(http.requests.entries(), ([route, status, n]): Sample => [{ route, status }, n]),
    );
    this.#counter(
      "refused_pages_total",
      "Requests refused for the page or the host that they named (cors.origins, allowedHosts)",
      ["reason"],
      () => Object.entries(sources.refusedPages()).map(([reason, n]): Sample => [{ reason }, n]),
    );
    this.#counter(
      "http_limited_total",
      "Requests and sockets that a limit of HTTP refused or held back, by the limit's name",
      ["limit"],
      () => Array.from(http.requests.limits(), ([limit, n]): Sample => [{ limit }, n]),
    );
    this.#gauge("answer_bytes", "Bytes of HTTP answers that clients have not read yet", [], () => [
      [{}, http.answers.used],
    ]);
    this.#gauge("waiting_sockets", "Sockets that wait for an HTTP request", [], () => [
      [{}, http.turns.waitingSockets],
    ]);
    for (const name of Object.keys(engine.stats())) {
      const add = name.endsWith("_total") ? this.#counter.bind(this) : this.#gauge.bind(this);
      add(`engine_${name}`, `${engine.kind} engine: ${name.replaceAll("_", " ")}`, [], () => [
        [{}, engine.stats()[name] ?? 0],
      ]);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #gauge(name: string, help: string, labelNames: string[], read: () => readonly Sample[]): void {
    new Gauge(this.#metric(name, help, labelNames, read));
  }

  #counter(name: string, help: string, labelNames: string[], read: () => readonly Sample[]): void {
    new Counter(this.#metric(name, help, labelNames, read));
  }

  /** A metric that is read when somebody asks; the registry holds it. */
  #metric(name: string, help: string, labelNames: string[], read: () => readonly Sample[]) {
    return {
      name: `switchboard_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect(this: { reset(): void; inc(labels: Labels, value: number): void }) {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    };
  }
}

function unsent(connections: Connections): { bytes: number; slow: number } {
  let bytes = 0;
  let slow = 0;
  for (const connection of connections) {
    const waiting = connection.unsentBytes;
    bytes += waiting;
    if (waiting > 0) slow++;
  }
  return { bytes, slow };
}
