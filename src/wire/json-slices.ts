/** Reads large JSON text in slices, so that other work runs between them. Pure. */
import { JsonLevel, type JsonPath, type Keeps, keepsOf } from "./json-level.ts";
import { type JsonBounds, tooDeep, tooManyValues } from "./json-meter.ts";
import { JsonRun } from "./json-run.ts";
import { JsonScanner, type JsonSink } from "./json-scanner.ts";
import { ListKeeper } from "./kept-list.ts";
import type { ReadJson } from "./lenient-json.ts";

export type { JsonPath };

/** How a text is read. */
export interface SliceOptions {
  /** Take bare `NaN`, `Infinity` and `-Infinity` as strings, as `parseLenient` does. Default false. */
  readonly lenient?: boolean;
  /** Lists that become a `KeptList`. Default none. */
  readonly keeps?: readonly JsonPath[];
  /** Bounds of the values outside kept lists, and of the depth. Default none. */
  readonly bounds?: JsonBounds;
  /** Characters that are parsed or cut at once. Default 64 KiB. */
  readonly sliceLength?: number;
}

/** Length of a slice: about a millisecond of work. */
export const defaultSliceLength = 64 << 10;

/**
 * Builds the value of a JSON text that comes in pieces. Text gathers in a run. A run that is as
 * long as a slice is parsed natively, as far as its values are complete; lists and objects that are
 * still open are filled from then on. So the work for one piece is bounded by the lengths of a
 * slice and of the piece. (Only a key or a number is never cut.)
 *
 * Takes and refuses what `JSON.parse` does (`parseLenient` with `lenient`), with equal results,
 * except that lists at the places in `keeps` are `KeptList`s. Throws `JsonFault` for other text and
 * `too_large` beyond the bounds.
 */
export class JsonSlices {
  readonly #builder: Builder;
  readonly #scanner: JsonScanner;

  constructor(options: SliceOptions = {}) {
    this.#builder = new Builder(options);
    this.#scanner = new JsonScanner(this.#builder, options.lenient === true);
  }

  /** Takes the next piece. Give pieces of at most a slice, and let others run between them. */
  push(piece: string): void {
    this.#scanner.push(piece);
  }

  /**
   * The text is complete. `text` is what `json` was read from, bare words now strings, with `[]` in
   * the place of kept lists.
   */
  end(): ReadJson {
    this.#scanner.end();
    return this.#builder.result();
  }
}

/**
 * As `JsonSlices`, of a text that is there as a whole. `take` is called before each slice with its
 * length; the slice waits for what it returns.
 */
export async function readSlices(
  text: string,
  options: SliceOptions,
  take: (length: number) => Promise<void> | undefined,
): Promise<ReadJson> {
  const { sliceLength = defaultSliceLength } = options;
  const slices = new JsonSlices(options);
  for (let at = 0; at < text.length; at += sliceLength) {
    await take(sliceLength);
    slices.push(text.slice(at, at + sliceLength));
  }
  return slices.end();
}

class Builder implements JsonSink {
  readonly #bounds: JsonBounds | undefined;
  readonly #sliceLength: number;
  /** The outermost level is a list around the whole text. */
  readonly #levels: JsonLevel[];
  /** How many levels have a value. */
  #filled = 1;
  #values = 1;
  #piece = "";
  /** What is not parsed yet. */
  readonly #run = new JsonRun();
  /** The whole text without what is in kept lists. */
  readonly #text = new JsonRun();
  /** Where the present string begins in the run, if it is a value; -1: there is none. */
  #stringFrom = -1;
  /** A long string so far, and the key it is for. */
  #long: { text: string; readonly key: string | undefined } | undefined;
  /** The list that is being kept, and the key it is for. */
  #keeping: { readonly list: ListKeeper; readonly key: string | undefined } | undefined;

  constructor({ keeps = [], bounds, sliceLength = defaultSliceLength }: SliceOptions) {
    this.#bounds = bounds;
    this.#sliceLength = sliceLength;
    const around: Keeps = { kept: false, members: new Map([["*", keepsOf(keeps)]]) };
    const outermost = new JsonLevel(true, around, 0);
    outermost.begin();
    this.#levels = [outermost];
  }

  result(): ReadJson {
    const outermost = this.#top;
    if (outermost.start >= 0) outermost.fill(this.#run.text);
    return { json: (outermost.value as unknown[])[0], text: this.#text.text };
  }

  piece(text: string): void {
    this.#piece = text;
    this.#run.piece(text);
    this.#text.piece(text);
    this.#keeping?.list.piece(text);
  }

  pieceEnds(end: number, open: number): void {
    if (this.#keeping !== undefined) {
      this.#keeping.list.pieceEnds(end);
      return;
    }
    const run = this.#run;
    run.copyTo(end);
    this.#text.copyTo(end);
    if (run.text.length < this.#sliceLength) return;
    if (this.#long === undefined) {
      this.#cut();
      if (this.#stringFrom >= 0 && run.text.length - this.#stringFrom > this.#sliceLength)
        this.#beginLong();
    }
    if (this.#long !== undefined) this.#decode(run.text.length - open);
  }

  opened(isList: boolean, at: number): void {
    if (this.#keeping !== undefined) {
      const { list } = this.#keeping;
      list.opened();
      this.#demandDepth(this.#levels.length + list.depth);
      return;
    }
    this.#demandDepth(this.#levels.length);
    this.#countValue();
    const keeps = this.#keepsHere();
    if (isList && keeps?.kept === true) this.#beginKeeping(at);
    else this.#levels.push(new JsonLevel(isList, keeps, this.#run.place(at + 1)));
  }

  closed(at: number): void {
    if (this.#keeping !== undefined) {
      const { list, key } = this.#keeping;
      const kept = list.closed(at);
      if (kept === undefined) return;
      this.#keeping = undefined;
      this.#top.put(key, kept);
      this.#childEnded(at + 1);
      this.#text.piece(this.#piece, at + 1);
      return;
    }
    const level = this.#levels.pop();
    if (level?.value === undefined) return;
    this.#filled--;
    this.#run.copyTo(at);
    if (level.start >= 0) level.fill(this.#run.text.slice(level.start));
    this.#childEnded(at + 1);
  }

  comma(at: number): void {
    if (this.#keeping !== undefined) {
      this.#keeping.list.comma(at);
      return;
    }
    this.#countValue();
    const level = this.#top;
    if (level.start < 0) {
      level.start = this.#run.place(at + 1);
      level.comma = -1;
    } else level.comma = this.#run.place(at);
  }

  keyBegins(at: number): void {
    if (this.#keeping === undefined) this.#top.keyStart = this.#run.place(at);
  }

  keyEnds(at: number): void {
    if (this.#keeping === undefined) this.#top.keyEnd = this.#run.place(at);
  }

  stringBegins(at: number): void {
    if (this.#keeping === undefined) this.#stringFrom = this.#run.place(at);
    else this.#keeping.list.string();
  }

  stringEnds(at: number): void {
    this.#stringFrom = -1;
    if (this.#long === undefined) return;
    this.#run.copyTo(at - 1);
    this.#decode(this.#run.text.length);
    this.#top.put(this.#long.key, this.#long.text);
    this.#long = undefined;
    this.#childEnded(at);
  }

  bareWord(start: number, end: number): void {
    this.#replace(start, end, `"${this.#piece.slice(start, end)}"`);
  }

  space(start: number, end: number): void {
    this.#replace(start, end, "");
  }

  #replace(start: number, end: number, instead: string): void {
    if (this.#keeping !== undefined) {
      this.#keeping.list.replace(start, end, instead);
      return;
    }
    this.#run.replace(start, end, instead);
    this.#text.replace(start, end, instead);
  }

  get #top(): JsonLevel {
    return this.#levels[this.#levels.length - 1] as JsonLevel;
  }

  #countValue(): void {
    this.#values++;
    if (this.#bounds !== undefined && this.#values > this.#bounds.maxJsonValues)
      throw tooManyValues(this.#bounds);
  }

  /** `depth`: with the bracket that opens now. */
  #demandDepth(depth: number): void {
    if (this.#bounds !== undefined && depth > this.#bounds.maxJsonDepth)
      throw tooDeep(this.#bounds);
  }

  /** What is kept at the place of the value that begins now. */
  #keepsHere(): Keeps | undefined {
    const { keeps } = this.#top;
    if (keeps === undefined || keeps.members.size === 0) return undefined;
    const key = this.#top.keyIn(this.#run);
    const named = key === undefined ? undefined : keeps.members.get(key);
    return named ?? keeps.members.get("*");
  }

  /** Parses what is complete of the run. What is still open has a value from now on. */
  #cut(): void {
    const top = this.#top;
    // Nothing is complete: it would only be copied.
    if (this.#filled === this.#levels.length && top.comma < 0 && top.start === 0) return;
    const { text } = this.#run;
    for (let nth = this.#filled - 1; nth < this.#levels.length; nth++) {
      const level = this.#levels[nth] as JsonLevel;
      if (level.value === undefined) {
        const around = this.#levels[nth - 1] as JsonLevel;
        around.put(around.keyIn(text), level.begin());
      }
      if (level.start >= 0 && level.comma >= 0) level.fill(text.slice(level.start, level.comma));
    }
    this.#filled = this.#levels.length;
    if (top.start < 0) return;
    const from = top.comma < 0 ? top.start : top.comma + 1;
    this.#run.text = text.slice(from);
    top.shift(from);
    if (this.#stringFrom >= 0) this.#stringFrom -= from;
  }

  /** A value that was filled by itself, or kept, has ended: the run begins anew behind it. */
  #childEnded(at: number): void {
    this.#run.restart(at);
    this.#top.start = -1;
  }

  #beginLong(): void {
    this.#long = { text: "", key: this.#top.keyIn(this.#run) };
    this.#run.text = this.#run.text.slice(this.#stringFrom + 1);
  }

  /** Decodes the run up to `end` as a part of the long string. */
  #decode(end: number): void {
    if (this.#long === undefined) return;
    const { text } = this.#run;
    this.#long.text += JSON.parse(`"${text.slice(0, end)}"`) as string;
    this.#run.text = text.slice(end);
  }

  #beginKeeping(at: number): void {
    this.#run.copyTo(at);
    this.#cut();
    const list = new ListKeeper(this.#piece, at + 1, this.#sliceLength);
    this.#keeping = { list, key: this.#top.keyIn(this.#run) };
    this.#text.replace(at, at + 1, "[]");
  }
}
