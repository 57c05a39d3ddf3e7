/** One run of the fuzzer: a server with auth off or on, its bystanders, and the load on it. */
import { setTimeout as wait } from "node:timers/promises";
import { Bystanders } from "../watch/bystanders.ts";
import type { BystanderReport } from "../watch/round-trips.ts";
import { WatchedServer } from "../watch/watched-server.ts";
import { fetchContracts } from "./contracts.ts";
import { conversationOf } from "./conversation-source.ts";
import type { Finding } from "./finding.ts";
import { HoldWatch } from "./hold-watch.ts";
import { isolate } from "./isolation.ts";
import { Load } from "./load.ts";
import { bounds, type Levels, levelVerdicts, type Verdict } from "./rules.ts";
import { Surface } from "./surface.ts";

const progressMs = 10_000;

/** How long the bystanders are watched without a load. */
const quietMs = 2000;

/** The share of the inputs that comes before the levels are read for the first time. */
const warmUpShare = 0.2;

/** How long everything may take to come to rest after the load. */
const restMs = 45_000;

/** About how many conversations are kept for a fault. */
const maxSuspects = 200;

/** After so many ends of the process the run is over. */
const maxLives = 4;

export interface RunOptions {
  readonly seed: number;
  readonly inputs: number;
  readonly auth: boolean;
}

export interface RunResult {
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly quiet: readonly BystanderReport[];
  readonly loaded: readonly BystanderReport[];
  readonly inputs: number;
  readonly seconds: number;
}

export class Run {
  readonly #options: RunOptions;
  readonly #findings: Finding[] = [];
  readonly #verdicts: Verdict[] = [];
  #quiet: readonly BystanderReport[] = [];
  #loaded: readonly BystanderReport[] = [];
  #inputs = 0;
  #loadMs = 0;
  /** The conversations that were under way when something was logged that must not be. */
  readonly #beforeFaults = new Set<number>();
  /** The first conversation of the next server. */
  #next = 0;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Runs to the end; a server that ends is followed by another one, a few times. */
  async finish(): Promise<RunResult> {
    let lives = 0;
    let ended = true;
    while (ended && lives < maxLives && this.#inputs < this.#options.inputs) {
      lives++;
      ended = await this.#life();
    }
    this.#verdicts.push({
      rule: "the process does not end",
      held: !ended && lives === 1,
      detail:
        ended || lives > 1 ? `it ended ${ended ? lives : lives - 1} times` : "it ran to the end",
    });
    return {
      verdicts: this.#verdicts,
      findings: this.#findings,
      quiet: this.#quiet,
      loaded: this.#loaded,
      inputs: this.#inputs,
      seconds: this.#loadMs / 1000,
    };
  }

  /** One server, until all inputs are sent or it ends. Resolves to whether it ended. */
  async #life(): Promise<boolean> {
    const server = await WatchedServer.start(this.#options.auth);
    let bystanders: Bystanders | undefined;
    let load: Load | undefined;
    try {
      bystanders = await Bystanders.start({ url: server.url, token: server.token });
      const surface = new Surface(await fetchContracts(server.url, server.token), server.token);
      load = new Load(this.#options.seed, this.#next, surface, server.port);
      return await this.#underLoad(server, bystanders, surface, load);
    } finally {
      load?.stop();
      await bystanders?.kill();
      await server.kill();
    }
  }

  async #underLoad(
    server: WatchedServer,
    bystanders: Bystanders,
    surface: Surface,
    load: Load,
  ): Promise<boolean> {
    const progress = setInterval(
      () =>
        console.error(`… ${load.inputs} inputs, ${load.running.length} conversations under way`),
      progressMs,
    );
    server.whenEnded().finally(() => clearInterval(progress));
    await wait(quietMs);
    this.#quiet = await bystanders.report();
    const watch = new HoldWatch(server, load);
    server.log.onFault = () => {
      for (const number of [...load.running, ...load.recent]) this.#beforeFaults.add(number);
      if (this.#beforeFaults.size > maxSuspects) server.log.onFault = undefined;
    };
    const before = await this.#send(server, load, warmUpShare);
    const after = before === undefined ? undefined : await this.#send(server, load, 1);
    await watch.stop();
    this.#inputs += load.inputs;
    this.#next = load.next;
    if (before === undefined || after === undefined) {
      await this.#reportEnd(server, load, surface);
      return true;
    }
    this.#loaded = await bystanders.stop();
    await this.#judge(server, load, watch, surface, before, after);
    return false;
  }

  /** Sends this share of the inputs, and reads the levels when all is at rest; undefined if the process ends. */
  async #send(server: WatchedServer, load: Load, share: number): Promise<Levels | undefined> {
    const begin = performance.now();
    const target = Math.ceil((this.#options.inputs - this.#inputs) * share);
    const ended = server.whenEnded().then(() => load.stop());
    await Promise.race([load.send(target), ended]);
    this.#loadMs += performance.now() - begin;
    if (server.ended !== undefined) return undefined;
    try {
      return await atRest(server);
    } catch (error) {
      if (server.ended !== undefined) return undefined;
      throw error;
    }
  }

  async #judge(
    server: WatchedServer,
    load: Load,
    watch: HoldWatch,
    surface: Surface,
    before: Levels,
    after: Levels,
  ): Promise<void> {
    const verdicts = this.#verdicts;
    verdicts.push(...(await this.#answers(server, load, surface)), this.#holds(watch));
    for (const { ms, conversations } of watch.holds)
      await this.#blame(
        "the event loop is held",
        `for ${Math.round(ms)} ms`,
        conversations,
        surface,
        ({ holdMs }) => holdMs > bounds.holdMs,
      );
    verdicts.push(...levelVerdicts(before, after));
    const peak = server.peakBytes();
    verdicts.push({
      rule: "resident memory stays under 1 GB",
      held: peak < bounds.peakBytes,
      detail: `at most ${Math.round(peak / 1e6)} MB`,
    });
    const { code, signal, tookMs } = await server.leave();
    verdicts.push({
      rule: "it leaves at SIGTERM",
      held: code === 0,
      detail: `${signal ?? code} after ${Math.round(tookMs)} ms`,
    });
    verdicts.push(...this.#bystanders());
  }

  /** What was answered and logged. */
  async #answers(server: WatchedServer, load: Load, surface: Surface): Promise<readonly Verdict[]> {
    for (const { conversation, faults } of load.wrongAnswers.slice(0, 10)) {
      this.#findings.push({
        ...this.#options,
        rule: "a wrong answer",
        detail: faults.join("; "),
        conversations: [conversationOf(this.#options.seed, conversation, surface)],
      });
    }
    const { log } = server;
    if (log.faultCount > 0) {
      await this.#blame(
        "an error in the log",
        log.faults.slice(0, 5).join("\n"),
        [...this.#beforeFaults],
        surface,
        ({ logged }) => logged.length > 0,
      );
    }
    const internal = [...(await server.metrics("switchboard_errors_total{"))]
      .filter(([name]) => name.includes('"internal"'))
      .reduce((sum, [, count]) => sum + count, 0);
    return [
      {
        rule: "no answer is an internal error or no protocol",
        held: load.wrongAnswers.length === 0,
        detail: `${load.wrongAnswers.length} conversations`,
      },
      { rule: "no `internal` is counted", held: internal === 0, detail: String(internal) },
      {
        rule: "no error and no warning of Node in the log",
        held: log.faultCount === 0,
        detail: `${log.faultCount} of ${log.lineCount} lines`,
      },
      {
        rule: "every client gets a connection",
        held: load.unconnected === 0,
        detail: `${load.unconnected} did not`,
      },
    ];
  }

  #holds(watch: HoldWatch): Verdict {
    return {
      rule: `nothing holds the event loop for ${bounds.holdMs} ms`,
      held: watch.maxMs <= bounds.holdMs,
      detail: `at most ${Math.round(watch.maxMs)} ms`,
    };
  }

  #bystanders(): readonly Verdict[] {
    const faults = this.#loaded.flatMap(({ faults }) => faults);
    const [health, quiet] = [this.#loaded, this.#quiet].map((reports) =>
      reports.find(({ name }) => name === "/healthz"),
    );
    const mostMs = Math.max(bounds.healthP99Ms, bounds.healthRatio * (quiet?.p99Ms ?? 0));
    return [
      {
        rule: "bystanders miss nothing and lose no connection",
        held: faults.length === 0,
        detail: faults.length === 0 ? "nothing missed" : faults.slice(0, 5).join("; "),
      },
      {
        rule: `GET /healthz: p99 under ${Math.round(mostMs)} ms`,
        held: (health?.p99Ms ?? Number.POSITIVE_INFINITY) < mostMs,
        detail: `${Math.round(health?.p99Ms ?? Number.NaN)} ms`,
      },
    ];
  }

  async #reportEnd(server: WatchedServer, load: Load, surface: Surface): Promise<void> {
    const { code, signal } = server.ended ?? { code: null, signal: null };
    await this.#blame(
      "the process ends",
      `with ${signal ?? code}: ${server.lastOutput.slice(-1500)}`,
      [...load.running, ...load.recent],
      surface,
      ({ ended }) => ended !== undefined,
    );
  }

  /** Adds a finding with the one conversation that does it by itself, or with all that may have. */
  async #blame(
    rule: string,
    detail: string,
    numbers: readonly number[],
    surface: Surface,
    guilty: Parameters<typeof isolate>[2],
  ): Promise<void> {
    const { auth, seed } = this.#options;
    const suspects = numbers.map((number) => conversationOf(seed, number, surface));
    const effect = suspects.length === 0 ? undefined : await isolate(suspects, auth, guilty);
    this.#findings.push({
      rule,
      detail: effect === undefined ? `${detail} (no conversation does it by itself)` : detail,
      auth,
      seed,
      conversations: effect === undefined ? suspects : [effect.conversation],
    });
  }
}

/** Waits until the fuzzer's connections have gone, then reads the levels. */
async function atRest(server: WatchedServer): Promise<Levels> {
  const endMs = performance.now() + restMs;
  // The waits of the server's config are over by then, and the 10 s in which the WebSocket library
  // waits for a peer's close frame: what is left is left for good.
  await wait(12_000);
  let connections = await server.connections();
  while (connections > bystanderConnections && performance.now() < endMs) {
    await wait(250);
    connections = await server.connections();
  }
  const { figures } = await server.ask("figures");
  if (figures === undefined) throw new Error("the probe gave no figures");
  return {
    heapUsedBytes: figures.heapUsedBytes,
    descriptors: server.descriptors(),
    handles: figures.resources,
    connections,
  };
}

/** Lobby 1, devices 2, experiments 1, tracking 2, crowd 1, admin 1. */
const bystanderConnections = 8;
