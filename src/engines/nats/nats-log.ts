/** A log on a JetStream stream: what the engine's users call. */
import type {
  Appended,
  AppendOptions,
  Follower,
  Following,
  Log,
  LogOptions,
  NewEvent,
  ReadOptions,
  ReadResult,
} from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { checkSubject } from "../subjects.ts";
import { NatsAppends } from "./nats-appends.ts";
import { isMessageGone, unavailable } from "./nats-failure.ts";
import { NatsFollow } from "./nats-follow.ts";
import type { NatsLink } from "./nats-link.ts";
import { LogStream } from "./nats-log-stream.ts";
import { readSubject } from "./nats-read.ts";
import { scan } from "./nats-scan.ts";

/** Removals that may be under way at once. */
const removalsAtOnce = 256;
/** More than a stream can hold. */
const maxEventsOfSubject = 1_000_000_000_000;

/** How a node's logs are made. */
export interface NatsLogSettings {
  readonly prefix: string;
  readonly replicas: number;
  readonly heartbeatMs: number;
}

export class NatsLog implements Log {
  readonly name: string;
  readonly epoch: string;
  readonly #link: NatsLink;
  readonly #stream: LogStream;
  readonly #heartbeatMs: number;
  readonly #appends: NatsAppends;
  /** The present follow, or the last one. */
  #follow: NatsFollow | undefined;

  private constructor(name: string, stream: LogStream, heartbeatMs: number) {
    this.name = name;
    this.epoch = stream.epoch;
    this.#link = stream.link;
    this.#stream = stream;
    this.#heartbeatMs = heartbeatMs;
    this.#appends = new NatsAppends(stream.link, stream.prefix, (subject) => stream.last(subject));
  }

  static async open(
    link: NatsLink,
    name: string,
    options: LogOptions,
    settings: NatsLogSettings,
  ): Promise<NatsLog> {
    const stream = await LogStream.open(link, settings.prefix, name, settings.replicas, options);
    return new NatsLog(name, stream, settings.heartbeatMs);
  }

  get position(): number {
    return this.#follow?.position ?? 0;
  }

  /** Events that wait for their acknowledgement. */
  get underWay(): number {
    return this.#appends.underWay;
  }

  /** Why the follow stands still, if there is one and it does. */
  get trouble(): string | undefined {
    const trouble = this.#follow?.trouble;
    return trouble === undefined ? undefined : `log ${this.name} is not followed: ${trouble}`;
  }

  async append(
    subject: string,
    events: readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<readonly Appended[]> {
    this.#check(subject);
    return await this.#appends.append(subject, events, options.expect);
  }

  async read(subject: string, after: number, options: ReadOptions = {}): Promise<ReadResult> {
    this.#check(subject);
    this.#link.counters.reads++;
    return await readSubject(this.#stream, subject, after, options);
  }

  async last(subject: string): Promise<number> {
    this.#check(subject);
    return await this.#stream.last(subject);
  }

  async subjects(prefix: string): Promise<readonly string[]> {
    this.#link.assertOpen();
    return await this.#stream.subjects(prefix);
  }

  async follow(after: number, follower: Follower): Promise<Following> {
    this.#link.assertOpen();
    if (this.#follow !== undefined && this.#follow.end === undefined) {
      throw new SwitchboardError(
        "wrong_state",
        `log ${this.name} is followed already; stop that first`,
      );
    }
    const follow = NatsFollow.create(this.#stream, after, follower);
    this.#follow = follow;
    await follow.begin(this.#heartbeatMs);
    return follow;
  }

  async caughtUp(offset: number): Promise<void> {
    if (offset <= this.position) return;
    if (this.#follow === undefined)
      throw new SwitchboardError("log_closed", `log ${this.name} is not followed`);
    await this.#follow.caughtUp(offset);
  }

  async purge(subject: string): Promise<Appended> {
    this.#check(subject);
    const [marker] = await this.#appends.append(subject, [{ data: "", purge: true }]);
    if (marker === undefined) throw new Error("an append of one event gave no answer");
    await this.#remove(subject, marker.offset);
    return marker;
  }

  /** Ends the follow and stores what was appended. */
  async close(): Promise<void> {
    await this.#follow?.stop();
    await this.#appends.idle();
  }

  #check(subject: string): void {
    this.#link.assertOpen();
    checkSubject(subject);
  }

  /**
   * Removes the subject's events before `end`. One by one, as a filtered purge makes consumers of servers before 2.10.11 skip
   * events of other subjects (nats-server #3838, #5075). The newest first: whoever reads meanwhile, or after a crash, has
   * nothing missing between the events that it gets before it comes to the purge event.
   */
  async #remove(subject: string, end: number): Promise<void> {
    const { name, prefix } = this.#stream;
    const doomed: number[] = [];
    const options = {
      stream: name,
      subject: `${prefix}${subject}`,
      from: 1,
      count: maxEventsOfSubject,
      headersOnly: true,
    };
    const complete = await scan(this.#link, options, ({ seq }) => {
      if (seq < end) doomed.push(seq);
      return seq < end;
    });
    if (!complete && (await this.#stream.last(subject)) === end) {
      throw unavailable(
        `purging ${subject}`,
        "the purge event is stored, but what is before it could not be removed; purge again",
      );
    }
    doomed.reverse();
    for (let at = 0; at < doomed.length; at += removalsAtOnce) {
      await Promise.all(doomed.slice(at, at + removalsAtOnce).map((seq) => this.#removeOne(seq)));
    }
  }

  async #removeOne(seq: number): Promise<void> {
    try {
      await this.#link.call("purging", () =>
        this.#link.jsm.streams.deleteMessage(this.#stream.name, seq, false),
      );
    } catch (error) {
      if (!isMessageGone(error)) throw error;
    }
  }
}
