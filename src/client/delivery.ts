/** The way out: messages from `send` to their outcome, over as many sockets as it takes. */
import { SwitchboardError } from "../wire/error.ts";
import { Confirmation } from "./confirmation.ts";
import { InFlight } from "./in-flight.ts";
import { byteLength, type Entry, Outbox, type OutboxLimits } from "./outbox.ts";
import type { OutboxStore, StoredMessage } from "./outbox-store.ts";
import type { Outcome, Sending, Settled } from "./outcome.ts";
import type { Platform, Timer } from "./platform/platform.ts";
import type { Socket } from "./transport.ts";
import type { Watchdog } from "./watchdog.ts";

/** How one message is to be sent. */
export interface SendOptions {
  /** Default: the outbox's `maxAgeMs`; the shorter of both counts. */
  readonly expiresInMs?: number;
  /** Send it again where it is unknown whether it arrived: only for what may arrive twice. Default false: at most once. */
  readonly resend?: boolean;
  /** The protocol acknowledges it: it stays on its way until `acknowledge` is called with its id. Default false. */
  readonly awaitsAck?: boolean;
  /** Default: a new UUID. */
  readonly id?: string;
}

/** So many written messages may wait for their outcome, and `maxBytes` of them; more stay in the outbox. */
const maxInFlight = 1000;
/** A socket that holds more unsent bytes gets no more for now: they wait in the outbox, where they are bounded. */
const maxUnsentBytes = 256 * 1024;
/** A fuller socket is looked at again after so long. */
const retryMs = 20;
/** What a delivery is made of. */
export interface DeliveryParts {
  readonly platform: Platform;
  readonly limits: OutboxLimits;
  readonly store: OutboxStore | undefined;
  readonly settled: (settled: Settled) => void;
}

/** Order: what was accepted first is written first, over all sockets; only what is sent again comes a second time. */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #outbox: Outbox;
  /** Of all messages that have no outcome. */
  readonly #ids = new Set<string>();
  readonly #inFlight: InFlight;
  #link: { readonly socket: Socket; readonly confirmation: Confirmation } | undefined;
  /** While an earlier run's are loaded, nothing is written. */
  #loading: boolean;
  #stopped = false;
  #ended = false;
  /** `left`: the ids that are waited for. */
  readonly #awaitingIdle = new Set<{ readonly left: Set<string>; readonly tell: () => void }>();
  #awaitingRoom: (() => void)[] = [];
  #retry: Timer | undefined;
  #expiry: Timer | undefined;
  #expiryAt = Number.POSITIVE_INFINITY;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts.limits);
    this.#inFlight = new InFlight(maxInFlight, parts.limits.maxBytes);
    this.#loading = parts.store !== undefined;
  }

  /** Takes up what an earlier run has left, before everything newer. Rejects if the store cannot be read. */
  async load(): Promise<void> {
    const stored = (await this.#parts.store?.load()) ?? [];
    // Over before: they are the next run's.
    if (this.#ended) return;
    // One whose id was given to a newer one has been replaced by it.
    const entries = stored
      .filter(({ id }) => !this.#ids.has(id))
      .map((message) => entryOf(message, this.#parts.platform));
    for (const { id } of entries) {
      this.#ids.add(id);
      // What an earlier run has left was accepted before.
      for (const { left } of this.#awaitingIdle) left.add(id);
    }
    this.#loading = false;
    this.#outbox.putBack(entries.filter(({ written, resend }) => !written || resend));
    for (const entry of entries) if (entry.written && !entry.resend) this.#settle(entry, "unknown");
    this.#watchExpiry();
    this.#flush();
  }

  /** Messages that wait to be written. */
  get waiting(): number {
    return this.#outbox.size;
  }

  /** Accepts a message. Throws `outbox_full`, `connection_closed`, `conflict` or `bad_message`. */
  send(text: string, options: SendOptions = {}): Sending {
    const { platform, limits, store } = this.#parts;
    if (this.#ended)
      throw new SwitchboardError(
        "connection_closed",
        "the connection is over: connect anew before you send",
      );
    const { id = platform.newId() } = options;
    if (this.#ids.has(id)) {
      throw new SwitchboardError(
        "conflict",
        `a message with the id ${JSON.stringify(id)} has no outcome yet: give each an id of its own`,
      );
    }
    if (typeof text !== "string")
      throw new SwitchboardError(
        "bad_message",
        `a message is a text, not ${typeof text}: JSON.stringify it`,
      );
    const bytes = byteLength(text);
    const evicted = this.#outbox.makeRoomFor(bytes);
    const acceptedAt = platform.now();
    const lifeMs = Math.min(options.expiresInMs ?? Number.POSITIVE_INFINITY, limits.maxAgeMs);
    let resolve: (outcome: Outcome) => void = () => {};
    const outcome = new Promise<Outcome>((settle) => {
      resolve = settle;
    });
    const entry: Entry = {
      id,
      text,
      bytes,
      acceptedAt,
      expiresAt: lifeMs === Number.POSITIVE_INFINITY ? null : acceptedAt + lifeMs,
      dueAt: platform.monotonic() + lifeMs,
      resend: options.resend ?? false,
      awaitsAck: options.awaitsAck ?? false,
      storing: store !== undefined,
      noted: false,
      written: false,
      stored: Promise.resolve(),
      settle: resolve,
    };
    this.#ids.add(id);
    this.#outbox.push(entry);
    if (store !== undefined) entry.stored = this.#put(store, entry);
    if (entry.dueAt < this.#expiryAt) this.#watchExpiry(entry.dueAt);
    // Whom this tells may send, or end it all: the new one has its place before.
    for (const old of evicted) this.#settleWaiting(old, "evicted");
    this.#flush();
    return { id, stored: entry.stored, outcome };
  }

  /** The server has said that it has the message. False if it is not on its way. */
  acknowledge(id: string): boolean {
    return this.#answered(id, "acked");
  }

  /** The server has said that it will never take the message. False if it is not on its way. */
  refuse(id: string): boolean {
    return this.#answered(id, "evicted");
  }

  /** The connection is open and identified. */
  attach(socket: Socket, watchdog: Watchdog): void {
    const confirmation = new Confirmation(this.#parts.platform, socket, watchdog, (entries) =>
      this.#confirmed(entries),
    );
    this.#link = { socket, confirmation };
    this.#flush();
  }

  /** Nothing is written any more: the socket is being closed. */
  stopWriting(): void {
    this.#stopped = true;
  }

  /** The socket has gone. `readAll`: the server has read everything that was sent. */
  detach(readAll: boolean): void {
    if (this.#link === undefined) return;
    this.#link.confirmation.stop();
    this.#link = undefined;
    this.#retry?.cancel();
    const entries = this.#inFlight.takeAll();
    const isRead = (entry: Entry) => readAll && !entry.awaitsAck;
    this.#outbox.putBack(entries.filter((entry) => entry.resend && !isRead(entry)));
    this.#watchExpiry();
    for (const entry of entries)
      if (isRead(entry) || !entry.resend) this.#settle(entry, isRead(entry) ? "sent" : "unknown");
  }

  /** Resolves when everything accepted before this call has its outcome. */
  whenIdle(): Promise<void> {
    return new Promise((tell) => {
      this.#awaitingIdle.add({ left: new Set(this.#ids), tell });
      this.#tellIdle();
    });
  }

  /** Resolves when the outbox is at most half full, or over. */
  whenRoom(): Promise<void> {
    return this.#hasRoom
      ? Promise.resolve()
      : new Promise((resolve) => this.#awaitingRoom.push(resolve));
  }

  /** The connection is over: what has not been sent never will be by this one. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.detach(false);
    this.#expiry?.cancel();
    const { store } = this.#parts;
    const told: Promise<void>[] = [];
    for (let entry = this.#outbox.shift(); entry !== undefined; entry = this.#outbox.shift()) {
      if (store === undefined) this.#settleWaiting(entry, "evicted");
      else told.push(this.#keep(store, entry));
    }
    this.#tellWaiters();
    await Promise.all(told);
    // What cannot be closed: nothing is lost by it, and there is nobody who could mend it.
    await store?.close().catch(() => {});
  }

  get #hasRoom(): boolean {
    const { maxMessages, maxBytes } = this.#parts.limits;
    return this.#ended || (this.waiting <= maxMessages / 2 && this.#outbox.bytes <= maxBytes / 2);
  }

  #answered(id: string, outcome: Outcome): boolean {
    const entry = this.#inFlight.get(id) ?? this.#outbox.takeWritten(id);
    if (entry === undefined) return false;
    this.#inFlight.remove(entry);
    this.#settle(entry, outcome);
    this.#flush();
    return true;
  }

  #put(store: OutboxStore, entry: Entry): Promise<void> {
    const stored = store.put(storedForm(entry)).then(
      () => {
        entry.storing = false;
        this.#flush();
      },
      (error: unknown) => {
        // Not there: it has its outcome, or will have it from whoever took it out.
        if (this.#outbox.remove(entry)) this.#tell(entry, "evicted");
        this.#flush();
        throw error;
      },
    );
    // Who does not look at `stored` has `outcome`.
    stored.catch(() => {});
    return stored;
  }

  /** Leaves a message to the next run. */
  #keep(store: OutboxStore, entry: Entry): Promise<void> {
    // Noted for a socket that went before the message was on it.
    const stored = entry.noted && !entry.written ? store.put(storedForm(entry)) : entry.stored;
    return stored.then(
      () => this.#tell(entry, "kept"),
      () => this.#tell(entry, "evicted"),
    );
  }

  /** Writes what may be written. */
  #flush(): void {
    const { platform, store } = this.#parts;
    while (this.#link !== undefined && !this.#loading && !this.#stopped) {
      const { socket, confirmation } = this.#link;
      const entry = this.#outbox.first;
      if (entry === undefined || entry.storing || !this.#inFlight.takes(entry)) break;
      if (socket.unsentBytes > maxUnsentBytes) {
        this.#retry?.cancel();
        this.#retry = platform.after(retryMs, () => this.#flush());
        break;
      }
      if (isExpired(entry, platform)) {
        this.#outbox.shift();
        this.#settleWaiting(entry, "expired");
        continue;
      }
      if (store !== undefined && !entry.noted) {
        this.#markWritten(store, entry);
        if (entry.storing) break;
      }
      this.#outbox.shift();
      entry.written = true;
      this.#inFlight.add(entry);
      socket.send(entry.text);
      confirmation.wrote(entry);
    }
    this.#link?.confirmation.soon(this.#inFlight.isHalfFull);
    this.#tellWaiters();
  }

  /** A message for at most once must not be taken for unsent by the next run: it is written when that is noted. */
  #markWritten(store: OutboxStore, entry: Entry): void {
    // From now on: who keeps it has to take the note back.
    entry.noted = true;
    entry.storing = !entry.resend;
    const go = () => {
      entry.storing = false;
      this.#flush();
    };
    // If this cannot be noted, a crash in the next moments may send it twice: sending it is what was asked for.
    store.markWritten(entry.id).then(go, go);
  }

  #confirmed(entries: readonly Entry[]): void {
    // All at once: whom the first outcome tells may end the connection, and the others were read all the same.
    for (const entry of entries.filter((each) => this.#inFlight.remove(each)))
      this.#settle(entry, "sent");
    this.#flush();
  }

  #watchExpiry(at: number = this.#outbox.nextDueAt): void {
    this.#expiry?.cancel();
    this.#expiryAt = at;
    if (at === Number.POSITIVE_INFINITY || this.#ended) return;
    const { platform } = this.#parts;
    this.#expiry = platform.after(at - platform.monotonic(), () => {
      for (const entry of this.#outbox.take((each) => isExpired(each, platform)))
        this.#settleWaiting(entry, "expired");
      this.#watchExpiry();
      this.#tellWaiters();
    });
  }

  /** One that is not sent, or not again. */
  #settleWaiting(entry: Entry, outcome: "expired" | "evicted"): void {
    this.#settle(entry, entry.written ? "unknown" : outcome);
  }

  #settle(entry: Entry, outcome: Outcome): void {
    // What cannot be removed is settled again by the next run, as unknown or sent again: its outcome says so then.
    this.#parts.store?.remove(entry.id).catch(() => {});
    this.#tell(entry, outcome);
  }

  #tell(entry: Entry, outcome: Outcome): void {
    this.#ids.delete(entry.id);
    // A later message may have the same id.
    for (const { left } of this.#awaitingIdle) left.delete(entry.id);
    entry.settle(outcome);
    this.#parts.settled({ id: entry.id, text: entry.text, outcome });
    this.#tellWaiters();
  }

  #tellWaiters(): void {
    this.#tellIdle();
    if (this.#hasRoom) for (const tell of this.#awaitingRoom.splice(0)) tell();
  }

  #tellIdle(): void {
    for (const waiter of this.#awaitingIdle) {
      if (!this.#ended && (this.#loading || waiter.left.size > 0)) continue;
      this.#awaitingIdle.delete(waiter);
      waiter.tell();
    }
  }
}

function entryOf(message: StoredMessage, platform: Platform): Entry {
  const { text, written, expiresAt } = message;
  const dueAt =
    expiresAt === null
      ? Number.POSITIVE_INFINITY
      : platform.monotonic() + expiresAt - platform.now();
  return {
    ...message,
    bytes: byteLength(text),
    dueAt,
    storing: false,
    noted: written,
    stored: Promise.resolve(),
    settle: () => {},
  };
}

/** By either clock: the one is set back by hand, the other stands still while a computer sleeps. */
function isExpired({ expiresAt, dueAt }: Entry, platform: Platform): boolean {
  return dueAt <= platform.monotonic() || (expiresAt !== null && expiresAt <= platform.now());
}

function storedForm({
  id,
  text,
  acceptedAt,
  expiresAt,
  resend,
  awaitsAck,
  written,
}: Entry): StoredMessage {
  return { id, text, acceptedAt, expiresAt, resend, awaitsAck, written };
}
