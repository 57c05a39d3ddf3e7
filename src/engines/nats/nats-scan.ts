/** A bounded number of messages of one subject, oldest first: a pull consumer that lives as long as the call. */
import { createInbox, nanos } from "@nats-io/transport-node";
import type { NatsLink } from "./nats-link.ts";
import { consumerFrom, parseDelivery, type StreamMessage } from "./nats-tail.ts";

/** No message for so long means that there is none to come. */
const silenceMs = 2_000;
/** After which the server drops a consumer whose reader died. */
const inactiveMs = 10_000;

interface ScanOptions {
  readonly stream: string;
  readonly subject: string;
  readonly from: number;
  /** At most this many messages. */
  readonly count: number;
  /** Without their data. */
  readonly headersOnly?: boolean;
}

/**
 * Calls `take` with each message until it answers false, `count` have come, or nothing came for two seconds. Resolves with
 * false in that last case: what the caller waits for has been removed meanwhile, or lags behind on the replica it reads from.
 */
export async function scan(
  link: NatsLink,
  options: ScanOptions,
  take: (message: StreamMessage) => boolean,
): Promise<boolean> {
  const { stream, subject, from, count, headersOnly = false } = options;
  const doing = `reading ${subject}`;
  const consumer = await link.call(doing, () =>
    link.jsm.consumers.add(stream, {
      ...consumerFrom(from),
      filter_subject: subject,
      headers_only: headersOnly,
      inactive_threshold: nanos(inactiveMs),
    }),
  );
  const inbox = createInbox();
  let left = count;
  let silence: NodeJS.Timeout | undefined;
  let end: (complete: boolean) => void = () => {};
  const ended = new Promise<boolean>((resolve) => {
    end = resolve;
  });
  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(() => end(false), silenceMs);
  };
  const subscription = link.connection.subscribe(inbox, {
    callback: (error, message) => {
      const delivery = error === null ? parseDelivery(message) : undefined;
      if (delivery === undefined) return end(false);
      listen();
      left--;
      if (left < 0) return;
      if (!take(delivery.message) || left === 0) {
        left = 0;
        end(true);
      }
    },
  });
  try {
    listen();
    const next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer.name}`;
    link.connection.publish(next, JSON.stringify({ batch: count, expires: nanos(silenceMs) }), {
      reply: inbox,
    });
    return await link.call(doing, () => ended);
  } finally {
    clearTimeout(silence);
    subscription.unsubscribe();
    if (link.connected) void link.jsm.consumers.delete(stream, consumer.name).catch(() => {});
  }
}
