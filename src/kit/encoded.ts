/** A message on its way out: made once, however many connections get it. */
import type { Contract } from "../contract/index.ts";

/**
 * One outgoing message. What a transport makes of it (the text, the frame) is kept here, so that it is made once for all
 * receivers; two transports never share one, since a service speaks through one transport.
 */
export class Encoded {
  readonly name: string;
  readonly payload: object;
  /** Messages with one key replace each other while a client is behind; null: every one must arrive. */
  readonly latestKey: string | null;
  /** The bytes that go to a WebSocket, kept by its transport. */
  frame: Uint8Array | undefined;
  readonly #print: () => string;
  #text: string | undefined;
  #bytes: number | undefined;

  constructor(name: string, payload: object, latestKey: string | null, print: () => string) {
    this.name = name;
    this.payload = payload;
    this.latestKey = latestKey;
    this.#print = print;
  }

  /** The JSON text (or bare word) of the message. */
  get text(): string {
    this.#text ??= this.#print();
    return this.#text;
  }

  /** What it counts for in a queue: its text in UTF-8. The same at every call, so that a queue can take off what it has added. */
  get bytes(): number {
    this.#bytes ??= Buffer.byteLength(this.text);
    return this.#bytes;
  }
}

/** Encodes message `name` of `contract`. The payload is not validated here: it comes from our own typed code. */
export function encode(contract: Contract, name: string, payload: object): Encoded {
  const message = contract.out[name];
  if (message === undefined)
    throw new TypeError(`${contract.name} declares no outgoing message "${name}"`);
  const latestKey =
    message.delivery === "all" ? null : `${name}\u0000${message.key?.(payload) ?? ""}`;
  const text = message.text;
  const codec = contract.codec;
  const print =
    text !== undefined
      ? () => text
      : codec
        ? () => codec.print(name, payload)
        : () => JSON.stringify(payload);
  return new Encoded(name, payload, latestKey, print);
}
