/** Draws as people have them in files: CSV with a head line, or JSON lines. */
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { SwitchboardError } from "../../wire/error.ts";
import { rawMembers } from "../../wire/raw-json.ts";
import { atLineFeed } from "./at-line-feed.ts";

/** One draw of some variables of one chain. */
export interface SampleRow {
  /** Where it stands, from 1; the head line is line 1. */
  readonly line: number;
  readonly chain: string | undefined;
  /** Variable → the JSON of its value, numbers as they are spelled in the input. At least one. */
  readonly values: ReadonlyMap<string, string>;
}

/** The column, or the key, that names the chain. */
const chainColumn = "chain";

/** A longer line is no draw. */
const maxLineBytes = 16 << 20;

export type SampleFormat = "csv" | "jsonl";

/**
 * Reads rows one by one, never more of the input than a few lines at once; a row comes as soon as its line feed has. Without `format`, input
 * that begins with `{` is JSON lines. In CSV a cell that is spelled as a JSON number, `true`, `false` or `null` is that; an empty one is null;
 * else it is text. Throws `bad_message` with the line.
 */
export async function* sampleRows(
  input: AsyncIterable<Uint8Array>,
  format?: SampleFormat,
): AsyncGenerator<SampleRow> {
  const bytes = input[Symbol.asyncIterator]();
  const first = await firstPiece(bytes);
  if (first === undefined) return;
  const all = rest(first, bytes);
  const isJson =
    format === undefined
      ? /^\s*\{/.test(first.toString("utf8").replace(/^\ufeff/, ""))
      : format === "jsonl";
  yield* isJson ? jsonRows(all) : csvRows(all);
}

/** The input up to where something other than space stands in it. */
async function firstPiece(bytes: AsyncIterator<Uint8Array>): Promise<Buffer | undefined> {
  let piece = Buffer.alloc(0);
  for (let next = await bytes.next(); !next.done; next = await bytes.next()) {
    piece = Buffer.concat([piece, next.value]);
    if (piece.toString("utf8").trim() !== "") return piece;
  }
  return undefined;
}

async function* rest(first: Buffer, bytes: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await bytes.next(); !next.done; next = await bytes.next()) yield next.value;
}

async function* csvRows(input: AsyncIterable<Uint8Array>): AsyncGenerator<SampleRow> {
  const parser = Readable.from(atLineFeed(input)).pipe(
    parse({
      bom: true,
      columns: (names: string[]) => columnsOf(names),
      info: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: maxLineBytes,
    }),
  );
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      const { [chainColumn]: chain, ...cells } = record;
      const values = new Map(Object.entries(cells).map(([name, cell]) => [name, cellJson(cell)]));
      yield { line: info.lines, chain: chain || undefined, values };
    }
  } catch (error) {
    if (error instanceof CsvError)
      throw new SwitchboardError(
        "bad_message",
        `the CSV is broken: ${error.message}`,
        {},
        { cause: error },
      );
    throw error;
  }
}

function columnsOf(names: string[]): string[] {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new SwitchboardError(
      "bad_message",
      `line 1: the column ${JSON.stringify(twice)} is there twice: name each variable once`,
    );
  const unnamed = names.indexOf("");
  if (unnamed >= 0)
    throw new SwitchboardError(
      "bad_message",
      `line 1: column ${unnamed + 1} has no name: the first line names the variables`,
    );
  if (names.every((name) => name === chainColumn)) {
    throw new SwitchboardError(
      "bad_message",
      `line 1 names no variable beside "${chainColumn}": give each variable a column`,
    );
  }
  if (names.every((name) => name === chainColumn || /^[-+.\d]/.test(name))) {
    throw new SwitchboardError(
      "bad_message",
      "line 1 holds numbers, not names: the first line names the variables",
    );
  }
  return names;
}

function cellJson(cell: string): string {
  if (cell === "") return "null";
  return /^(-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|true|false|null)$/.test(cell)
    ? cell
    : JSON.stringify(cell);
}

async function* jsonRows(input: AsyncIterable<Uint8Array>): AsyncGenerator<SampleRow> {
  let line = 0;
  for await (const text of lines(input)) {
    line++;
    if (text.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (error) {
      throw new SwitchboardError(
        "bad_message",
        `line ${line} is not JSON: ${(error as Error).message}`,
      );
    }
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new SwitchboardError(
        "bad_message",
        `line ${line}: expected an object such as {"mu":1.5,"tau":2}, not ${text.slice(0, 80)}`,
      );
    }
    const { [chainColumn]: chain } = row as Record<string, unknown>;
    if (chain !== undefined && typeof chain !== "string") {
      throw new SwitchboardError(
        "bad_message",
        `line ${line}: "chain" must be a string, not ${JSON.stringify(chain)}`,
      );
    }
    const values = rawMembers(text);
    values.delete(chainColumn);
    if (values.size === 0)
      throw new SwitchboardError(
        "bad_message",
        `line ${line} has no variable: expected such as {"mu":1.5,"tau":2}`,
      );
    yield { line, chain, values };
  }
}

async function* lines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of input) {
    const parts = (text + decoder.decode(bytes, { stream: true })).split("\n");
    text = parts.pop() ?? "";
    yield* parts;
    if (text.length > maxLineBytes)
      throw new SwitchboardError(
        "too_large",
        `a line is longer than ${maxLineBytes} characters: one draw a line`,
      );
  }
  if (text !== "") yield text;
}
