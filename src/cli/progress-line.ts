/** How far a long command has come: one line on a terminal, drawn again and again. */

const drawEveryMs = 100;
const barWidth = 24;

/** What is known of the way. */
export interface Progress {
  /** Rows, messages or whatever is counted. */
  readonly done: number;
  /** 0 to 1, where the end is known. */
  readonly part: number | undefined;
  /** Put behind the figures. */
  readonly remark: string;
}

/** Draws at most ten times a second, with the rate since it began. Where there is no terminal it does nothing. */
export class ProgressLine {
  readonly #draw: ((line: string) => void) | undefined;
  readonly #unit: string;
  readonly #startedMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(draw: ((line: string) => void) | undefined, unit: string) {
    this.#draw = draw;
    this.#unit = unit;
  }

  show(progress: Progress): void {
    const nowMs = performance.now();
    if (this.#draw === undefined || nowMs - this.#drawnMs < drawEveryMs) return;
    this.#drawnMs = nowMs;
    this.#draw(lineOf(progress, this.#unit, (nowMs - this.#startedMs) / 1000));
  }

  /** The line goes, so that a result can stand in its place. */
  clear(): void {
    this.#draw?.("");
  }
}

function lineOf({ done, part, remark }: Progress, unit: string, seconds: number): string {
  const filled = Math.round((part ?? 0) * barWidth);
  const bar =
    part === undefined
      ? ""
      : `[${"#".repeat(filled)}${" ".repeat(barWidth - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %  `;
  const rate = Math.round(done / Math.max(seconds, 0.001));
  return `${bar}${done.toLocaleString("en")} ${unit}, ${rate.toLocaleString("en")} a second${remark === "" ? "" : `  ${remark}`}`;
}
