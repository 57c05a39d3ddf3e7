/** Samples of one variable as the body of an HTTP answer, read as fast as the client takes them. */
import type { Log, TurnQueue } from "../../kit/index.ts";
import { parseSamples, type Samples } from "./sample-event.ts";
import { pointsAt, Shape } from "./thinning.ts";
import { type Span, textsOf } from "./value-list.ts";

/** What is asked for. */
export interface Export {
  readonly log: Log;
  readonly subject: string;
  /** Indices; `to` may be beyond the end. */
  readonly span: Span;
  readonly format: "json" | "csv";
  readonly turns: TurnQueue;
}

const pageEvents = 200;

/** Work for a page, in units of a turn queue: it has a turn to itself. */
const pageUnits = 128 << 10;

/** `{"data":[…]}`, or CSV with the columns index and value; values keep their spelling. Fails if the variable is removed meanwhile. */
export function exportSamples(wanted: Export): ReadableStream<Uint8Array> {
  return streamOf(wanted.format === "json" ? jsonPieces(wanted) : csvPieces(wanted));
}

/**
 * As `exportSamples`, of at most `maxPoints` samples that show the shape of all in the span; in JSON `{"data":[…],"at":[…]}` with the index of each. All
 * numbers of the span are held until the choice is made: rejects with `over_capacity` for more than `maxSamples`.
 */
export async function exportPoints(
  wanted: Export & {
    readonly variable: string;
    readonly maxPoints: number;
    readonly maxSamples: number;
  },
): Promise<ReadableStream<Uint8Array>> {
  const { log, subject, format, variable, maxPoints, maxSamples } = wanted;
  const end = await log.last(subject);
  const shape = new Shape(variable, maxSamples);
  for await (const page of storedSamples(wanted, end))
    for (const samples of page) {
      await wanted.turns.take(samples.text.length);
      shape.add(samples);
    }
  const chosen = shape.choose(maxPoints);
  return streamOf(pointPieces(pointsAt(log, subject, chosen, end), chosen, format));
}

function streamOf(pieces: AsyncGenerator<string, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return();
    },
  });
}

async function* jsonPieces(wanted: Export): AsyncGenerator<string, void> {
  let before = '{"data":[';
  for await (const page of storedSamples(wanted, await wanted.log.last(wanted.subject))) {
    yield before + page.map(({ text }) => text).join(",");
    before = ",";
  }
  yield before === "," ? "]}" : `${before}]}`;
}

async function* csvPieces(wanted: Export): AsyncGenerator<string, void> {
  yield csvHead;
  for await (const page of storedSamples(wanted, await wanted.log.last(wanted.subject))) {
    yield page
      .map(({ index, text }) =>
        textsOf(text)
          .map((value, nth) => csvLine(index + nth, value))
          .join(""),
      )
      .join("");
  }
}

async function* pointPieces(
  pages: ReturnType<typeof pointsAt>,
  chosen: readonly number[],
  format: Export["format"],
): AsyncGenerator<string, void> {
  let given = 0;
  yield format === "csv" ? csvHead : '{"data":[';
  for await (const points of pages) {
    if (points.length === 0) continue;
    const comma = given === 0 ? "" : ",";
    given += points.length;
    yield format === "csv"
      ? points.map(({ index, text }) => csvLine(index, text)).join("")
      : comma + points.map(({ text }) => text).join(",");
  }
  if (given < chosen.length) throw new Error("the variable was removed while it was being read");
  if (format === "json") yield `],"at":[${chosen.join(",")}]}`;
}

/** What is stored up to an offset, as far as it is in the span, a page at a time; no page is empty. */
async function* storedSamples(
  { log, subject, span, turns }: Export,
  upTo: number,
): AsyncGenerator<Samples[], void> {
  for (let after = 0, more = upTo > 0; more; ) {
    await turns.take(pageUnits);
    const page = await log.read(subject, after, { upTo, limit: pageEvents });
    if (page.events.some(({ purged }) => purged))
      throw new Error(`${subject} was removed while it was being read`);
    const stored = page.events.map(({ data }) => parseSamples(data));
    const inSpan = stored
      .filter(({ index, count }) => index < span.to && index + count > span.from)
      .map((samples) => cut(samples, span));
    if (inSpan.length > 0) yield inSpan;
    const last = stored.at(-1);
    more = page.more && (last === undefined || last.index + last.count < span.to);
    after = page.events.at(-1)?.offset ?? after;
  }
}

/** The samples of an event that are in the span. */
function cut(samples: Samples, { from, to }: Span): Samples {
  const { index, count, text } = samples;
  if (index >= from && index + count <= to) return samples;
  const some = textsOf(text).slice(Math.max(0, from - index), Math.min(count, to - index));
  return { index: Math.max(index, from), count: some.length, text: some.join(",") };
}

const csvHead = "index,value\r\n";

/** RFC 4180; a string is without its quotation marks. */
function csvLine(index: number, text: string): string {
  const plain = text.startsWith('"') ? (JSON.parse(text) as string) : text;
  return `${index},${/[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain}\r\n`;
}
