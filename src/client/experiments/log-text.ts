/** An experiment's log text as a viewer has it, over many connections that each begin with all of it. */

/** So much of the end is kept, in UTF-16 code units. */
const keptLength = 256 * 1024;

/** Counts what it has, so that the beginning of the next connection can be told from what is new. */
export class LogText {
  #length = 0;
  #hash = startHash;
  #tail = "";
  /** Heard on the present connection. */
  #heard = 0;

  /** The last `keptLength` of it. */
  get tail(): string {
    return this.#tail;
  }

  /** A new connection: the text comes again from its start. */
  restart(): void {
    this.#heard = 0;
  }

  /** Whether `text`, which is all of a log, begins with what is known of this one. */
  goesOnIn(text: string): boolean {
    return text.length >= this.#length && hashOf(text.slice(0, this.#length)) === this.#hash;
  }

  /** Takes the next text of the connection; gives what of it is new. */
  add(text: string): string {
    const fresh = text.slice(Math.max(0, this.#length - this.#heard));
    this.#heard += text.length;
    this.#length += fresh.length;
    this.#hash = hashOf(fresh, this.#hash);
    this.#tail = (this.#tail + fresh).slice(-keptLength);
    return fresh;
  }

  /** It was another log's. */
  forget(): void {
    this.#length = 0;
    this.#hash = startHash;
    this.#tail = "";
    this.#heard = 0;
  }
}

/** FNV-1a, 32 bits, over code units. */
const startHash = 0x811c9dc5;

function hashOf(text: string, from = startHash): number {
  let hash = from;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
