/** Publishing an experiment: its samples, its log and its end, each sample stored once whatever happens to connections and servers. */
import { platform } from "#platform";
import { isSwitchboardError, SwitchboardError } from "../../wire/error.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import { byteLength } from "../outbox.ts";
import type { Outcome, Sending } from "../outcome.ts";
import type { Timer } from "../platform/platform.ts";
import { pathPart, serviceUrl } from "../service-url.ts";
import { OwnPostsStore } from "./own-posts-store.ts";
import { postAddress, postId } from "./post-id.ts";
import { postText, postTransport, readPostAnswer } from "./post-transport.ts";
import { PendingPublication, type Publication } from "./publication.ts";
import { SampleBatch, samplesOf } from "./sample-batch.ts";

/** Options of `ExperimentPublisher`, over those of `connect`. */
export interface ExperimentPublisherOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  /** The experiment's id. */
  readonly experiment: string;
  /** Sent as `Authorization: Bearer TOKEN`. */
  readonly token?: NonNullable<ConnectOptions["token"]>;
  /**
   * The run that the samples are of: default a new one, for which iterations begin at 1. **Whoever goes on with a run of before says so with
   * `firstIteration`**: iterations that the server has of this run already are taken for a repetition, and passed over.
   */
  readonly runId?: string;
  /** Default: the run's id. */
  readonly batchId?: string;
  /** Chain → the number of the next iteration that will be published; default 1. */
  readonly firstIteration?: Readonly<Record<string, number>>;
  /** How long samples and log text may wait for more, so that they share a post; default 100 ms. */
  readonly gatherMs?: number;
  /** How long the server may take to answer one post before it is sent again; default 30 s. */
  readonly postTimeoutMs?: number;
}

/** The events of a publisher. */
export interface PublisherEvents {
  /** The server will never take a post: it is `evicted`, and what is behind it goes on. `body` is what was posted. */
  error: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly body: string;
  };
}

/** A post is sent once it is about as long. */
const fullPostBytes = 256 * 1024;
/** Of a post beside its samples or text. */
const envelopeBytes = 1024;
/** When the outbox is full it is looked at again after so long. */
const retryMs = 50;

/**
 * Publishes over HTTP, one post after the other. A post whose answer was lost is sent again: iterations are numbered, so that the server stores each
 * sample exactly once, in order. What waits is in the outbox (`connection`), by default in memory, without expiry and at most 1,000 posts of
 * 4 MiB together; beyond that `samples` and `log` throw `outbox_full`: wait for `whenRoom`. With a durable store it survives a crash, and
 * is delivered by the next publisher on that store before everything newer, under the run and iterations that it was published with. A store
 * in which posts for another address (server or experiment) wait is refused, and left as it is: the connection ends as `failed` with `conflict`,
 * whose message names both. Samples of the last `gatherMs` before a crash are not stored yet: `stored` says when.
 *
 * Log text cannot be told from a repetition, so it is posted at most once: what was under way when the connection was lost is `unknown`.
 * (A browser may itself repeat a request whose kept-alive connection broke.)
 *
 * ```ts
 * const publisher = new ExperimentPublisher("http://127.0.0.1:7400", { experiment: "E1" });
 * for (const draw of sampler) {
 *   await publisher.whenRoom();
 *   publisher.samples("chain_1", { mu: [draw.mu], tau: [draw.tau] });
 * }
 * await publisher.finish();
 * await publisher.close();
 * ```
 */
export class ExperimentPublisher {
  /** Its states and outcomes. It is open while the server answers; a server that has gone is noticed by the next post, or within half a minute. */
  readonly connection: Connection;
  /** Which run the samples are of. */
  readonly runId: string;
  readonly #options: ExperimentPublisherOptions;
  readonly #batchId: string;
  readonly #address: string;
  readonly #maxBytes: number;
  readonly #fullBytes: number;
  readonly #events = new Emitter<PublisherEvents>();
  readonly #next = new Map<string, number>();
  #samples: { readonly batch: SampleBatch; readonly publication: PendingPublication } | undefined;
  #log: { text: string; bytes: number; readonly publication: PendingPublication } | undefined;
  #timer: Timer | undefined;
  #isBlocked = false;
  #awaitingRoom: (() => void)[] = [];
  #notStored = 0;

  /** `url`: the server's base, or the object's own address. Throws `bad_url` only. */
  constructor(url: string | URL, options: ExperimentPublisherOptions) {
    const {
      experiment,
      runId = platform.newId(),
      batchId = runId,
      firstIteration = {},
      postTimeoutMs = 30_000,
      outbox,
    } = options;
    this.#options = options;
    this.runId = runId;
    this.#batchId = batchId;
    this.#maxBytes = outbox?.maxBytes ?? 4 << 20;
    this.#fullBytes = Math.min(fullPostBytes, this.#maxBytes / 2);
    for (const [chain, first] of Object.entries(firstIteration)) this.#next.set(chain, first);
    const address = serviceUrl(url, `/api/object/${pathPart(experiment)}`);
    this.#address = postAddress(address);
    const store =
      outbox?.store === undefined ? {} : { store: new OwnPostsStore(outbox.store, this.#address) };
    this.connection = connect(address, {
      ...options,
      outbox: { maxAgeMs: Number.POSITIVE_INFINITY, ...outbox, ...store },
      transport: postTransport(postTimeoutMs),
    });
    this.connection.on("message", (text) => this.#answer(text));
    this.connection.on("outcome", ({ outcome }) => this.#count(outcome));
    this.connection.on("state", ({ status }) => {
      if (status === "closed") this.#end();
    });
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof PublisherEvents>(
    name: Name,
    listener: (value: PublisherEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** The number that the next sample of a chain gets: what `firstIteration` should say to whoever goes on with this run. */
  nextIteration(chain: string): number {
    return this.#next.get(chain) ?? 1;
  }

  /** Posts, those of an earlier run included, that the server does not have, or may not have: refused, unknown, expired, evicted. */
  get notStored(): number {
    return this.#notStored;
  }

  /**
   * Publishes one or more iterations of a chain: of each variable one value for each iteration, numbers or any other JSON (NaN and infinities as the
   * strings of that name; a `RawJson` as it is spelled). They are numbered on from the chain's last. A variable may appear later than others, or be left out. Throws `bad_message`,
   * `too_large` (more at once than the outbox holds), `outbox_full` or `connection_closed`; what was not thrown for is published.
   */
  samples(chain: string, variables: Readonly<Record<string, ArrayLike<unknown>>>): Publication {
    this.#demandOpen();
    const samples = samplesOf(variables);
    this.#demandShort(samples.bytes + 2 * byteLength(chain));
    const { batch } = this.#samples ?? {};
    if (
      batch !== undefined &&
      (!batch.takes(chain, samples) || batch.bytes + samples.bytes > this.#fullBytes)
    )
      this.#demandFlushed();
    this.#samples ??= { batch: new SampleBatch(), publication: new PendingPublication() };
    const { publication } = this.#samples;
    const first = this.nextIteration(chain);
    this.#next.set(chain, first + samples.count);
    this.#samples.batch.add(chain, first, samples);
    this.#flushSoon(this.#samples.batch.bytes);
    return publication;
  }

  /** Publishes log text, as it is: a line has its line feed. Throws as `samples`. Order between log text and samples is not kept within `gatherMs`. */
  log(text: string): Publication {
    this.#demandOpen();
    const bytes = byteLength(JSON.stringify(text));
    this.#demandShort(bytes);
    if (this.#log !== undefined && this.#log.bytes + bytes > this.#fullBytes) this.#demandFlushed();
    this.#log ??= { text: "", bytes: 0, publication: new PendingPublication() };
    const { publication } = this.#log;
    this.#log.text += text;
    this.#log.bytes += bytes;
    this.#flushSoon(this.#log.bytes);
    return publication;
  }

  /** Says that the experiment has failed: `data` is any JSON. Resolves and rejects as `finish`. */
  async fail(data: unknown): Promise<void> {
    await this.#say({ action: "experiment:error", data });
  }

  /**
   * Says that the experiment has ended. Resolves when the server has this and has answered all before it; what it did not take is
   * counted in `notStored`. Rejects with `connection_closed` if this publisher ends before; with a durable store the next run says it then.
   */
  async finish(): Promise<void> {
    await this.#say({ action: "experiment:finish" });
  }

  /** Resolves when there is room for more, or the publisher is over. */
  async whenRoom(): Promise<void> {
    if (this.#isBlocked) await new Promise<void>((resolve) => this.#awaitingRoom.push(resolve));
    await this.connection.whenRoom();
  }

  /** Ends it, as `connection.close`: default without waiting for what is not sent yet, which a durable store keeps and memory does not. */
  async close({ flushMs = 0 }: { readonly flushMs?: number } = {}): Promise<void> {
    const endMs = platform.monotonic() + flushMs;
    // What was gathered may have to wait for room first.
    if (!this.#flush() && flushMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = platform.after(flushMs, resolve);
        void this.whenRoom().then(() => {
          timer.cancel();
          resolve();
        });
      });
    }
    await this.connection.close({ flushMs: Math.max(0, endMs - platform.monotonic()) });
  }

  async #say(message: object): Promise<void> {
    this.#demandOpen();
    const body = this.#words(message);
    this.#demandShort(byteLength(body));
    const outcome = await (await this.#sendBehindAll(body)).outcome;
    if (outcome === "acked") return;
    throw new SwitchboardError(
      "connection_closed",
      `the server has not said that it has it: ${outcome}`,
      { outcome },
    );
  }

  /** Waits for room. */
  async #sendBehindAll(body: string): Promise<Sending> {
    for (;;) {
      try {
        if (this.#flush()) return this.#send(body, true);
      } catch (error) {
        if (!isSwitchboardError(error, "outbox_full")) throw error;
      }
      await this.whenRoom();
    }
  }

  #send(body: string, resend: boolean): Sending {
    const id = postId(platform.newId(), this.#address);
    return this.connection.send(postText(id, body), { id, resend, awaitsAck: true });
  }

  #words(message: object): string {
    const datas = [
      { group: `object_${this.#options.experiment}`, type: "object_broadcast", message },
    ];
    return JSON.stringify({ payload: { object_type: "experiment.text_message", datas } });
  }

  #flushSoon(bytes: number): void {
    if (bytes >= this.#fullBytes) this.#flush();
    else this.#timer ??= platform.after(this.#options.gatherMs ?? 100, () => this.#flush());
  }

  /** Puts what was gathered into the outbox; false if there is no room, which it then waits for. */
  #flush(): boolean {
    this.#timer?.cancel();
    this.#timer = undefined;
    try {
      if (this.#samples !== undefined) {
        const { batch, publication } = this.#samples;
        publication.handOver(this.#send(batch.body(this.#batchId, this.runId), true));
        this.#samples = undefined;
      }
      if (this.#log !== undefined) {
        const { text, publication } = this.#log;
        publication.handOver(
          this.#send(this.#words({ action: "experiment:output", data: text }), false),
        );
        this.#log = undefined;
      }
      this.#isBlocked = false;
    } catch (error) {
      this.#isBlocked = isSwitchboardError(error, "outbox_full");
      // Else it is over, which has dropped them.
      if (this.#isBlocked) this.#timer = platform.after(retryMs, () => this.#flush());
    }
    if (!this.#isBlocked) for (const resolve of this.#awaitingRoom.splice(0)) resolve();
    return !this.#isBlocked;
  }

  #demandFlushed(): void {
    if (this.#flush()) return;
    throw new SwitchboardError(
      "outbox_full",
      `${this.connection.waiting} posts wait to be sent: wait for whenRoom()`,
    );
  }

  #demandOpen(): void {
    if (this.connection.state.status !== "closed") return;
    throw new SwitchboardError("connection_closed", "the publisher is over: make a new one");
  }

  #demandShort(bytes: number): void {
    if (bytes + envelopeBytes <= this.#maxBytes) return;
    throw new SwitchboardError(
      "too_large",
      `${bytes} bytes at once are more than the outbox holds (${this.#maxBytes}): publish less at a time, or raise outbox.maxBytes`,
    );
  }

  #answer(text: string): void {
    const answer = readPostAnswer(text);
    if (answer === undefined) return;
    const { id, ok, status, code, message } = answer;
    if (ok) this.connection.acknowledge(id);
    else this.#refused(id, { status, code, message });
  }

  #refused(
    id: string,
    answer: { readonly status: number; readonly code: string; readonly message: string },
  ): void {
    const off = this.connection.on("outcome", (settled) => {
      if (settled.id !== id) return;
      off();
      this.#events.emit("error", { ...answer, body: settled.text.slice(id.length + 1) });
    });
    this.connection.refuse(id);
    off();
  }

  #count(outcome: Outcome): void {
    if (outcome !== "acked" && outcome !== "kept") this.#notStored++;
  }

  #end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const waiting of [this.#samples, this.#log]) {
      if (waiting === undefined) continue;
      waiting.publication.drop();
      this.#notStored++;
    }
    this.#samples = undefined;
    this.#log = undefined;
    this.#isBlocked = false;
    for (const resolve of this.#awaitingRoom.splice(0)) resolve();
  }
}
