/** How many frames the server has left out for this page, since the page was too slow for them. */

/** The server counts for each connection anew. */
export class SkipCount {
  #before = 0;
  #now = 0;

  get total(): number {
    return this.#before + this.#now;
  }

  /** A text of the socket; true if it was about skipped frames. */
  take(text: string): boolean {
    if (!text.startsWith('{"type":"skipped"')) return false;
    const { count } = JSON.parse(text) as { readonly count?: unknown };
    if (typeof count === "number") this.#now = count;
    return true;
  }

  reconnected(): void {
    this.#before += this.#now;
    this.#now = 0;
  }
}
