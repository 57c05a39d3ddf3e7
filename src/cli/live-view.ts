/** What a command shows while it is connected: lines for people or JSON, and how the connection does. */
import { type Command, InvalidArgumentError } from "commander";
import type { Connection, ConnectionState } from "../client/index.ts";
import { SwitchboardError } from "../wire/error.ts";
import { durationMs } from "./duration.ts";
import { addServerOptions, type ServerOptions } from "./server-options.ts";
import type { Surroundings } from "./surroundings.ts";

/** Flags as commander has read them. */
export interface LiveOptions extends ServerOptions {
  readonly json?: true;
  readonly count?: number;
  readonly for?: number;
}

/** Adds the flags of commands that show what comes. */
export function addLiveOptions(command: Command): Command {
  return addServerOptions(command)
    .option("--json", "a JSON object a line, for programs")
    .option("--count <number>", "end after so many lines (default: until Ctrl-C)", lineCount)
    .option("--for <duration>", "end after so long: 30s, 5m, 1h", duration);
}

/**
 * Prints until it has printed `--count` lines, `--for` is over, Ctrl-C is pressed, or the connection is over for good. How the connection does
 * goes to standard error.
 */
export class LiveView {
  readonly #options: LiveOptions;
  readonly #surroundings: Surroundings;
  #shown = 0;
  #end: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(options: LiveOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** One line: `text` for people, `json` for programs. */
  show(text: string, json: object): void {
    const { count = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#shown >= count) return;
    this.#surroundings.print(this.#options.json ? JSON.stringify(json) : text);
    if (++this.#shown >= count) this.#end();
  }

  /** Ends it as if it had been told to. */
  end(): void {
    this.#end();
  }

  /** Resolves when it is to end, having closed the connections. Rejects with why one is over for good. */
  async run(...connections: readonly Connection[]): Promise<void> {
    const timer = this.#options.for === undefined ? undefined : setTimeout(this.#end, this.#options.for);
    this.#surroundings.interrupted().addEventListener("abort", this.#end);
    const failed = connections.map((connection) => {
      let lost = false;
      connection.on("state", (state) => {
        lost = this.#tell(state, lost);
      });
      return connection.whenClosed().then(() => connection.whenOpen());
    });
    try {
      await Promise.race([this.#ended, ...failed]);
    } finally {
      clearTimeout(timer);
      for (const one of failed) one.catch(() => {});
      await Promise.all(connections.map((connection) => connection.close()));
    }
  }

  /** The first opening goes without saying. */
  #tell(state: ConnectionState, lost: boolean): boolean {
    const { remark } = this.#surroundings;
    if (state.status === "waiting") {
      const { code, reason } = state.loss;
      remark(`not connected (${code}${reason === "" ? "" : `: ${reason}`}): trying again in ${(state.delayMs / 1000).toFixed(1)} s`);
      return true;
    }
    if (state.status === "open" && lost) remark("connected");
    return state.status === "open" ? false : lost;
  }
}

/** What `work` comes to, or undefined after `ms`. */
export function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits for the connection to open; a server that is not there within `ms` is an error. */
export async function opened(connection: Connection, ms: number): Promise<void> {
  if (
    await within(
      connection.whenOpen().then(() => true),
      ms,
    )
  )
    return;
  const { state } = connection;
  const why = state.status === "waiting" ? `: ${state.loss.reason || state.loss.code}` : "";
  throw new SwitchboardError("timeout", `no connection within ${ms / 1000} s${why}: is the server running there? (--url says where)`);
}

function lineCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("Write a whole number from 1.");
  return count;
}

export function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw new InvalidArgumentError("Write it as 30s, 5m or 1h.");
  return ms;
}
