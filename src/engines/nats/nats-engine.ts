/** The engine for several nodes: logs, bus and leases on one NATS with JetStream. */
import { randomUUID } from "node:crypto";
import type { Engine, LogOptions, Session } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { checkLogName } from "../subjects.ts";
import { NatsBus } from "./nats-bus.ts";
import { NatsCounters } from "./nats-counters.ts";
import { NatsLeases } from "./nats-leases.ts";
import { NatsLink, type NatsLinkOptions, withTimeout } from "./nats-link.ts";
import { NatsLog, type NatsLogSettings } from "./nats-log.ts";
import { sessionTimes } from "./nats-session.ts";
import { defaultHeartbeatMs } from "./nats-tail.ts";

/** How long closing waits for a NATS that does not answer. */
const closeTimeoutMs = 3_000;
const prefixRule = /^[A-Za-z0-9_-]{1,40}$/;

export interface NatsEngineOptions extends NatsLinkOptions {
  /**
   * Begins the names of streams (`PREFIX_log_NAME`), of the bucket (`PREFIX_leases`) and of subjects, so that several
   * installations can share one NATS. 1–40 of `[A-Za-z0-9_-]`; default `switchboard`.
   */
  readonly prefix?: string;
  /** Copies of each new stream in a NATS cluster: 1 (default), 3 or 5, which want 2.9.21 or newer. Existing streams keep theirs. */
  readonly replicas?: number;
}

/** Times and clock, for tests. */
export interface NatsTuning {
  /** A node that does not renew its session for so long is dead; the other times of a session follow. Default 10 s. */
  readonly sessionTtlMs?: number;
  /** Consumers that are silent for 2.5 times as long are made anew. Default 1 s; the server wants 100 ms at least. */
  readonly heartbeatMs?: number;
  /** ms from an arbitrary start, never going back. */
  readonly monotonicMs?: () => number;
}

export class NatsEngine implements Engine {
  readonly kind = "nats";
  readonly session: Session;
  readonly bus: NatsBus;
  readonly leases: NatsLeases;
  readonly #link: NatsLink;
  readonly #settings: NatsLogSettings;
  readonly #logs = new Map<string, Promise<NatsLog>>();
  readonly #open = new Set<NatsLog>();
  #closing: Promise<void> | undefined;

  private constructor(link: NatsLink, leases: NatsLeases, settings: NatsLogSettings) {
    this.#link = link;
    this.#settings = settings;
    this.leases = leases;
    this.session = { id: leases.session.id };
    this.bus = new NatsBus(link, settings.prefix);
  }

  static async open(options: NatsEngineOptions, tuning: NatsTuning = {}): Promise<NatsEngine> {
    const { prefix = "switchboard", replicas = 1, ...linkOptions } = options;
    const {
      sessionTtlMs = 10_000,
      heartbeatMs = defaultHeartbeatMs,
      monotonicMs = () => performance.now(),
    } = tuning;
    if (!prefixRule.test(prefix)) {
      throw new SwitchboardError(
        "bad_config",
        `bad NATS prefix ${JSON.stringify(prefix)}: use 1-40 characters out of [A-Za-z0-9_-]`,
      );
    }
    const link = await NatsLink.open(linkOptions, monotonicMs, new NatsCounters());
    try {
      const leases = await NatsLeases.open(link, {
        sessionId: randomUUID(),
        bucket: `${prefix}_leases`,
        replicas,
        times: sessionTimes(sessionTtlMs),
        heartbeatMs,
      });
      return new NatsEngine(link, leases, { prefix, replicas, heartbeatMs });
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /**
   * What survives a power cut is up to nats-server (`sync_interval`, two minutes unless configured, and `replicas`), so
   * `durability` changes nothing here. An id is remembered no longer than `maxAgeMs`. The server wants 100 ms of age at least.
   */
  async log(name: string, options: LogOptions = {}): Promise<NatsLog> {
    this.#link.assertOpen();
    checkLogName(name);
    const known = this.#logs.get(name);
    if (known !== undefined) return await known;
    const opening = NatsLog.open(this.#link, name, options, this.#settings);
    this.#logs.set(name, opening);
    try {
      const log = await opening;
      this.#open.add(log);
      return log;
    } catch (error) {
      this.#logs.delete(name);
      throw error;
    }
  }

  health(): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
    if (this.#closing !== undefined) return { ok: false, reason: "the engine is closed" };
    const logs = [...this.#open].map((log) => log.trouble);
    const reason = [this.#link.trouble, this.leases.trouble, ...logs].find(
      (trouble) => trouble !== undefined,
    );
    return reason === undefined ? { ok: true } : { ok: false, reason };
  }

  stats(): Readonly<Record<string, number>> {
    const counters = this.#link.counters;
    return {
      nats_connected: this.#link.connected ? 1 : 0,
      nats_reconnects_total: counters.reconnects,
      log_appends_total: counters.appends,
      log_conflicts_total: counters.conflicts,
      log_failures_total: counters.failures,
      log_under_way: [...this.#open].reduce((sum, log) => sum + log.underWay, 0),
      log_reads_total: counters.reads,
      nats_consumer_restarts_total: counters.restarts,
      bus_published_total: counters.published,
      bus_received_total: counters.received,
      bus_dropped_total: counters.dropped,
      leases_held: this.leases.count,
      leases_lost_total: counters.leasesLost,
      bus_listener_errors_total: counters.busListenerErrors,
      leases_listener_errors_total: counters.leaseListenerErrors,
      leases_sessions: this.leases.sessions,
    };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#link.refuse();
    await Promise.allSettled([...this.#open].map((log) => log.close()));
    // What cannot be given up in time is free for the others after the session's TTL.
    await withTimeout(this.leases.close(), closeTimeoutMs, "closing").catch(() => {});
    await this.#link.close();
  }
}
