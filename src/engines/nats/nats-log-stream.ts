/** The stream that holds a log: its settings, and the questions that only its leader can answer. */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { nanos, type WithRequired } from "@nats-io/transport-node";
import { idWindowMs, type LogOptions } from "../../kit/engine.ts";
import type { NatsLink } from "./nats-link.ts";
import { assertSafeCopies, openStream, streamReady } from "./nats-stream.ts";

const wholeTokens = /^[\w=-]+(?:\.[\w=-]+)*$/;

/** What the server's statistics say about the offsets that are there. */
interface Extent {
  /** Everything before it is gone; one more than `last` if there is nothing. */
  readonly first: number;
  readonly last: number;
}

export class LogStream {
  readonly link: NatsLink;
  readonly name: string;
  /** What comes before an event's subject in the stream. */
  readonly prefix: string;
  /** When the stream was made: another one of the same name is another log. */
  readonly epoch: string;
  /** Whether it drops events by age or number, by us or by an operator. */
  readonly retains: boolean;

  private constructor(link: NatsLink, prefix: string, info: StreamInfo) {
    this.link = link;
    this.name = info.config.name;
    this.prefix = prefix;
    this.epoch = info.created;
    this.retains = info.config.max_age > 0 || info.config.max_msgs > 0 || info.config.max_bytes > 0;
  }

  /** Opens the stream; makes it if there is none. An existing one keeps its settings. */
  static async open(
    link: NatsLink,
    prefix: string,
    log: string,
    replicas: number,
    options: LogOptions,
  ): Promise<LogStream> {
    const name = `${prefix}_log_${log}`;
    const subjects = `${prefix}.log.${log}.`;
    const config: WithRequired<Partial<StreamConfig>, "name"> = {
      name,
      subjects: [`${subjects}>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      num_replicas: replicas,
      // The server wants it no longer than the age: what is gone is not remembered either.
      duplicate_window: nanos(Math.min(idWindowMs, options.maxAgeMs ?? idWindowMs)),
      ...(options.maxAgeMs === undefined ? {} : { max_age: nanos(options.maxAgeMs) }),
      ...(options.maxEvents === undefined ? {} : { max_msgs: options.maxEvents }),
    };
    const { config: found } = await openStream(link, config);
    assertSafeCopies(link, name, found.num_replicas);
    await streamReady(link, `${subjects}ready`);
    // Asked again: of a stream that another node is just making the server may answer before it has a date (nats-server 2.9).
    const info = await link.call(`opening stream ${name}`, () => link.jsm.streams.info(name));
    return new LogStream(link, subjects, info);
  }

  /** The subject's last offset; 0 if it has no event. */
  async last(subject: string): Promise<number> {
    const query = { last_by_subj: `${this.prefix}${subject}` };
    const message = await this.link.call(`reading ${subject}`, () =>
      this.link.jsm.streams.getMessage(this.name, query),
    );
    return message?.seq ?? 0;
  }

  async extent(): Promise<Extent> {
    const { state } = await this.link.call(`asking for stream ${this.name}`, () =>
      this.link.jsm.streams.info(this.name),
    );
    return {
      first: state.messages === 0 ? state.last_seq + 1 : state.first_seq,
      last: state.last_seq,
    };
  }

  async firstOffset(): Promise<number> {
    return (await this.extent()).first;
  }

  /** The first offset after `offset` that is there; undefined if there is none. */
  async next(offset: number): Promise<number | undefined> {
    const query = { seq: offset + 1, next_by_subj: `${this.prefix}>` };
    const message = await this.link.call(`reading stream ${this.name}`, () =>
      this.link.jsm.streams.getMessage(this.name, query),
    );
    return message?.seq;
  }

  /** The subjects that have events and start with `start`, sorted. */
  async subjects(start: string): Promise<readonly string[]> {
    // The server filters by whole tokens, if they can be a subject's at all; the rest is done here.
    const whole = start.slice(0, Math.max(0, start.lastIndexOf(".")));
    const tokens = wholeTokens.test(whole) ? `${whole}.` : "";
    const filter = { subjects_filter: `${this.prefix}${tokens}>` };
    const { state } = await this.link.call(`asking for stream ${this.name}`, () =>
      this.link.jsm.streams.info(this.name, filter),
    );
    const all = Object.keys(state.subjects ?? {}).map((subject) =>
      subject.slice(this.prefix.length),
    );
    return all.filter((subject) => subject.startsWith(start)).sort();
  }
}
