/** A node's own figures, read from the server's counters. */
import type { z } from "zod";
import type { Clock, ProcessMeter, ServerView, Tally } from "../../kit/index.ts";
import type { Census } from "./census.ts";
import type { nodeFigures } from "./contract.ts";
import { growthPerSecond } from "./rules.ts";

/** See `nodeFigures` in the contract. */
export type NodeFigures = z.output<typeof nodeFigures>;
type ServiceFigures = NodeFigures["services"][number];

const growing = ["messagesIn", "messagesOut", "bytesIn", "bytesOut", "skipped"] as const;

interface FiguresParts {
  readonly node: string;
  readonly server: ServerView;
  readonly census: Census;
  readonly clock: Clock;
}

/** Reads one report after another. Open while they are wanted: between `close` and the next `read` nothing is measured. */
export class FiguresReader {
  readonly #parts: FiguresParts;
  #meter: ProcessMeter | undefined;
  #before: { readonly figures: NodeFigures; readonly atMs: number } | undefined;

  constructor(parts: FiguresParts) {
    this.#parts = parts;
  }

  /**
   * The figures of now, with the growth since the reading before, if there was one since `close`. It looks at every connection once
   * (see `Census`); all else is a few hundred reads.
   */
  read(): NodeFigures {
    const { node, server, clock } = this.#parts;
    const atMs = clock.monotonic();
    const before = this.#before?.figures;
    const elapsedMs = atMs - (this.#before?.atMs ?? atMs);
    this.#meter ??= server.openMeter();
    const { eventLoopDelayMs, cpuSeconds, ...rest } = this.#meter.read();
    const measured = before !== undefined && elapsedMs > 0;
    const figures: NodeFigures = {
      node,
      at: clock.now(),
      version: server.version,
      draining: server.draining,
      connections: server.connections.size,
      refused: server.connections.refused,
      engine: { kind: server.engine.kind, stats: { ...server.engine.stats() } },
      process: {
        pid: server.pid,
        host: server.host,
        cpuSeconds,
        ...(measured
          ? {
              cpuShare:
                Math.round(((cpuSeconds - before.process.cpuSeconds) / elapsedMs) * 1e6) / 1000,
              eventLoopDelayMs,
            }
          : {}),
        ...rest,
      },
      services: this.#services().map((service) => {
        const then = before?.services.find((other) => other.service === service.service);
        const perSecond = then && growthPerSecond(growing, then, service, elapsedMs);
        return perSecond === undefined ? service : { ...service, perSecond };
      }),
    };
    this.#before = { figures, atMs };
    return figures;
  }

  /** Measures nothing until the next reading. */
  close(): void {
    this.#meter?.close();
    this.#meter = undefined;
    this.#before = undefined;
  }

  #services(): ServiceFigures[] {
    const { server, census } = this.#parts;
    const counted = census.look().services;
    const all = server.services.map(
      ({ contract, connections, topicCount, tally }): ServiceFigures => {
        const {
          unsentBytes = 0,
          slowConnections = 0,
          skipped = 0,
        } = counted.get(contract.name) ?? {};
        return {
          service: contract.name,
          connections: connections.size,
          topics: topicCount,
          unsentBytes,
          slowConnections,
          ...sumOf([tally]),
          skipped: tally.skipped + skipped,
        };
      },
    );
    const tallies = server.entrances.map(({ tally }) => tally);
    const nobodys = server.entrances.reduce((sum, { connections }) => sum + connections.size, 0);
    return [
      ...all,
      {
        service: "none",
        connections: nobodys,
        topics: 0,
        unsentBytes: 0,
        slowConnections: 0,
        ...sumOf(tallies),
      },
    ];
  }
}

function sumOf(tallies: readonly Tally[]) {
  const sum = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0, skipped: 0 };
  const errors: Record<string, number> = {};
  const closes: Record<string, number> = {};
  for (const tally of tallies) {
    for (const name of growing) sum[name] += tally[name];
    for (const [code, n] of tally.errors.entries()) errors[code] = (errors[code] ?? 0) + n;
    for (const [code, n] of tally.closes.entries()) closes[code] = (closes[code] ?? 0) + n;
  }
  return { ...sum, errors, closes };
}
