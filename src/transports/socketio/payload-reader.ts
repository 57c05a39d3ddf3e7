/** The Engine.IO packets in the body of a POST, one at a time. */

/** A packet of Engine.IO, as its library passes it on. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: string | Uint8Array;
}

const types = ["open", "close", "ping", "pong", "message", "upgrade", "noop"] as const;

/** Stands between two packets since Engine.IO 4. */
const separator = "\u001e";

/** What Engine.IO 3 has before each packet: its length in UTF-16 units, and a colon. */
const lengthPrefix = /(\d{1,9}):/y;

/** What the library ends the session for. */
const fault: EnginePacket = { type: "error", data: "parser error" };

/**
 * Takes one packet off a body with each call, so that a body of thousands can be worked through in
 * slices. After a fault there is nothing more.
 */
export class PayloadReader {
  readonly #text: string;
  readonly #next: () => EnginePacket | undefined;
  #at = 0;
  #done = false;

  constructor(text: string, protocol: number) {
    this.#text = text;
    this.#next = protocol === 3 ? this.#nextByLength : this.#nextBySeparator;
  }

  /**
   * The next packet; undefined at the end. Of type `error` where the body breaks the protocol, of
   * type `binary` where it holds bytes in base64.
   */
  next(): EnginePacket | undefined {
    if (this.#done) return undefined;
    const packet = this.#next();
    if (packet === fault) this.#done = true;
    return packet;
  }

  #nextBySeparator(): EnginePacket {
    const end = this.#text.indexOf(separator, this.#at);
    const packet = this.#text.slice(this.#at, end < 0 ? undefined : end);
    if (end < 0) this.#done = true;
    this.#at = end + 1;
    return decode(packet);
  }

  #nextByLength(): EnginePacket | undefined {
    // A body without any packet is a fault too.
    if (this.#at > 0 && this.#at === this.#text.length) return undefined;
    lengthPrefix.lastIndex = this.#at;
    const prefix = lengthPrefix.exec(this.#text);
    if (prefix === null) return fault;
    const begin = this.#at + prefix[0].length;
    const end = begin + Number(prefix[1]);
    if (end > this.#text.length) return fault;
    this.#at = end;
    // The library passes over an empty one; here it counts.
    return begin === end ? { type: "noop" } : decode(this.#text.slice(begin, end));
  }
}

function decode(packet: string): EnginePacket {
  const first = packet[0];
  if (first === "b") return { type: "binary" };
  const type = first === undefined || first < "0" || first > "6" ? undefined : types[Number(first)];
  if (type === undefined) return fault;
  return packet.length === 1 ? { type } : { type, data: packet.slice(1) };
}
