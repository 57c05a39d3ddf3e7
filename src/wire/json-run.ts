/** The part of a JSON text that has been scanned and not been parsed yet. Pure. */

/** Text gathered out of pieces: what is wanted of a piece is copied when the piece ends, or earlier. */
export class JsonRun {
  /** What has been copied. */
  text = "";
  #piece = "";
  #copied = 0;

  /** Goes on with another piece, from `at` on. */
  piece(piece: string, at = 0): void {
    this.#piece = piece;
    this.#copied = at;
  }

  /** A place in the piece as a place in the run. */
  place(at: number): number {
    return this.text.length + at - this.#copied;
  }

  /** Copies the piece up to `at`. */
  copyTo(at: number): void {
    if (at > this.#copied) this.text += this.#piece.slice(this.#copied, at);
    this.#copied = at;
  }

  /** Copies the piece up to `from`, and `instead` in the place of what is there up to `to`. */
  replace(from: number, to: number, instead: string): void {
    this.copyTo(from);
    this.text += instead;
    this.#copied = to;
  }

  /** Begins anew at a place in the piece. */
  restart(at: number): void {
    this.text = "";
    this.#copied = at;
  }

  /** A span of the run, copied or not. */
  slice(start: number, end: number): string {
    const shift = this.#copied - this.text.length;
    if (start + shift >= this.#copied) return this.#piece.slice(start + shift, end + shift);
    const copied = this.text.slice(start, end);
    return end + shift > this.#copied
      ? copied + this.#piece.slice(this.#copied, end + shift)
      : copied;
  }
}
