/**
 * The engine: what a node stores in and coordinates through. `embedded` (SQLite) serves one process, `nats` (JetStream)
 * serves many, `memory` serves tests. All three keep the promises written here and pass `engines/engine.suite.ts`.
 */

/** One stored event of a log. */
export interface LogEvent {
  /** Place in the log, from 1. The offsets of one subject grow, but are not dense. */
  readonly offset: number;
  readonly subject: string;
  /** When it was stored, in ms since 1970, by the storing side's clock. Informative: order is by offset. */
  readonly timeMs: number;
  /** The text handed to `append`, unchanged; `""` on a purge event. */
  readonly data: string;
  /** True on the one event that `purge` leaves behind in place of all earlier ones of its subject. */
  readonly purged: boolean;
}

/** An event to store. */
export interface NewEvent {
  readonly data: string;
  /** Makes the append idempotent: unique in its log, remembered for two minutes (`idWindowMs`) at least. */
  readonly id?: string;
}

export interface AppendOptions {
  /** Store only if this is the subject's last offset (0: the subject has no events). Otherwise `log_conflict`. */
  readonly expect?: number;
}

/** Where an event is stored. `duplicate`: an event with this id was there already, this is its offset; nothing was stored. */
export interface Appended {
  readonly offset: number;
  readonly duplicate: boolean;
}

/** Events that are asked for and are no more: some in `from`…`to` (both included) may have been of this subject. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly reason: "retention" | "purged" | "epoch";
}

export interface ReadOptions {
  /** At most this many events; default 1,000. */
  readonly limit?: number;
  /** Nothing after this offset. */
  readonly upTo?: number;
  /** The epoch in which the reader learned `after`. If it is not the log's, the answer starts at the beginning with a gap. */
  readonly epoch?: string;
}

export interface ReadResult {
  readonly events: readonly LogEvent[];
  /** Set when something between `after` and the first event returned may be lost. Show a fresh snapshot. */
  readonly gap?: Gap;
  /** True if there were more events than `limit`, or than fit into one answer (about 8 MiB): read again after the last one. */
  readonly more: boolean;
}

/** Gets every event of a log, once each, in offset order. Must not throw: a throw stops the follow and fails `caughtUp`. */
export interface Follower {
  event(event: LogEvent): void;
  /** Events that retention removed before this node saw them. */
  gap(gap: Gap): void;
}

export interface Following {
  stop(): Promise<void>;
}

/**
 * A durable, ordered log of events by subject.
 *
 * Order: all readers see one subject's events in the order of their offsets. An append is seen by `read`, `last` and
 * `subjects` as soon as it has resolved. Appends to one subject, made by one caller without waiting, are stored in call order.
 * Subjects: 1–200 characters out of `[A-Za-z0-9_.=-]`, neither starting nor ending with a dot, no two dots in a row.
 * Errors: `log_conflict` (expect did not hold: `await caughtUp(error.details.last)`, decide again), `log_unavailable`
 * (the store cannot take it now; it may or may not be stored: try again with the same id), `log_bad_subject`, `log_closed`.
 */
export interface Log {
  readonly name: string;
  /** Changes only when the log was lost and begun anew, or may have lost its end in a power cut; offsets of another epoch mean nothing. */
  readonly epoch: string;
  /** Offset up to which this node's follower has been given everything; 0 before the first. */
  readonly position: number;
  /**
   * Resolves when all `events` are durable. One event is atomic; several are stored in order, not all-or-nothing.
   * With `expect`, the first is conditional on it and each further one on the one before.
   */
  append(
    subject: string,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<readonly Appended[]>;
  /** The subject's events after offset `after` (0: from the start), oldest first. */
  read(subject: string, after: number, options?: ReadOptions): Promise<ReadResult>;
  /** The subject's last offset, also after a purge; 0 if it never had an event (or retention dropped them all). */
  last(subject: string): Promise<number>;
  /** The subjects that have at least one event (a purge event counts) and start with `prefix`, sorted. */
  subjects(prefix: string): Promise<readonly string[]>;
  /**
   * Hands every event after `after` to `follower`, history first, then live, without gap or double. One follow per log
   * and node: a second rejects with `wrong_state`. Resolves when the follower has had all that was stored when `follow` was called.
   */
  follow(after: number, follower: Follower): Promise<Following>;
  /** Resolves when this node's follower has had everything up to `offset`; rejects with `log_closed` if the follow ends first. */
  caughtUp(offset: number): Promise<void>;
  /** Removes all events of the subject and leaves one purge event, which followers get; readers from before it get a gap. */
  purge(subject: string): Promise<Appended>;
}

export interface LogOptions {
  /** What survives: `process` (default) the death of the process; `disk` a power cut as well, at one sync per turn. */
  readonly durability?: "process" | "disk";
  /** Drop events older than this; default: keep. */
  readonly maxAgeMs?: number;
  /** Keep at most this many newest events; default: keep all. */
  readonly maxEvents?: number;
}

/**
 * Fleeting messages between nodes, this one included. At most once; in order per publishing node and subject; a message
 * to nobody is gone. A subscriber's own publications reach it too. Subjects as in `Log`.
 */
export interface Bus {
  publish(subject: string, data: string): void;
  /** Gets what is published to any subject that starts with `prefix` (prefixes end in a dot, or name one subject whole). */
  subscribe(
    prefix: string,
    listener: (data: string, subject: string) => void,
  ): Promise<Subscription>;
}

export interface Subscription {
  stop(): void;
}

/** Who holds a key now. */
export interface Holder {
  readonly key: string;
  readonly value: string;
  /** Grows with every acquisition and update in this engine, over all keys: a later holder has a larger fence. */
  readonly fence: number;
  /** Session of the node that holds it. */
  readonly session: string;
}

/** A held key. */
export interface Lease extends Holder {
  /** Replaces the value; the fence grows. Rejects with `lease_lost` if it is no longer held. */
  update(value: string): Promise<void>;
  /** Gives it up. Does nothing if it is no longer held. */
  release(): Promise<void>;
}

export interface AcquireOptions {
  /** Take it from a living holder as well; that holder's `lost` is called. */
  readonly steal?: boolean;
  /** Steal only if the present holder's fence is this one, so that two who decided on the same facts do not both steal. */
  readonly stealFence?: number;
  /** Called once if the lease is lost: `stolen` by another holder, or the `session` could not be renewed in time. Not after `release`. */
  readonly lost?: (why: "stolen" | "session") => void;
}

/** The answer to `acquire`: the lease, or who has it. */
export type Acquired = { readonly lease: Lease } | { readonly holder: Holder };

/** Live changes of the holders under a prefix: `holder` is null when the key is free again. */
export type LeaseChange = { readonly key: string; readonly holder: Holder | null };

/**
 * One holder for one key, hung on this node's session. Keys as subjects in `Log`. A holder whose node has died is
 * gone within 10 s (`nats`) or at once (`embedded`: leases die with the process).
 */
export interface Leases {
  acquire(key: string, value: string, options?: AcquireOptions): Promise<Acquired>;
  /** The living holders whose key starts with `prefix`, by fence. */
  list(prefix: string): Promise<readonly Holder[]>;
  /**
   * Calls `listener` with every present holder first (before it resolves), then with each change, in order per key.
   * A change may be told twice; the last one told is the truth.
   */
  watch(prefix: string, listener: (change: LeaseChange) => void): Promise<Subscription>;
}

/** One node as the engine knows it. */
export interface Session {
  /** Unique for each start of a process. */
  readonly id: string;
}

/** Where an engine reports what its operators must know. Fields first, then the message; pino fits. */
export interface EngineLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A node's access to log, bus and leases. */
export interface Engine {
  readonly kind: "memory" | "embedded" | "nats";
  readonly session: Session;
  readonly bus: Bus;
  readonly leases: Leases;
  /** Opens (or creates) a log. The same name gives the same log; its options are those of the first call. Names: `[a-z][a-z0-9_]{0,30}`. */
  log(name: string, options?: LogOptions): Promise<Log>;
  /** Whether it can take writes now; the reason if not. */
  health(): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Numbers for `/metrics`: name → value. Names ending in `_total` only grow. */
  stats(): Readonly<Record<string, number>>;
  /** Stores what was appended, gives up the leases, lets go of everything. Later calls reject with `log_closed`. */
  close(): Promise<void>;
}

/** How long an append id is remembered at the least, in every engine. */
export const idWindowMs = 120_000;
