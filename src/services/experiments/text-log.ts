/** An experiment's log text, as the log has it: each event a number, a line feed and the text, escaped as in JSON but without the quotes. */
import type { Log, NewEvent, TurnQueue } from "../../kit/index.ts";
import type { Experiment } from "./experiment.ts";

/** Of the text, in one event. */
const maxPartLength = 16_000;

/** Parts of one append: the work of one turn of the event loop. */
const maxParts = 8;

/** Stands where the number of bytes would, once no more text is kept. */
const full = -1;

/** Stores log text, in parts; over `maxBytes` a line that says so is the last. Resolves when it is durable. */
export async function appendOutput(
  log: Log,
  experiment: Experiment,
  text: string,
  maxBytes: number,
  turns: TurnQueue,
): Promise<void> {
  const { output } = experiment;
  let bytes = experiment.outputBytes ?? (await storedBytes(log, output));
  experiment.outputBytes = undefined;
  for (let at = 0; at < text.length && bytes !== full; ) {
    const events: NewEvent[] = [];
    await turns.take(maxParts * maxPartLength);
    for (; at < text.length && bytes !== full && events.length < maxParts; at += maxPartLength) {
      // Cut anywhere: escaped halves of a character make it whole again when they are joined.
      const part = text.slice(at, at + maxPartLength);
      bytes += Buffer.byteLength(part);
      if (bytes <= maxBytes) events.push({ data: `${bytes}\n${escaped(part)}` });
      else {
        bytes = full;
        const notice = `\n[${maxBytes} bytes of log are kept (services.experiments.maxLogBytes): the rest is not]\n`;
        events.push({ data: `${full}\n${escaped(notice)}` });
      }
    }
    await log.append(output, events);
  }
  // Unless it was removed meanwhile.
  if (experiment.output === output) experiment.outputBytes = bytes;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The text of an event, escaped. */
export function outputOf(data: string): string {
  return data.slice(data.indexOf("\n") + 1);
}

async function storedBytes(log: Log, subject: string): Promise<number> {
  const last = await log.last(subject);
  if (last === 0) return 0;
  const [event] = (await log.read(subject, last - 1, { limit: 1, upTo: last })).events;
  return event === undefined || event.purged ? 0 : Number.parseInt(event.data, 10);
}
