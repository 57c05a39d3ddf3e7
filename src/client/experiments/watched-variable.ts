/** One variable that a viewer is subscribed to, and how much of it has been told. Pure. */

/** Samples of one variable in an event from the server. */
export interface Piece {
  readonly values: readonly unknown[];
  /** The index of the first, where the server says so. */
  readonly from: number | undefined;
  /** The index of each, of thinned samples. */
  readonly at: readonly number[] | undefined;
}

/** What of a piece is new. */
export interface Fresh {
  /** Samples that did not come: from this index up to before that. */
  readonly gap?: { readonly from: number; readonly to: number };
  readonly samples?: {
    readonly from: number;
    readonly values: readonly unknown[];
    readonly at?: readonly number[];
  };
}

/** Every index is told once at most, in order, whatever the server sends again. */
export class WatchedVariable {
  readonly chain: string;
  readonly name: string;
  readonly maxPoints: number | undefined;
  /** Which of the viewer's wishes it came with. */
  readonly wish: number;
  #next = 0;
  /** Samples that the server has sent on the present connection, where it does not say which they are. */
  #sent = 0;
  #started = false;
  /** Unsubscribed from and subscribed to again on one connection: how much had been sent before. Until the data begins again, the rest of it may come. */
  #leftAt: number | undefined;

  constructor(
    chain: string,
    name: string,
    maxPoints: number | undefined,
    wish: number,
    leftAt?: number,
  ) {
    this.chain = chain;
    this.name = name;
    this.maxPoints = maxPoints;
    this.wish = wish;
    this.#leftAt = leftAt;
  }

  /** The index of the next sample to be told. */
  get next(): number {
    return this.#next;
  }

  get sent(): number {
    return this.#sent;
  }

  /** A new connection: a server that does not resume sends everything again. */
  restart(): void {
    this.#sent = 0;
    this.#started = false;
    this.#leftAt = undefined;
  }

  /** The samples were another experiment's. */
  forget(): void {
    this.#next = 0;
  }

  /**
   * Whether this piece shows that the experiment was begun anew: a server that sends everything again on a new connection sends
   * less than there was.
   */
  hasBegunAnew({ values, from }: Piece): boolean {
    return (
      from === undefined &&
      !this.#started &&
      this.#leftAt === undefined &&
      values.length < this.#next
    );
  }

  /** Takes the next piece of the connection. */
  take(piece: Piece): Fresh {
    if (this.#leftAt !== undefined) {
      const isLate =
        piece.from === undefined ? piece.values.length < this.#leftAt : piece.from > this.#next;
      // Thinned for the subscription before: this one would take it for everything there is.
      const isThinner =
        piece.at !== undefined &&
        (this.maxPoints === undefined || piece.at.length > this.maxPoints);
      if (isLate || isThinner) return {};
      this.#leftAt = undefined;
    }
    this.#started = true;
    const from = piece.from ?? this.#sent;
    this.#sent += piece.values.length;
    return piece.at === undefined
      ? this.#takeAll(piece.values, from)
      : this.#takePoints(piece.values, piece.at);
  }

  #takeAll(values: readonly unknown[], from: number): Fresh {
    const before = this.#next;
    const end = from + values.length;
    if (end <= before) return {};
    this.#next = end;
    const had = Math.max(0, before - from);
    const samples = { from: from + had, values: had === 0 ? values : values.slice(had) };
    return from > before ? { gap: { from: before, to: from }, samples } : { samples };
  }

  #takePoints(values: readonly unknown[], at: readonly number[]): Fresh {
    const had = at.findIndex((index) => index >= this.#next);
    const [first, last] = [at[had], at.at(-1)];
    if (had < 0 || first === undefined || last === undefined) return {};
    this.#next = last + 1;
    return { samples: { from: first, values: values.slice(had), at: at.slice(had) } };
  }
}
