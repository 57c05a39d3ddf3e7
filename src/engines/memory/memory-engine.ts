/** The engine that keeps everything in this process's memory: for tests, of one node or of several on one store. */
import { randomUUID } from "node:crypto";
import type {
  Appended,
  AppendOptions,
  Engine,
  Follower,
  Following,
  Log,
  LogOptions,
  NewEvent,
  ReadOptions,
  ReadResult,
  Session,
} from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { FollowSlot } from "../local/follow-slot.ts";
import { LocalBusNode } from "../local/local-bus.ts";
import { LocalLeasesNode } from "../local/local-leases.ts";
import { checkLogName, checkSubject } from "../subjects.ts";
import { MemoryStore, type StoredLog } from "./memory-store.ts";

export interface MemoryEngineOptions {
  /** Engines with the same store are nodes of one cluster. Default: a store of its own. */
  readonly store?: MemoryStore;
  /** ms since 1970; default `Date.now`. */
  readonly now?: () => number;
}

/** Opens a memory engine. What it stores lives as long as its store. */
export async function openMemoryEngine(options: MemoryEngineOptions = {}): Promise<Engine> {
  return new MemoryEngine(options.store ?? new MemoryStore(), options.now ?? Date.now);
}

class MemoryEngine implements Engine {
  readonly kind = "memory";
  readonly session: Session = { id: randomUUID() };
  readonly bus: LocalBusNode;
  readonly leases: LocalLeasesNode;
  readonly #store: MemoryStore;
  readonly #now: () => number;
  readonly #logs = new Map<string, MemoryLog>();
  #closed = false;

  constructor(store: MemoryStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.bus = new LocalBusNode(store.bus);
    this.leases = new LocalLeasesNode(store.leases, this.session.id);
  }

  async log(name: string, options: LogOptions = {}): Promise<Log> {
    if (this.#closed) throw new SwitchboardError("log_closed", "the engine is closed");
    checkLogName(name);
    const log =
      this.#logs.get(name) ?? new MemoryLog(name, this.#store.log(name, options, this.#now));
    this.#logs.set(name, log);
    return log;
  }

  health(): ReturnType<Engine["health"]> {
    return this.#closed ? { ok: false, reason: "the engine is closed" } : { ok: true };
  }

  stats(): Readonly<Record<string, number>> {
    return { ...this.#store.bus.stats(), ...this.#store.leases.stats() };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#logs.values(), (log) => log.close()));
    this.bus.close();
    this.leases.close();
  }
}

class MemoryLog implements Log {
  readonly name: string;
  readonly #stored: StoredLog;
  readonly #slot: FollowSlot;
  #closed = false;

  constructor(name: string, stored: StoredLog) {
    this.name = name;
    this.#stored = stored;
    this.#slot = new FollowSlot(name, stored);
    stored.slots.add(this.#slot);
  }

  get epoch(): string {
    return this.#stored.epoch;
  }

  get position(): number {
    return this.#slot.position;
  }

  async append(
    subject: string,
    events: readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<readonly Appended[]> {
    this.#check(subject);
    try {
      return this.#stored.append(subject, events, options);
    } finally {
      await this.#stored.announced();
    }
  }

  async read(subject: string, after: number, options: ReadOptions = {}): Promise<ReadResult> {
    this.#check(subject);
    return this.#stored.read(subject, after, options);
  }

  async last(subject: string): Promise<number> {
    this.#check(subject);
    return this.#stored.last(subject);
  }

  async subjects(prefix: string): Promise<readonly string[]> {
    this.#check();
    return this.#stored.subjects(prefix);
  }

  follow(after: number, follower: Follower): Promise<Following> {
    return this.#slot.follow(after, follower);
  }

  caughtUp(offset: number): Promise<void> {
    return this.#slot.caughtUp(offset);
  }

  async purge(subject: string): Promise<Appended> {
    this.#check(subject);
    const purged = this.#stored.purge(subject);
    await this.#stored.announced();
    return purged;
  }

  /** Ends the follow after what was appended has been handed on. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#stored.announced();
    this.#slot.close();
    this.#stored.slots.delete(this.#slot);
  }

  #check(subject?: string): void {
    if (this.#closed) throw new SwitchboardError("log_closed", "the engine is closed");
    if (subject !== undefined) checkSubject(subject);
  }
}
