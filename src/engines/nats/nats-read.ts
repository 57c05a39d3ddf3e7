/** Reading one subject of a log, and the honest gap. */
import type { Gap, LogEvent, ReadOptions, ReadResult } from "../../kit/engine.ts";
import { eventOf } from "./nats-event.ts";
import { unavailable } from "./nats-failure.ts";
import type { LogStream } from "./nats-log-stream.ts";
import { scan } from "./nats-scan.ts";

const defaultLimit = 1_000;
/** A subject whose end is removed while it is read is looked at again, at most so often. */
const attempts = 3;

/**
 * The order of the steps is what makes the gap honest: events are fetched first, what the log has dropped is asked for after,
 * so whatever was dropped meanwhile is known. A purge event stands for everything before it, removed already or not.
 */
export async function readSubject(
  stream: LogStream,
  subject: string,
  after: number,
  options: ReadOptions,
): Promise<ReadResult> {
  const { limit = defaultLimit, upTo = Number.MAX_SAFE_INTEGER } = options;
  const foreign = options.epoch !== undefined && options.epoch !== stream.epoch;
  const start = foreign ? 0 : after;
  if (upTo <= start && !foreign) return { events: [], more: false };
  const { fetched, last } = await fetchEvents(stream, subject, start, upTo, limit);
  const firstOffset = stream.retains ? await stream.firstOffset() : 1;

  const kept = fetched.filter((event) => event.offset >= firstOffset);
  const purge = kept.findLast((event) => event.purged);
  const living = purge === undefined ? kept : kept.slice(kept.indexOf(purge));
  const wanted = living.filter((event) => event.offset <= upTo);
  const events = wanted.slice(0, limit);
  const cutShort =
    living.length < kept.length &&
    events.length < limit &&
    reaches(events.at(-1), Math.min(last, upTo));
  const more = wanted.length > limit || cutShort;

  const dropped = Math.max(firstOffset - 1, purge?.offset ?? 0);
  if (foreign)
    return { events, more, gap: { from: 1, to: Math.max(last, after, 1), reason: "epoch" } };
  const gap: Gap = {
    from: start + 1,
    to: Math.min(dropped, upTo),
    reason: purge === undefined ? "retention" : "purged",
  };
  return gap.to >= gap.from ? { events, more, gap } : { events, more };
}

/** True if there may be events between the last one given and `end`. */
function reaches(given: LogEvent | undefined, end: number): boolean {
  return given !== undefined && given.offset < end;
}

/** The events after `start`, up to one more than `limit` or one beyond `upTo`, whichever is first; and the subject's last offset. */
async function fetchEvents(
  stream: LogStream,
  subject: string,
  start: number,
  upTo: number,
  limit: number,
) {
  const fetched: LogEvent[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const last = await stream.last(subject);
    const from = fetched.at(-1)?.offset ?? start;
    if (last <= from) return { fetched, last };
    const options = {
      stream: stream.name,
      subject: `${stream.prefix}${subject}`,
      from: from + 1,
      count: limit + 1 - fetched.length,
    };
    const complete = await scan(stream.link, options, (message) => {
      fetched.push(eventOf(message, stream.prefix.length));
      return fetched.length <= limit && message.seq < last && message.seq <= upTo;
    });
    if (complete) return { fetched, last };
  }
  throw unavailable(`reading ${subject}`, "events that are there do not come; try again");
}
