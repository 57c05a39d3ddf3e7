/** What the service's tests drive it with: nodes on one store, clients at the transport's seam, a clock that is set by hand. */
import { defaultLimits } from "../../contract/index.ts";
import {
  type MemoryEngineOptions,
  MemoryStore,
  openMemoryEngine,
} from "../../engines/memory/index.ts";
import { Connection } from "../../kit/connection.ts";
import type { Encoded } from "../../kit/encoded.ts";
import {
  type Clock,
  type Engine,
  type Log,
  type Principal,
  SwitchboardError,
} from "../../kit/index.ts";
import type { Link } from "../../kit/link.ts";
import { RunningService } from "../../kit/running-service.ts";
import { Turn } from "../../kit/turn.ts";
import { configSchema, type DevicesConfig } from "./config.ts";
import { devices } from "./service.ts";

/** How long anything that must happen may take. */
const deadlineMs = 15_000;

/** Time passes only by `advance`. */
export class HandClock implements Clock {
  #nowMs = 1_700_000_000_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - 1_000_000_000;
  }

  after(ms: number, run: () => void): { cancel(): void } {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Timers that have not run. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Runs what is due on the way, in order of time, and lets each finish what it can without further time. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const next = [...this.#timers]
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

/** The memory engine hands on at the end of a turn; what follows from that takes some more turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A message that came, or the close (`closed`, with its code). */
export interface Came {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads as a client does
  readonly payload: any;
}

/** One client, at the seam where a transport would be. */
export class Client {
  readonly connection: Connection;
  readonly #clock: HandClock;
  /** What came and was not taken by `next`, oldest first. */
  readonly came: Came[] = [];
  #wake: (() => void) | undefined;
  /** False: answers no probe. */
  isAlive = true;

  constructor(node: Node, id: string, clock: HandClock, principal: Principal | undefined) {
    this.#clock = clock;
    const opening = {
      path: "/socket.io/",
      query: "",
      address: "127.0.0.1",
      principal,
      wantsErrors: false,
      wantsSkipped: false,
    };
    const link: Link = {
      unsentBytes: 0,
      write: (messages: readonly Encoded[]) => {
        for (const { name, text } of messages) this.#add({ name, payload: JSON.parse(text) });
      },
      close: (code) => this.#add({ name: "closed", payload: code }),
      destroy: () => this.#add({ name: "closed", payload: 1006 }),
      probe: (timeoutMs) =>
        this.isAlive
          ? Promise.resolve(true)
          : new Promise((resolve) => this.#clock.after(timeoutMs, () => resolve(false))),
    };
    this.connection = new Connection(
      id,
      opening,
      link,
      node.running,
      defaultLimits,
      clock,
      new Turn(),
    );
    this.connection.handOver(() => node.running.open(this.connection));
  }

  /** Resolves when the service has handled it. */
  emit(name: string, payload?: unknown): Promise<void> {
    return new Promise((resolve) => this.connection.receiveEvent(name, payload, 1, resolve));
  }

  /** The next thing that came, which must be this; its payload. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads as a client does
  async next(name: string): Promise<any> {
    const endMs = performance.now() + deadlineMs;
    while (this.came.length === 0) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`not within ${deadlineMs} ms: ${name}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const came = this.came.shift();
    if (came?.name !== name)
      throw new Error(`${came?.name} ${JSON.stringify(came?.payload)} came where ${name} was due`);
    return came.payload;
  }

  /** Sends a command; its id, from the `command ok` that must be next. */
  async send(command: string, fields: object = {}): Promise<string> {
    void this.emit("command send", { command, ...fields });
    return (await this.next("command ok")).command_id;
  }

  /** Shows that nothing came: what a bad command brings is next. Also a monitor may do so. */
  async heardNothing(): Promise<void> {
    void this.emit("command send", { command: "" });
    const { reason } = await this.next("command failed");
    if (reason !== "Invalid command")
      throw new Error(`"command failed" ${reason} came where nothing was due`);
  }

  /** For a client whose message is still being handled, so that it can show nothing otherwise; call it when all has settled. */
  async heardNothingYet(): Promise<void> {
    await settled();
    const [came] = this.came;
    if (came !== undefined)
      throw new Error(
        `${came.name} ${JSON.stringify(came.payload)} came where nothing was due yet`,
      );
  }

  /** The peer goes; resolves when the service has dealt with it. */
  async leave(): Promise<void> {
    this.connection.peerClosed(1000, "");
    await settled();
  }

  #add(came: Came): void {
    this.came.push(came);
    this.#wake?.();
  }
}

/** How a node's store fails: nothing is stored, or it is and the answer gets lost. */
type Outage = "refuses" | "loses answers";

/** The engine's log, whose appends can fail and whose follow can fall behind. */
class Troubled {
  outage: Outage | undefined;
  #held: (() => void)[] | undefined;

  /** While it is held back the node learns nothing of what is stored; then all at once, in order. */
  holdBack(): void {
    this.#held ??= [];
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const run of held) run();
  }

  engine(real: Engine): Engine {
    const { kind, session, bus, leases } = real;
    const log = async (...named: Parameters<Engine["log"]>) => this.#log(await real.log(...named));
    return {
      kind,
      session,
      bus,
      leases,
      log,
      health: () => real.health(),
      stats: () => real.stats(),
      close: () => real.close(),
    };
  }

  #log(real: Log): Log {
    const own: Pick<Log, "append" | "follow" | "caughtUp"> = {
      append: async (...appended) => {
        const { outage } = this;
        if (outage === undefined) return real.append(...appended);
        if (outage === "loses answers") await real.append(...appended);
        throw new SwitchboardError("log_unavailable", "the store is down");
      },
      follow: (after, follower) =>
        real.follow(after, {
          event: (event) => this.#run(() => follower.event(event)),
          gap: (gap) => this.#run(() => follower.gap(gap)),
        }),
      caughtUp: async (offset) => {
        await real.caughtUp(offset);
        await new Promise<void>((resolve) => this.#run(resolve));
      },
    };
    return new Proxy(real, {
      get: (target, key) => {
        if (Object.hasOwn(own, key)) return Reflect.get(own, key);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #run(run: () => void): void {
    if (this.#held === undefined) run();
    else this.#held.push(run);
  }
}

/** One server. */
export class Node {
  readonly engine: Engine;
  readonly log = new Troubled();
  readonly #clock: HandClock;
  readonly #clients = new Set<Client>();
  readonly #newId: () => string;
  #running: RunningService | undefined;

  private constructor(engine: Engine, clock: HandClock, newId: () => string) {
    this.engine = engine;
    this.#clock = clock;
    this.#newId = newId;
  }

  static async start(
    cluster: Cluster,
    config: Partial<DevicesConfig>,
    authEnabled: boolean,
  ): Promise<Node> {
    const { clock, newId } = cluster;
    const options: MemoryEngineOptions = { store: cluster.store, now: () => clock.now() };
    const node = new Node(await openMemoryEngine(options), clock, newId);
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields: object) => cluster.errors.push(fields),
    };
    const engine = node.log.engine(node.engine);
    const parts = {
      config: configSchema.parse(config),
      limits: defaultLimits,
      engine,
      clock,
      logger,
      authEnabled,
      newId,
    };
    node.#running = await RunningService.start(devices, parts);
    return node;
  }

  get running(): RunningService {
    if (this.#running === undefined) throw new Error("the node is not started");
    return this.#running;
  }

  client(principal?: Principal): Client {
    const client = new Client(this, this.#newId(), this.#clock, principal);
    this.#clients.add(client);
    return client;
  }

  async user(monitorId: string, fields: object = {}): Promise<Client> {
    const client = this.client();
    await client.emit("query", { monitor_id: monitorId, ...fields });
    await client.next("query ok");
    return client;
  }

  async monitor(monitorId: string): Promise<Client> {
    const client = this.client();
    void client.emit("con", { monitor_id: monitorId });
    await client.next("con ok");
    return client;
  }

  /** The answer to a request for one of the contract's routes. */
  async request(
    name: string,
    params: Record<string, string>,
    body?: unknown,
    principal?: Principal,
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as a client does
  ): Promise<{ status: number; json: any }> {
    const route = devices.contract.routes[name as keyof typeof devices.contract.routes];
    const request = new Request("http://localhost/");
    const caller = principal ?? { name: "anybody", roles: ["*"], only: {} };
    const response = await this.running.respond(name, route, params, body, caller, request);
    return { status: response.status, json: await response.json() };
  }

  /** Closes the connections as a restart does, then ends. */
  async stop(): Promise<void> {
    this.log.letGo();
    for (const { connection } of this.#clients) connection.close("restarting", "restarting");
    await settled();
    await this.running.stop();
    await this.engine.close();
  }

  /** The process dies: nobody is told anything. */
  async kill(): Promise<void> {
    await this.engine.close();
  }
}

/** The nodes of a test and what they share. */
export class Cluster {
  readonly clock = new HandClock();
  readonly store = new MemoryStore();
  /** What the service logged as an error: our faults. */
  readonly errors: object[] = [];
  #ids = 0;

  /** A UUIDv7 in form; each is larger than the one before. */
  readonly newId = (): string =>
    `01890000-0000-7000-8000-${(++this.#ids).toString(16).padStart(12, "0")}`;

  start(config: Partial<DevicesConfig> = {}, authEnabled = false): Promise<Node> {
    return Node.start(this, config, authEnabled);
  }

  /** All events of a monitor, as `type id` (without the id where only one command is meant). */
  async log(node: Node, subject: string): Promise<string[]> {
    const { events } = await (await node.engine.log("devices")).read(subject, 0);
    return events.map(({ data }) => (JSON.parse(data) as { type: string }).type);
  }
}
