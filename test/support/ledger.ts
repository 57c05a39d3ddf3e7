/** A server process that notes what arrives, and a client that sends to it and notes what it is told. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Connection, ConnectOptions, Outcome } from "../../src/client/index.ts";
import { connect } from "./client.ts";
import { within } from "./inbox.ts";
import { projectPath } from "./paths.ts";
import type { Scope } from "./scope.ts";
import { temporaryFolder } from "./server-process.ts";

/** `ledger-server.js`, restartable on its port. */
export class LedgerServer {
  readonly #scope: Scope;
  readonly #file: string;
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(scope: Scope, file: string) {
    this.#scope = scope;
    this.#file = file;
  }

  static async start(scope: Scope): Promise<LedgerServer> {
    const file = join(await temporaryFolder(scope), "arrivals");
    await writeFile(file, "");
    const server = new LedgerServer(scope, file);
    await server.start();
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [join(projectPath, "test/support/ledger-server.js"), this.#file, String(this.#port)],
      {
        cwd: projectPath,
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    this.#child = this.#scope.own(child, () => child.kill("SIGKILL"));
    const [line] = await within(once(child.stdout, "data"), "the ledger server", 20_000);
    this.#port = Number(/:(\d+)\n/.exec(String(line))?.[1]);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null)
      throw new Error("there is no server to end");
    const ended = once(child, "exit");
    child.kill(signal);
    await within(ended, `the end of the ledger server by ${signal}`, 20_000);
  }

  /** Ids in the order of arrival, doubles included. */
  async arrivals(): Promise<readonly number[]> {
    const text = await readFile(this.#file, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  }
}

/** Sends numbered messages. Every third is acknowledged by the protocol and sent again where it may be lost; the others at most once. */
export class LedgerSender {
  readonly connection: Connection;
  /** By number. */
  readonly outcomes: Promise<Outcome>[] = [];
  readonly states: string[] = [];
  readonly #padding: string;
  readonly #firstId: number;

  /** `bytes`: how much each message has beside its number; `firstId`: of several senders to one server each has ids of its own. */
  constructor(scope: Scope, url: string, options: ConnectOptions = {}, bytes = 0, firstId = 0) {
    this.#firstId = firstId;
    this.#padding = "x".repeat(bytes);
    this.connection = scope.own(connect(url, { maxDelayMs: 100, ...options }), (one) =>
      one.destroy(),
    );
    this.connection.on("state", ({ status }) => this.states.push(status));
    this.connection.on("message", (text) =>
      this.connection.acknowledge(String((JSON.parse(text) as { ack: number }).ack)),
    );
  }

  static isAcknowledged(number: number): boolean {
    return number % 3 === 0;
  }

  async send(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      await within(this.connection.whenRoom(), "room in the outbox", 30_000);
      const number = this.outcomes.length;
      const ack = LedgerSender.isAcknowledged(number);
      const id = this.#firstId + number;
      const { outcome } = this.connection.send(
        JSON.stringify({ id, ack, padding: this.#padding }),
        {
          id: String(id),
          awaitsAck: ack,
          resend: ack,
        },
      );
      this.outcomes.push(outcome);
      // So that messages and faults are interleaved.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** All that is sent next has arrived and come back: the connection works. */
  async proveOpen(): Promise<void> {
    while (!LedgerSender.isAcknowledged(this.outcomes.length)) await this.send(1);
    await this.send(1);
    expect(await within(Promise.resolve(this.outcomes.at(-1)), "an acknowledgement", 30_000)).toBe(
      "acked",
    );
  }

  /** Ends it and compares what it was told with what has arrived. */
  async settle(server: LedgerServer): Promise<ReadonlyMap<Outcome, number>> {
    await within(this.connection.close({ flushMs: 30_000 }), "the end of the flush", 45_000);
    return await this.compare(await server.arrivals());
  }

  /** What it was told against all that has arrived at the server. */
  async compare(all: readonly number[]): Promise<ReadonlyMap<Outcome, number>> {
    const arrivals = all
      .map((id) => id - this.#firstId)
      .filter((number) => number >= 0 && number < this.outcomes.length);
    const counts = new Map<number, number>();
    for (const number of arrivals) counts.set(number, (counts.get(number) ?? 0) + 1);
    // In order: what was sent again apart, no message arrives behind a later one.
    const first = [...new Set(arrivals)];
    expect(first).toEqual([...first].sort((a, b) => a - b));
    const tally = new Map<Outcome, number>();
    for (const [number, promised] of this.outcomes.entries()) {
      const outcome = await within(promised, `the outcome of message ${number}`, 1000);
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      const times = counts.get(number) ?? 0;
      if (LedgerSender.isAcknowledged(number)) {
        // None lost; whoever keeps the first of each id has each once.
        expect(outcome, `message ${number}`).toBe("acked");
        expect(times).toBeGreaterThan(0);
      } else {
        expect(times, `message ${number}, ${outcome}, arrived ${times} times`).toBeLessThanOrEqual(
          1,
        );
        if (outcome === "sent") expect(times, `message ${number} is called sent`).toBe(1);
        else expect(outcome, `message ${number}`).toBe("unknown");
      }
    }
    return tally;
  }
}
