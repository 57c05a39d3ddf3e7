/** `switchboard bench`: how many clients a running server serves, and how fast. */
import { type Command, InvalidArgumentError } from "commander";
import type { Connection } from "../client/index.ts";
import { CommandFailed } from "./exit.ts";
import { Interruption } from "./interruption.ts";
import {
  addServerOptions,
  request,
  type Server,
  type ServerOptions,
  serverOf,
  tokenOption,
} from "./server-options.ts";
import type { Surroundings } from "./surroundings.ts";
import { printTable } from "./table.ts";
import { opened, within } from "./waiting.ts";

interface BenchOptions extends ServerOptions {
  readonly clients: number;
  readonly seconds: number;
  readonly rate: number;
  readonly json?: true;
}

/** What was measured; times in ms. */
interface Figures {
  readonly clients: number;
  readonly connectSeconds: number;
  readonly rounds: number;
  readonly deliveries: number;
  readonly deliveriesPerSecond: number;
  /** Signals that a client had not got after 10 s. */
  readonly missed: number;
  /** Connections that were lost on the way. */
  readonly lost: number;
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
}

const openWithinMs = 20_000;
const roundDeadlineMs = 10_000;
const warmUpRounds = 10;
const warmUpDeadlineMs = 2000;
/** So many connections are opened at once. */
const opening = 200;

const about = `
Clients watch one leaderboard of the lobby; each round signals a change over HTTP and waits until every client has heard of it. The time
from the request to a client's message is that client's latency. Ctrl-C ends it earlier; a round that it breaks off does not count. Load and server share the machine where both run on one.

Examples:
  $ switchboard bench --clients 500 --seconds 5
  $ switchboard bench --url http://10.0.0.5:7400 --clients 5000 --rate 20 --json`;

/** Adds the command. */
export function addBenchCommand(program: Command, surroundings: Surroundings): void {
  addServerOptions(
    program
      .command("bench")
      .description("measure fan-out of a running server: clients, messages a second, latency"),
  )
    .option("--clients <number>", "how many watch", count, 100)
    .option("--seconds <number>", "how long", count, 5)
    .option("--rate <number>", "most rounds a second (default: as fast as they get through)", count)
    .option("--json", "print JSON")
    .addHelpText("after", about)
    .action(async (options: BenchOptions) => {
      const figures = await measure(
        serverOf(options, surroundings),
        { ...options, rate: options.rate ?? Number.POSITIVE_INFINITY },
        surroundings,
      );
      if (options.json) surroundings.print(JSON.stringify(figures, null, 2));
      else for (const line of tableOf(figures)) surroundings.print(line);
      if (figures.missed > 0 || figures.lost > 0) throw new CommandFailed(1);
    });
}

async function measure(
  server: Server,
  { clients, seconds, rate }: BenchOptions,
  surroundings: Surroundings,
): Promise<Figures> {
  // Here, because the other commands are quicker without it.
  const { connect } = await import("../client/index.ts");
  const interruption = new Interruption(surroundings.interrupted());
  const lobby = `bench-${crypto.randomUUID()}`;
  const subscription = JSON.stringify({ type: "leaderboard", lobby_id: lobby, prompt_id: 1 });
  const signal = `/lobbies/${lobby}/prompts/1/leaderboard-updates`;
  const latencies: number[] = [];
  const connections: Connection[] = [];
  let lost = 0;
  let round = { startedMs: 0, outstanding: 0, over: () => {} };
  const beganMs = performance.now();
  try {
    while (connections.length < clients) {
      const batch = Array.from({ length: Math.min(opening, clients - connections.length) }, () =>
        connect(`${server.url}/lobby`, {
          ...tokenOption(server),
          identify: ({ send }) => send(subscription),
        }),
      );
      for (const connection of batch) {
        connections.push(connection);
        connection.on("message", (text) => {
          if (text !== "refresh" || round.outstanding === 0) return;
          latencies.push(performance.now() - round.startedMs);
          if (--round.outstanding === 0) round.over();
        });
        connection.on("state", ({ status }) => {
          if (status === "waiting" && round.startedMs > 0) lost++;
        });
      }
      await interruption.or(
        Promise.all(batch.map((connection) => opened(connection, openWithinMs))),
      );
      if (interruption.happened) throw new CommandFailed(1);
      surroundings.progress?.(`${connections.length} of ${clients} clients connected`);
    }
    const connectSeconds = (performance.now() - beganMs) / 1000;
    /** One signal; the answer is how many clients had not heard of it in time. Undefined, and nothing is measured: it was interrupted. */
    const play = async (deadlineMs: number): Promise<number | undefined> => {
      const before = latencies.length;
      const heard = new Promise<void>((resolve) => {
        round = { startedMs: performance.now(), outstanding: clients, over: resolve };
      });
      await request(server, signal, { method: "POST" });
      await interruption.or(within(heard, deadlineMs));
      const missing = round.outstanding;
      round.outstanding = 0;
      if (missing === 0 || !interruption.happened) return missing;
      latencies.length = before;
      return undefined;
    };
    // That a viewer is one is not told: the first round that reaches all shows it.
    for (let tries = 1; tries < warmUpRounds && ((await play(warmUpDeadlineMs)) ?? 0) > 0; tries++);
    latencies.length = 0;
    const roundsBeganMs = performance.now();
    const endMs = roundsBeganMs + seconds * 1000;
    let rounds = 0;
    let missed = 0;
    while (performance.now() < endMs && !interruption.happened) {
      const missing = await play(roundDeadlineMs);
      if (missing === undefined) break;
      missed += missing;
      rounds++;
      surroundings.progress?.(
        `${rounds} rounds, ${Math.max(0, Math.ceil((endMs - performance.now()) / 1000))} s to go`,
      );
      const nextMs = roundsBeganMs + (rounds / rate) * 1000;
      if (nextMs > performance.now())
        await interruption.or(within(new Promise(() => {}), nextMs - performance.now()));
    }
    if (rounds === 0) {
      surroundings.remark("interrupted before a round was over: nothing is measured");
      throw new CommandFailed(1);
    }
    const deliverSeconds = (performance.now() - roundsBeganMs) / 1000;
    return {
      clients,
      connectSeconds: rounded(connectSeconds),
      rounds,
      deliveries: latencies.length,
      deliveriesPerSecond: Math.round(latencies.length / deliverSeconds),
      missed,
      lost,
      latencyMs: quantiles(latencies),
    };
  } finally {
    surroundings.progress?.("");
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

function quantiles(latencies: readonly number[]): Figures["latencyMs"] {
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function tableOf({
  clients,
  connectSeconds,
  rounds,
  deliveries,
  deliveriesPerSecond,
  missed,
  lost,
  latencyMs,
}: Figures): readonly string[] {
  const { p50, p90, p99, max } = latencyMs;
  return printTable(
    ["FIGURE", "VALUE"],
    [
      ["clients", `${clients}, connected in ${connectSeconds} s`],
      ["rounds", `${rounds}`],
      ["messages delivered", `${deliveries} (${deliveriesPerSecond} a second)`],
      ["not delivered in 10 s", `${missed}`],
      ["connections lost", `${lost}`],
      ["latency", `p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, most ${max} ms`],
    ],
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 1_000_000)
    throw new InvalidArgumentError("Write a whole number from 1 to 1,000,000.");
  return value;
}
