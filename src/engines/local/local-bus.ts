/** The bus of engines that live in one process: `embedded` (one node) and `memory` (one or several on a store). */
import type { Bus, Subscription } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { checkBusPrefix, checkSubject } from "../subjects.ts";
import { CallQueue } from "./call-queue.ts";

/** Deliveries that may wait for the end of one turn; what is published beyond is dropped and counted. */
const maxWaitingDeliveries = 100_000;

interface Subscriber {
  readonly prefix: string;
  readonly listener: (data: string, subject: string) => void;
  stopped: boolean;
}

/** What the nodes of one process share. */
export class LocalBus {
  readonly #subscribers = new Set<Subscriber>();
  readonly #queue = new CallQueue(maxWaitingDeliveries);
  #published = 0;

  /** Delivers in the next turn, to whoever is subscribed now. */
  send(subject: string, data: string): void {
    this.#published++;
    for (const subscriber of this.#subscribers) {
      const { prefix } = subscriber;
      if (prefix.endsWith(".") ? !subject.startsWith(prefix) : subject !== prefix) continue;
      this.#queue.add(() => {
        if (!subscriber.stopped) subscriber.listener(data, subject);
      });
    }
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    subscriber.stopped = true;
    this.#subscribers.delete(subscriber);
  }

  stats(): Record<string, number> {
    return {
      bus_published_total: this.#published,
      bus_dropped_total: this.#queue.dropped,
      bus_listener_errors_total: this.#queue.failed,
      bus_subscriptions: this.#subscribers.size,
    };
  }
}

/** One node's side. A listener that throws is counted (`bus_listener_errors_total`) and stays subscribed. */
export class LocalBusNode implements Bus {
  readonly #bus: LocalBus;
  readonly #mine = new Set<Subscriber>();
  #closed = false;

  constructor(bus: LocalBus) {
    this.#bus = bus;
  }

  publish(subject: string, data: string): void {
    this.#checkOpen();
    checkSubject(subject);
    this.#bus.send(subject, data);
  }

  async subscribe(
    prefix: string,
    listener: (data: string, subject: string) => void,
  ): Promise<Subscription> {
    this.#checkOpen();
    checkBusPrefix(prefix);
    const subscriber: Subscriber = { prefix, listener, stopped: false };
    this.#bus.add(subscriber);
    this.#mine.add(subscriber);
    return {
      stop: () => {
        this.#bus.remove(subscriber);
        this.#mine.delete(subscriber);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const subscriber of this.#mine) this.#bus.remove(subscriber);
    this.#mine.clear();
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new SwitchboardError(
        "log_closed",
        "the engine is closed: nothing can be published or subscribed to",
      );
  }
}
