/** JSON lists that are kept by the texts of their elements, which are never built as values. Pure. */
import { JsonRun } from "./json-run.ts";
import { rawElements } from "./raw-json.ts";

/** Consecutive elements. */
export interface ListChunk {
  /** The elements' own texts, with commas between and no whitespace around them. */
  readonly text: string;
  readonly count: number;
}

/** A list, in chunks of a bounded length. An element longer than a chunk has a chunk to itself. */
export class KeptList {
  readonly chunks: readonly ListChunk[];
  /** Number of elements. */
  readonly length: number;

  constructor(chunks: readonly ListChunk[]) {
    this.chunks = chunks;
    let length = 0;
    for (const { count } of chunks) length += count;
    this.length = length;
  }

  /** The elements' values. Takes every element apart: for lists that are known to be short. */
  toJSON(): unknown[] {
    return JSON.parse(`[${this.chunks.map(({ text }) => text).join(",")}]`) as unknown[];
  }
}

const space = /[ \n\r\t]+/g;

/** Gathers the elements of one list while its text is scanned. */
export class ListKeeper {
  readonly #chunkLength: number;
  readonly #chunks: ListChunk[] = [];
  readonly #run = new JsonRun();
  /** Complete elements in the run. */
  #count = 0;
  /** Where the present element begins in the run. */
  #from = 0;
  /** Brackets that are open inside the list. */
  #depth = 0;
  /** There are no strings, lists or objects in the run. */
  #flat = true;

  /** The list's text begins in `piece` at `at`, behind its bracket. */
  constructor(piece: string, at: number, chunkLength: number) {
    this.#chunkLength = chunkLength;
    this.#run.piece(piece, at);
  }

  get depth(): number {
    return this.#depth;
  }

  piece(text: string): void {
    this.#run.piece(text);
  }

  pieceEnds(end: number): void {
    this.#run.copyTo(end);
  }

  opened(): void {
    this.#depth++;
    this.#flat = false;
  }

  /** The list, if the bracket at `at` is its own. */
  closed(at: number): KeptList | undefined {
    if (this.#depth-- > 0) return undefined;
    this.#run.copyTo(at);
    const isEmpty = this.#count === 0 && this.#chunks.length === 0 && isBlank(this.#run.text);
    if (!isEmpty) {
      this.#count++;
      this.#endChunk();
    }
    return new KeptList(this.#chunks);
  }

  comma(at: number): void {
    if (this.#depth > 0) return;
    this.#count++;
    const end = this.#run.place(at);
    if (end < this.#chunkLength) {
      this.#from = end + 1;
      return;
    }
    this.#run.copyTo(at);
    this.#endChunk();
    this.#run.restart(at + 1);
    this.#from = 0;
  }

  string(): void {
    this.#flat = false;
  }

  replace(from: number, to: number, instead: string): void {
    this.#run.replace(from, to, instead);
    if (instead !== "") this.#flat = false;
  }

  /** Makes a chunk of the elements in the run; two if the last one is long. */
  #endChunk(): void {
    const { text } = this.#run;
    if (this.#from > 0 && text.length - this.#from > this.#chunkLength) {
      this.#add(text.slice(0, this.#from - 1), this.#count - 1);
      this.#add(text.slice(this.#from), 1);
    } else this.#add(text, this.#count);
    this.#count = 0;
    this.#flat = true;
  }

  #add(text: string, count: number): void {
    if (this.#flat) this.#chunks.push({ text: text.replace(space, ""), count });
    else if (count === 1) this.#chunks.push({ text: text.trim(), count });
    else this.#chunks.push({ text: rawElements(`[${text}]`).join(","), count });
  }
}

function isBlank(text: string): boolean {
  return /^[ \n\r\t]*$/.test(text);
}
