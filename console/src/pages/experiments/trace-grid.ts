/** The traces of one variable, a line for each chain, in bounded memory: of so many neighbouring draws only the least and the greatest. Pure. */

/** A line's points, at most: two for each cell. */
export const maxPointsOfLine = 2048;

const maxCells = maxPointsOfLine / 2;

/** Columns for a plot: x, then y of each chain; `undefined` where a chain has no point at this x. */
export type TraceColumns = [xs: number[], ...lines: (number | undefined)[][]];

/** One chain: by cell, the extremes and the indices that they were seen at. Empty: NaN. */
interface Lane {
  readonly least: Float64Array;
  readonly leastAt: Float64Array;
  readonly greatest: Float64Array;
  readonly greatestAt: Float64Array;
}

/**
 * All chains share the cells, so that their points have the same x. A cell holds one draw at first; each time the draws outgrow the cells, two
 * neighbours become one. Draws may come in any order, with gaps and more than once: what is kept is the same.
 */
export class TraceGrid {
  readonly #origin: number;
  readonly #lanes = new Map<string, Lane>();
  #drawsPerCell = 1;
  #cells = 0;

  /** Draws before the index `origin` are passed over. */
  constructor(origin = 0) {
    this.#origin = origin;
  }

  /** A power of two; 1: nothing has been left out of what was added. */
  get drawsPerCell(): number {
    return this.#drawsPerCell;
  }

  /** Takes a draw; one that is not finite leaves its place empty. */
  add(chain: string, index: number, value: number): void {
    const place = index - this.#origin;
    if (place < 0) return;
    while (place >= this.#drawsPerCell * maxCells) this.#widen();
    const cell = Math.floor(place / this.#drawsPerCell);
    this.#cells = Math.max(this.#cells, cell + 1);
    const lane = this.#laneOf(chain);
    if (!Number.isFinite(value)) return;
    take(lane, cell, value, index, value, index);
  }

  /** The points of these chains; those of one that is not known are all undefined. */
  columns(chains: readonly string[]): TraceColumns {
    const perCell = this.#drawsPerCell === 1 ? 1 : 2;
    const step = this.#drawsPerCell / perCell;
    const xs = Array.from({ length: this.#cells * perCell }, (_, at) => this.#origin + at * step);
    return [xs, ...chains.map((chain) => this.#lineOf(this.#lanes.get(chain), perCell))];
  }

  #lineOf(lane: Lane | undefined, perCell: number): (number | undefined)[] {
    const line = new Array<number | undefined>(this.#cells * perCell).fill(undefined);
    if (lane === undefined) return line;
    for (let cell = 0; cell < this.#cells; cell += 1) {
      const least = lane.least[cell] ?? Number.NaN;
      if (Number.isNaN(least)) continue;
      const greatest = lane.greatest[cell] ?? Number.NaN;
      const risesLater = (lane.leastAt[cell] ?? 0) <= (lane.greatestAt[cell] ?? 0);
      line[cell * perCell] = risesLater ? least : greatest;
      if (perCell === 2 && lane.leastAt[cell] !== lane.greatestAt[cell])
        line[cell * 2 + 1] = risesLater ? greatest : least;
    }
    return line;
  }

  #laneOf(chain: string): Lane {
    const known = this.#lanes.get(chain);
    if (known !== undefined) return known;
    const empty = () => new Float64Array(maxCells).fill(Number.NaN);
    const lane = { least: empty(), leastAt: empty(), greatest: empty(), greatestAt: empty() };
    this.#lanes.set(chain, lane);
    return lane;
  }

  #widen(): void {
    for (const lane of this.#lanes.values()) halve(lane);
    this.#drawsPerCell *= 2;
    this.#cells = Math.ceil(this.#cells / 2);
  }
}

/** Of equal values the first counts, so that the order in which draws come makes no difference. */
function take(
  lane: Lane,
  cell: number,
  low: number,
  lowAt: number,
  high: number,
  highAt: number,
): void {
  const { least, leastAt, greatest, greatestAt } = lane;
  const lowest = least[cell] ?? Number.NaN;
  const highest = greatest[cell] ?? Number.NaN;
  if (!(lowest < low) && !(lowest === low && (leastAt[cell] ?? 0) <= lowAt)) {
    least[cell] = low;
    leastAt[cell] = lowAt;
  }
  if (!(highest > high) && !(highest === high && (greatestAt[cell] ?? 0) <= highAt)) {
    greatest[cell] = high;
    greatestAt[cell] = highAt;
  }
}

/** Makes one cell of each two. */
function halve(lane: Lane): void {
  const { least, leastAt, greatest, greatestAt } = lane;
  for (let cell = 0; cell < maxCells; cell += 1) {
    const [low = 0, lowAt = 0, high = 0, highAt = 0] = [
      least[cell],
      leastAt[cell],
      greatest[cell],
      greatestAt[cell],
    ];
    for (const column of [least, leastAt, greatest, greatestAt]) column[cell] = Number.NaN;
    if (!Number.isNaN(low)) take(lane, cell >> 1, low, lowAt, high, highAt);
  }
}
