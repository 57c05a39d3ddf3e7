/** A stream's message as an event of a log. */
import type { LogEvent } from "../../kit/engine.ts";
import { purgeHeader } from "./nats-appends.ts";
import type { StreamMessage } from "./nats-tail.ts";

/** Keeps a byte order mark: text is handed on unchanged. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function textOf(data: Uint8Array): string {
  return decoder.decode(data);
}

function isPurge(message: StreamMessage): boolean {
  return message.headers?.has(purgeHeader) ?? false;
}

/** `prefixLength`: how much of the message's subject comes before the event's. */
export function eventOf(message: StreamMessage, prefixLength: number): LogEvent {
  const { seq, timeMs, subject, data } = message;
  return {
    offset: seq,
    subject: subject.slice(prefixLength),
    timeMs,
    data: textOf(data),
    purged: isPurge(message),
  };
}
