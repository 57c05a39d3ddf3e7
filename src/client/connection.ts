/** A connection that comes back: it opens, identifies itself, notices when it is lost, and waits before it tries again. */
import { type ComeBack, closeCodes, comeBack } from "../wire/close-codes.ts";
import { isSwitchboardError, SwitchboardError } from "../wire/error.ts";
import { errors } from "../wire/errors.ts";
import { Attempt } from "./attempt.ts";
import { Backoff } from "./backoff.ts";
import { Delivery, type SendOptions } from "./delivery.ts";
import { Emitter } from "./emitter.ts";
import type { ConnectOptions } from "./options.ts";
import type { OutboxLimits } from "./outbox.ts";
import type { Sending, Settled } from "./outcome.ts";
import type { Platform, Signal, Timer } from "./platform/platform.ts";
import type { ConnectionState, Ending, Loss } from "./state.ts";
import { StateStream } from "./state-stream.ts";

/** What a connection tells. */
export interface ConnectionEvents {
  /** All listeners are told all states in the same order, `closed` last, also where one of them ends the connection. */
  state: ConnectionState;
  /** A text frame, in order. Those that answer the identification come too. */
  message: string;
  /** A message has its outcome. */
  outcome: Settled;
}

/** How long the server may take to answer our close frame. */
const closeWithinMs = 2000;
/** A connection that was open for less has proved nothing: the server may accept everybody and close at once. */
export const provenAfterMs = 2000;
/** When the network is back, all who lost it come within this. */
const onlineSpreadMs = 1000;

/** Made by `connect`. All its methods may be called in every state. */
export class Connection {
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #platform: Platform;
  readonly #events = new Emitter<ConnectionEvents>();
  readonly #streams = new Set<StateStream>();
  readonly #backoff: Backoff;
  readonly #delivery: Delivery;
  readonly #unwatch: () => void;
  #state: ConnectionState = { status: "connecting", attempt: 1 };
  /** States that listeners are not told yet, while they are told one. */
  readonly #untold: ConnectionState[] = [];
  #isTelling = false;
  #attempt: Attempt | undefined;
  #number = 0;
  #loss: Loss | undefined;
  #refused: { readonly token: string | undefined } | undefined;
  #retry: { readonly timer: Timer; readonly atMs: number } | undefined;
  #deadline: Timer | undefined;
  /** When it is over if it has not been open; see `provenAfterMs`. */
  #deadlineAtMs = 0;
  /** When it was opened last; undefined if it never was. */
  #openedAtMs: number | undefined;
  #closing: Promise<void> | undefined;
  #isOver = false;
  /** Resolves when everything is released. */
  readonly #released: Promise<void>;
  #release: () => void = () => {};

  constructor(url: string, options: ConnectOptions, platform: Platform) {
    this.#url = url;
    this.#options = options;
    this.#platform = platform;
    this.#backoff = new Backoff(options.maxDelayMs ?? 30_000, () => platform.random());
    this.#delivery = new Delivery({
      platform,
      limits: outboxLimits(options.outbox),
      store: options.outbox?.store,
      settled: (settled) => this.#events.emit("outcome", settled),
    });
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
    this.#unwatch = platform.watchSignals((signal) => this.#signal(signal));
    this.#startDeadline();
    // Not here: who connects adds listeners first.
    queueMicrotask(() => this.#begin());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Messages that are accepted and not yet written. */
  get waiting(): number {
    return this.#delivery.waiting;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof ConnectionEvents>(
    name: Name,
    listener: (value: ConnectionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** The present state, then every later one; ends behind `closed`. A reader more than 100 states behind misses the oldest. */
  states(): AsyncIterableIterator<ConnectionState> {
    const stream = new StateStream((left) => this.#streams.delete(left));
    this.#streams.add(stream);
    stream.push(this.#state);
    return stream;
  }

  /** Resolves when it is open; rejects with `connection_closed` when it is over. */
  whenOpen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (state: ConnectionState): boolean => {
        if (state.status === "open") resolve();
        else if (state.status === "closed") reject(endingError(this.#url, state.ending));
        else return false;
        return true;
      };
      if (look(this.#state)) return;
      const off = this.on("state", (state) => {
        if (look(state)) off();
      });
    });
  }

  /** Resolves with the reason when it is over for good. */
  whenClosed(): Promise<Ending> {
    return new Promise((resolve) => {
      if (this.#state.status === "closed") resolve(this.#state.ending);
      else {
        const off = this.on("state", (state) => {
          if (state.status !== "closed") return;
          off();
          resolve(state.ending);
        });
      }
    });
  }

  /**
   * Accepts a message: it is written when the connection is open, behind all accepted before, each at most once unless `resend` is set.
   * Throws `outbox_full` (see `whenRoom`), `connection_closed`, `conflict` for an `id` that a message without outcome has, or `bad_message` for what is no
   * text; what it has not thrown for has an outcome.
   */
  send(text: string, options?: SendOptions): Sending {
    return this.#delivery.send(text, options);
  }

  /**
   * For protocols with acknowledgements: the server has said that it has this message. False if it is not on its way. One that waits to be sent
   * again is on its way: acknowledged, it is not sent again.
   */
  acknowledge(id: string): boolean {
    return this.#delivery.acknowledge(id);
  }

  /** For protocols with acknowledgements: the server has said that it will never take this message, which is `evicted`. False if it is not on its way. */
  refuse(id: string): boolean {
    return this.#delivery.refuse(id);
  }

  /** Resolves when the outbox is at most half full: for senders that would rather wait than be refused. */
  whenRoom(): Promise<void> {
    return this.#delivery.whenRoom();
  }

  /** Resolves when everything accepted before this call, an earlier run's messages included, has its outcome; or when it is over. */
  whenIdle(): Promise<void> {
    return this.#delivery.whenIdle();
  }

  /**
   * Ends it. Waits up to `flushMs` (default 0) for the outcomes of what was accepted before this call, then closes properly. What was not
   * written then is `evicted`, or `kept` where there is a durable store. Until all is over `send` still accepts, as what is waited for may
   * need it (an answer, an identification after a loss); such messages have outcomes as all do, and the close does not wait for them.
   * Resolves when all is over; a second call gives the first one's promise.
   */
  close({ flushMs = 0 }: { readonly flushMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#leave(flushMs);
    return this.#closing;
  }

  /** Ends it at once and without a word to the server, as a crash would. */
  destroy(): void {
    void this.#end({ kind: "closed" });
  }

  async #leave(flushMs: number): Promise<void> {
    if (flushMs > 0 && this.#state.status !== "closed") {
      await this.#within(flushMs, [this.#delivery.whenIdle(), this.whenClosed()]);
    }
    if (this.#state.status === "open" && this.#attempt !== undefined) {
      const { ended } = this.#attempt;
      // What comes behind the close frame would be lost.
      this.#delivery.stopWriting();
      this.#attempt.close(1000, "");
      await this.#within(closeWithinMs, [ended]);
    }
    await this.#end({ kind: "closed" });
  }

  #within(ms: number, events: readonly Promise<unknown>[]): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#platform.after(ms, resolve);
      void Promise.race(events).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #begin(): void {
    if (this.#isOver) return;
    // While an earlier run's messages are loaded the connection opens.
    this.#delivery.load().catch((error: unknown) => this.#fail(error));
    this.#connect();
  }

  #connect(): void {
    if (this.#state.status === "closed") return;
    this.#retry = undefined;
    this.#number++;
    this.#set({ status: "connecting", attempt: this.#number });
    // A listener may have closed it.
    if ((this.#state as ConnectionState).status === "closed") return;
    const attempt = new Attempt({
      url: this.#url,
      options: this.#options,
      platform: this.#platform,
      refused: this.#refused,
      message: (text) => this.#events.emit("message", text),
      opened: () => this.#opened(attempt),
      lost: (loss, clean) => this.#lost(attempt, loss, clean),
      failed: (error) => this.#attemptFailed(attempt, error),
    });
    this.#attempt = attempt;
    attempt.start();
  }

  #opened(attempt: Attempt): void {
    if (attempt !== this.#attempt) return;
    this.#openedAtMs = this.#platform.monotonic();
    this.#backoff.reset();
    this.#number = 0;
    this.#refused = undefined;
    this.#deadline?.cancel();
    this.#set({ status: "open" });
    // A listener may have ended it; what it sends comes behind what waited.
    if (attempt === this.#attempt && attempt.link !== undefined)
      this.#delivery.attach(attempt.link.socket, attempt.link.watchdog);
  }

  #lost(attempt: Attempt, loss: Loss, clean: boolean): void {
    if (attempt !== this.#attempt) return;
    this.#attempt = undefined;
    this.#loss = loss;
    // A close frame that answers ours has its code, or none, and no reason; another one has crossed it.
    this.#delivery.detach(
      clean &&
        attempt.isClosing &&
        loss.reason === "" &&
        (loss.code === 1000 || loss.code === 1005),
    );
    // A listener may have closed it.
    if (attempt.isClosing || this.#isOver) return;
    // An address that was right is not wrong now: such an answer to the upgrade is a load balancer's, while the server is being replaced.
    const isPassing =
      loss.code === closeCodes.badMessage.code &&
      attempt.link === undefined &&
      this.#openedAtMs !== undefined;
    const verdict = isPassing ? "yes" : comeBack(loss.code);
    if (verdict === "no") void this.#end({ kind: "refused", loss });
    else if (verdict === "new-token" && typeof this.#options.token !== "function")
      void this.#end({ kind: "refused", loss });
    else {
      if (verdict === "new-token") this.#refused = { token: attempt.token };
      if (this.#state.status === "open") this.#wasOpen();
      this.#wait(loss, verdict);
    }
  }

  /** The deadline begins anew, or goes on where a server has accepted only to close at once. */
  #wasOpen(): void {
    const openMs = this.#platform.monotonic() - (this.#openedAtMs ?? 0);
    if (openMs < provenAfterMs) this.#watchDeadline();
    else this.#startDeadline();
  }

  #attemptFailed(attempt: Attempt, error: SwitchboardError): void {
    if (attempt !== this.#attempt) return;
    this.#attempt = undefined;
    this.#loss = { code: 1006, reason: error.message };
    if (errors[error.code].retry) this.#wait(this.#loss, "yes");
    else
      void this.#end({
        kind: error.code === "unauthenticated" ? "refused" : "failed",
        error,
        loss: this.#loss,
      });
  }

  #wait(loss: Loss, verdict: Exclude<ComeBack, "no">): void {
    const delayMs = this.#backoff.next(verdict);
    this.#retryIn(delayMs);
    this.#set({ status: "waiting", attempt: this.#number + 1, delayMs, loss });
  }

  #retryIn(ms: number): void {
    this.#retry?.timer.cancel();
    this.#retry = {
      timer: this.#platform.after(ms, () => this.#connect()),
      atMs: this.#platform.monotonic() + ms,
    };
  }

  /** They shorten a wait, unless the server has asked for it. */
  #signal(signal: Signal): void {
    const { status } = this.#state;
    if (status === "open") this.#attempt?.link?.watchdog.probe();
    if (this.#state.status !== "waiting" || this.#retry === undefined || signal === "offline")
      return;
    if (comeBack(this.#state.loss.code) === "later") return;
    const leftMs = this.#retry.atMs - this.#platform.monotonic();
    this.#retryIn(
      Math.min(leftMs, signal === "online" ? this.#platform.random() * onlineSpreadMs : 0),
    );
  }

  #startDeadline(): void {
    this.#deadlineAtMs =
      this.#platform.monotonic() + (this.#options.deadlineMs ?? Number.POSITIVE_INFINITY);
    this.#watchDeadline();
  }

  #watchDeadline(): void {
    this.#deadline?.cancel();
    if (this.#deadlineAtMs === Number.POSITIVE_INFINITY) return;
    this.#deadline = this.#platform.after(this.#deadlineAtMs - this.#platform.monotonic(), () => {
      void this.#end({
        kind: "deadline",
        ...(this.#loss === undefined ? {} : { loss: this.#loss }),
      });
    });
  }

  #fail(error: unknown): void {
    void this.#end({
      kind: "failed",
      error: isSwitchboardError(error)
        ? error
        : new SwitchboardError("internal", String(error), {}, { cause: error }),
    });
  }

  #end(ending: Ending): Promise<void> {
    if (this.#isOver) return this.#released;
    this.#isOver = true;
    this.#retry?.timer.cancel();
    this.#deadline?.cancel();
    this.#unwatch();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.destroy();
    void this.#delivery.end().then(this.#release);
    this.#set({ status: "closed", ending });
    return this.#released;
  }

  #set(state: ConnectionState): void {
    const before = this.#state;
    if (
      before.status === "closed" ||
      (before.status === "connecting" && state.status === "connecting")
    )
      return;
    this.#state = state;
    for (const stream of [...this.#streams]) stream.push(state);
    this.#untold.push(state);
    // A listener has made it: first the others are told what this one was.
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift())
      this.#events.emit("state", next);
    this.#isTelling = false;
  }
}

/** With the defaults for what is not given, or given as undefined. */
function outboxLimits({
  maxMessages,
  maxBytes,
  maxAgeMs,
  whenFull,
}: Partial<OutboxLimits> = {}): OutboxLimits {
  return {
    maxMessages: maxMessages ?? 1000,
    maxBytes: maxBytes ?? 4 << 20,
    maxAgeMs: maxAgeMs ?? 600_000,
    whenFull: whenFull ?? "refuse",
  };
}

/** What `whenOpen` rejects with. */
function endingError(url: string, ending: Ending): SwitchboardError {
  const { kind, loss, error } = ending;
  const last =
    loss === undefined || loss.reason === error?.message
      ? ""
      : ` (last: ${loss.code}${loss.reason === "" ? "" : ` ${loss.reason}`})`;
  const why = {
    closed: "it was closed",
    refused:
      "the server does not want it back as it is: look at the reason, mend it and connect anew",
    deadline: "it could not be opened in time: is the server there?",
    failed: error?.message ?? "the opening failed",
  }[kind];
  return new SwitchboardError("connection_closed", `${url}: ${why}${last}`, { ending });
}
