/** Reads the log of the server under test and keeps what must not be in it. */

/** Pino's number for `error`. */
const errorLevel = 50;

/** Most lines that are kept. */
const maxKept = 50;

export class ServerLog {
  /** Lines of level `error` and above, and lines that are no JSON: warnings of Node, for example. */
  readonly faults: string[] = [];
  /** All lines of this kind, also those that were not kept. */
  faultCount = 0;
  lineCount = 0;
  /** Called with each of them. */
  onFault: ((line: string) => void) | undefined;
  #rest = "";

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === "") return;
    this.lineCount++;
    if (isHarmless(line)) return;
    this.faultCount++;
    if (this.faults.length < maxKept) this.faults.push(line.slice(0, 2000));
    this.onFault?.(line);
  }
}

function isHarmless(line: string): boolean {
  try {
    const { level } = JSON.parse(line) as { readonly level?: number };
    return typeof level === "number" && level < errorLevel;
  } catch {
    return false;
  }
}
