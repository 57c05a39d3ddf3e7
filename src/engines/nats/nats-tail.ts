/** Everything in a stream from a sequence on, in order, live: an ephemeral push consumer that is made anew when it fails. */
import { AckPolicy, type ConsumerConfig, DeliverPolicy, ReplayPolicy } from "@nats-io/jetstream";
import {
  createInbox,
  type Msg,
  type MsgHdrs,
  nanos,
  type Subscription,
} from "@nats-io/transport-node";
import { messageOf } from "../../wire/error.ts";
import type { NatsLink } from "./nats-link.ts";

/** How often an idle consumer says that it is alive. */
export const defaultHeartbeatMs = 1_000;
/** Heartbeats that may be missed before a consumer counts as gone. */
const heartbeatsMissed = 2.5;
/** Pauses between attempts to make a consumer anew: doubled from the first to the last. */
const firstPauseMs = 50;
const longestPauseMs = 2_000;

export interface StreamMessage {
  readonly seq: number;
  readonly timeMs: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

interface TailOptions {
  readonly stream: string;
  readonly heartbeatMs: number;
  /** The sequence to begin with; asked at the start and at every restart, when nothing of the former consumer comes any more. */
  from(): Promise<number>;
  /** Each message once, in order. Must not throw. */
  message(message: StreamMessage): void;
  /** The server had nothing to send for `heartbeatMs`. Must not throw. */
  idle?(): void;
}

/**
 * Lost messages show as a hole in the consumer's own numbering, a lost consumer as silence; both lead to a new consumer that
 * begins at `from()`. Nothing of an abandoned consumer is handed on.
 */
export class Tail {
  readonly #link: NatsLink;
  readonly #options: TailOptions;
  readonly #watchdog: NodeJS.Timeout;
  readonly #reconnects: { stop(): void };
  #subscription: Subscription | undefined;
  #consumer: string | undefined;
  /** Of the consumer's own numbering. */
  #delivered = 0;
  #heardMs = 0;
  #starts = 0;
  #restarting = false;
  #stopped = false;
  #trouble: string | undefined;

  private constructor(link: NatsLink, options: TailOptions) {
    this.#link = link;
    this.#options = options;
    this.#reconnects = link.onReconnect(() => this.restart("the connection was broken"));
    this.#watchdog = setInterval(() => this.#checkSilence(), options.heartbeatMs / 2);
  }

  /** Resolves when the consumer exists; rejects if it cannot be made now. */
  static async open(link: NatsLink, options: TailOptions): Promise<Tail> {
    const tail = new Tail(link, options);
    try {
      await tail.#start();
    } catch (error) {
      tail.stop();
      throw error;
    }
    return tail;
  }

  /** Why nothing comes at present; undefined while it runs. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Abandons the consumer and makes a new one, again and again until it succeeds or is stopped. */
  restart(reason: string): void {
    if (this.#stopped || this.#restarting) return;
    this.#restarting = true;
    this.#trouble = reason;
    this.#link.counters.restarts++;
    void this.#retry();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watchdog);
    this.#reconnects.stop();
    this.#abandon();
  }

  async #retry(): Promise<void> {
    for (
      let pauseMs = firstPauseMs;
      !this.#stopped;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    ) {
      try {
        await this.#start();
        break;
      } catch (error) {
        this.#trouble = messageOf(error);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    this.#restarting = false;
  }

  async #start(): Promise<void> {
    this.#abandon();
    const start = this.#starts;
    const { stream, heartbeatMs } = this.#options;
    const from = await this.#options.from();
    if (start !== this.#starts) return;
    const inbox = createInbox();
    this.#delivered = 0;
    this.#heardMs = this.#link.monotonicMs();
    const subscription = this.#link.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (start === this.#starts) this.#receive(error, message);
      },
    });
    this.#subscription = subscription;
    const config: Partial<ConsumerConfig> = {
      ...consumerFrom(from),
      deliver_subject: inbox,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
    };
    const { name } = await this.#link.call(`reading stream ${stream}`, () =>
      this.#link.jsm.consumers.add(stream, config),
    );
    if (start !== this.#starts) {
      this.#remove(name);
      return;
    }
    this.#consumer = name;
    this.#heardMs = this.#link.monotonicMs();
    this.#trouble = undefined;
  }

  /** The server would drop a consumer that nobody listens to by itself, within seconds; this is sooner. */
  #abandon(): void {
    this.#starts++;
    this.#subscription?.unsubscribe();
    if (this.#consumer !== undefined) this.#remove(this.#consumer);
    this.#subscription = undefined;
    this.#consumer = undefined;
  }

  #remove(consumer: string): void {
    if (this.#link.connected)
      void this.#link.jsm.consumers.delete(this.#options.stream, consumer).catch(() => {});
  }

  #checkSilence(): void {
    if (this.#consumer === undefined || !this.#link.connected) return;
    const silentMs = this.#link.monotonicMs() - this.#heardMs;
    if (silentMs > heartbeatsMissed * this.#options.heartbeatMs)
      this.restart(`the consumer was silent for ${Math.round(silentMs)} ms`);
  }

  #receive(error: Error | null, message: Msg): void {
    this.#heardMs = this.#link.monotonicMs();
    const delivery = error === null ? parseDelivery(message) : undefined;
    if (error !== null) {
      this.restart(error.message);
    } else if (delivery === undefined) {
      this.#status(message);
    } else if (delivery.nth !== this.#delivered + 1) {
      this.restart("messages were lost on the way");
    } else {
      this.#delivered = delivery.nth;
      this.#options.message(delivery.message);
    }
  }

  /** Flow control wants an answer, when all before it has been taken; a heartbeat tells how much was sent. */
  #status(message: Msg): void {
    const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
    if (message.reply) message.respond();
    else if (stalled !== "") this.#link.connection.publish(stalled);
    else if (message.headers?.code !== 100)
      this.restart(`the consumer has ended: ${message.headers?.status}`);
    else if (Number(message.headers.get("Nats-Last-Consumer")) !== this.#delivered)
      this.restart("messages were lost on the way");
    else this.#options.idle?.();
  }
}

/** What all our consumers have in common: ephemeral, in memory, nothing to acknowledge. */
export function consumerFrom(seq: number): Partial<ConsumerConfig> {
  return {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: seq,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    mem_storage: true,
    num_replicas: 1,
  };
}

/** A stream's message and its number at the consumer; undefined if it is none but a status. */
export function parseDelivery(
  message: Msg,
): { readonly nth: number; readonly message: StreamMessage } | undefined {
  // $JS.ACK.stream.consumer.deliveries.seq.nth.nanoseconds.pending, or with domain and account before the stream (and more behind).
  const tokens = message.reply?.startsWith("$JS.ACK.") ? message.reply.split(".") : [];
  const at = tokens.length === 9 ? 5 : 7;
  const [seq, nth, timeNs] = [Number(tokens[at]), Number(tokens[at + 1]), Number(tokens[at + 2])];
  if (!(seq > 0)) return undefined;
  const { subject, data, headers } = message;
  return { nth, message: { seq, timeMs: Math.floor(timeNs / 1e6), subject, data, headers } };
}
