/** The appends of one log: in call order, pipelined, bounded. */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { Appended } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { isWrongSequence, unavailable } from "./nats-failure.ts";
import type { NatsLink } from "./nats-link.ts";
import { NatsWindow } from "./nats-window.ts";

/** On the one message that stands for everything that was purged. */
export const purgeHeader = "Switchboard-Purge";

/** Messages of one log that may wait for their acknowledgement. */
const underWay = { messages: 1_000, bytes: 16 * 1024 * 1024 } as const;
/** Text of one log that may wait for its turn; a single call may be larger. */
const maxWaitingBytes = 64 * 1024 * 1024;
/** What a waiting event counts beside its text. */
const eventOverheadBytes = 200;

/** An event to store: a new one, or the one that a purge leaves. */
interface EventToStore {
  readonly data: string;
  readonly id?: string;
  readonly purge?: true;
}

interface Prepared {
  readonly data: Uint8Array;
  readonly msgID: string | undefined;
  readonly headers: MsgHdrs | undefined;
}

/**
 * Calls to one subject are sent one after the other, in call order; those to others run beside them. Several events of one
 * call are sent without waiting, except conditional ones: each must know the place of the one before.
 */
export class NatsAppends {
  readonly #link: NatsLink;
  /** What comes before a subject's name in the stream. */
  readonly #prefix: string;
  readonly #last: (subject: string) => Promise<number>;
  readonly #window = new NatsWindow(underWay);
  /** By subject: resolves when the last call to it has been sent. Only of calls that could not be sent at once. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #calls = new Set<Promise<unknown>>();
  #waitingBytes = 0;

  constructor(link: NatsLink, prefix: string, last: (subject: string) => Promise<number>) {
    this.#link = link;
    this.#prefix = prefix;
    this.#last = last;
  }

  /** Events that wait for their acknowledgement. */
  get underWay(): number {
    return this.#window.messages;
  }

  async append(
    subject: string,
    events: readonly EventToStore[],
    expect?: number,
  ): Promise<readonly Appended[]> {
    const prepared = events.map((event) => this.#prepare(subject, event));
    const call = this.#append(subject, prepared, expect);
    this.#calls.add(call);
    try {
      return await call;
    } catch (error) {
      if (!isWrongSequence(error)) {
        this.#link.counters.failures++;
        throw error;
      }
      this.#link.counters.conflicts++;
      const last = await this.#last(subject);
      const message = `${subject} does not end where it was expected to: its last offset is ${last}; catch up to it and decide again`;
      throw new SwitchboardError("log_conflict", message, { last, subject });
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Resolves when no call is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#calls);
  }

  #prepare(subject: string, { data, id, purge }: EventToStore): Prepared {
    // In JSON no id can break the header's line, nor lose its outer spaces.
    const msgID = id === undefined ? undefined : JSON.stringify(id);
    const bytes = Buffer.from(data);
    const limit = this.#link.maxDataBytes(msgID === undefined ? 0 : Buffer.byteLength(msgID));
    if (bytes.length > limit) {
      const message = `an event of ${bytes.length} bytes for ${subject} is over the limit of ${limit}; raise max_payload of nats-server`;
      throw new SwitchboardError("too_large", message, { bytes: bytes.length, limit });
    }
    if (purge === undefined) return { data: bytes, msgID, headers: undefined };
    const marks = headers();
    marks.set(purgeHeader, "1");
    return { data: bytes, msgID, headers: marks };
  }

  async #append(
    subject: string,
    events: readonly Prepared[],
    expect: number | undefined,
  ): Promise<readonly Appended[]> {
    const before = this.#turns.get(subject);
    const chained = expect !== undefined && events.length > 1;
    const sent: Promise<Appended>[] = [];
    if (before === undefined && !chained && this.#link.connected) {
      for (const event of events) {
        if (!this.#window.tryEnter(event.data.length)) break;
        sent.push(this.#publish(subject, event, expect));
      }
      if (sent.length === events.length) return await Promise.all(sent);
    }
    await this.#inTurn(subject, events, async () => {
      await before;
      await this.#link.ready(`appending to ${subject}`);
      let expected = expect;
      for (const event of events.slice(sent.length)) {
        await this.#window.enter(event.data.length);
        const appended = this.#publish(subject, event, expected);
        sent.push(appended);
        if (expected !== undefined) expected = (await appended).offset;
      }
    });
    return await Promise.all(sent);
  }

  /** Lets later calls to the subject wait until `send` has sent everything. */
  async #inTurn(
    subject: string,
    events: readonly Prepared[],
    send: () => Promise<void>,
  ): Promise<void> {
    const bytes = events.reduce((sum, event) => sum + event.data.length + eventOverheadBytes, 0);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > maxWaitingBytes) {
      throw unavailable(
        "appending",
        `${this.#waitingBytes} bytes are waiting to be stored already`,
      );
    }
    this.#waitingBytes += bytes;
    const sending = send();
    const turn = sending.catch(() => {});
    this.#turns.set(subject, turn);
    try {
      await sending;
    } finally {
      this.#waitingBytes -= bytes;
      if (this.#turns.get(subject) === turn) this.#turns.delete(subject);
    }
  }

  /** Sends one event, which has entered the window. It is with the server's socket, in order, when this returns. */
  #publish(subject: string, event: Prepared, expect: number | undefined): Promise<Appended> {
    const options = {
      ...(event.msgID === undefined ? {} : { msgID: event.msgID }),
      ...(event.headers === undefined ? {} : { headers: event.headers }),
      ...(expect === undefined ? {} : { expect: { lastSubjectSequence: expect } }),
    };
    const publish = async () => {
      try {
        const ack = await this.#link.call(`appending to ${subject}`, () =>
          this.#link.js.publish(`${this.#prefix}${subject}`, event.data, options),
        );
        if (!ack.duplicate) this.#link.counters.appends++;
        return { offset: ack.seq, duplicate: ack.duplicate };
      } finally {
        this.#window.leave(event.data.length);
      }
    };
    const appended = publish();
    // It is awaited with the others of its call; until then its failure must not count as unhandled.
    appended.catch(() => {});
    return appended;
  }
}
