/** What a command shows while it is connected: lines for people or JSON, and how the connection does. */
import { type Command, InvalidArgumentError } from "commander";
import type { Connection, ConnectionState } from "../client/index.ts";
import { systemClock } from "../kit/clock.ts";
import { durationFlag } from "./duration.ts";
import { addServerOptions, type ServerOptions } from "./server-options.ts";
import type { Surroundings } from "./surroundings.ts";
import { over } from "./waiting.ts";

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
    .option("--for <duration>", "end after so long: 30s, 5m, 1h", durationFlag);
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
    const timer =
      this.#options.for === undefined ? undefined : systemClock.after(this.#options.for, this.#end);
    this.#surroundings.interrupted().addEventListener("abort", this.#end);
    const failed = connections.map((connection) => {
      let lost = false;
      connection.on("state", (state) => {
        lost = this.#tell(state, lost);
      });
      return over(connection);
    });
    try {
      await Promise.race([this.#ended, ...failed]);
    } finally {
      timer?.cancel();
      for (const one of failed) one.catch(() => {});
      await Promise.all(connections.map((connection) => connection.close()));
    }
  }

  /** The first opening goes without saying. */
  #tell(state: ConnectionState, lost: boolean): boolean {
    const { remark } = this.#surroundings;
    if (state.status === "waiting") {
      const { code, reason } = state.loss;
      remark(
        `not connected (${code}${reason === "" ? "" : `: ${reason}`}): trying again in ${(state.delayMs / 1000).toFixed(1)} s`,
      );
      return true;
    }
    if (state.status === "open" && lost) remark("connected");
    return state.status === "open" ? false : lost;
  }
}

function lineCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError("Write a whole number from 1.");
  return count;
}
