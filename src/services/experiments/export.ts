/** All samples of one variable as the body of an HTTP answer, read as fast as the client takes them. */
import type { Log } from "../../kit/index.ts";
import { parseSamples } from "./sample-event.ts";
import { textsOf } from "./value-list.ts";

const pageEvents = 200;

/** `{"data":[…]}`, or CSV with the columns index and value; values keep their spelling. Fails if the variable is removed meanwhile. */
export function exportSamples(log: Log, subject: string, format: "json" | "csv"): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pieces = format === "json" ? jsonPieces(log, subject) : csvPieces(log, subject);
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

async function* jsonPieces(log: Log, subject: string): AsyncGenerator<string, void> {
  let before = '{"data":[';
  for await (const texts of storedTexts(log, subject)) {
    yield before + texts.map(({ text }) => text).join(",");
    before = ",";
  }
  yield before === "," ? "]}" : `${before}]}`;
}

async function* csvPieces(log: Log, subject: string): AsyncGenerator<string, void> {
  yield "index,value\r\n";
  for await (const page of storedTexts(log, subject)) {
    yield page
      .map(({ index, text }) =>
        textsOf(text)
          .map((value, nth) => `${index + nth},${quoted(value)}\r\n`)
          .join(""),
      )
      .join("");
  }
}

/** What was stored at the call, a page at a time. */
async function* storedTexts(log: Log, subject: string) {
  const end = await log.last(subject);
  for (let after = 0, more = end > 0; more; ) {
    const page = await log.read(subject, after, { upTo: end, limit: pageEvents });
    if (page.events.some(({ purged }) => purged)) throw new Error(`${subject} was removed while it was being read`);
    if (page.events.length > 0) yield page.events.map(({ data }) => parseSamples(data));
    after = page.events.at(-1)?.offset ?? after;
    more = page.more;
  }
}

/** A JSON text as a CSV field, RFC 4180; a string without its quotation marks. */
function quoted(text: string): string {
  const plain = text.startsWith('"') ? (JSON.parse(text) as string) : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
