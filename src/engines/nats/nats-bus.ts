/** The bus: core NATS. */
import type { Bus, Subscription } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { checkBusPrefix, checkSubject } from "../subjects.ts";
import { textOf } from "./nats-event.ts";
import type { NatsLink } from "./nats-link.ts";

export class NatsBus implements Bus {
  readonly #link: NatsLink;
  /** What comes before a subject on the wire. */
  readonly #prefix: string;

  constructor(link: NatsLink, prefix: string) {
    this.#link = link;
    this.#prefix = `${prefix}.bus.`;
  }

  /** While there is no connection messages are dropped, and counted. Throws `too_large` over the server's `max_payload`. */
  publish(subject: string, data: string): void {
    this.#link.assertOpen();
    checkSubject(subject);
    const bytes = Buffer.from(data);
    const limit = this.#link.maxDataBytes(0);
    if (bytes.length > limit) {
      const message = `a message of ${bytes.length} bytes for ${subject} is over the limit of ${limit}; raise max_payload of nats-server`;
      throw new SwitchboardError("too_large", message, { bytes: bytes.length, limit });
    }
    if (!this.#link.connected) {
      this.#link.counters.dropped++;
      return;
    }
    this.#link.counters.published++;
    this.#link.connection.publish(`${this.#prefix}${subject}`, bytes);
  }

  async subscribe(
    prefix: string,
    listener: (data: string, subject: string) => void,
  ): Promise<Subscription> {
    this.#link.assertOpen();
    checkBusPrefix(prefix);
    await this.#link.ready(`subscribing to ${prefix}`);
    let stopped = false;
    const subscription = this.#link.connection.subscribe(
      `${this.#prefix}${prefix}${prefix.endsWith(".") ? ">" : ""}`,
      {
        callback: (error, message) => {
          if (error !== null || stopped) return;
          this.#link.counters.received++;
          this.#link.counters.guard("busListenerErrors", () =>
            listener(textOf(message.data), message.subject.slice(this.#prefix.length)),
          );
        },
      },
    );
    const stop = () => {
      stopped = true;
      subscription.unsubscribe();
    };
    try {
      await this.#link.flush(`subscribing to ${prefix}`);
    } catch (error) {
      stop();
      throw error;
    }
    return { stop };
  }
}
