/** The text of one message of a service: valid, changed in structure, changed in bytes, or a known shape. */
import { mutateBytes } from "./byte-mutation.ts";
import type { MessageContract, ServiceContract } from "./contracts.ts";
import { mutate, print } from "./json-mutation.ts";
import { knownShape, shapeLength } from "./known-shapes.ts";
import type { Random } from "./random.ts";
import type { Surface } from "./surface.ts";

/** How the fuzzed inputs are divided. */
const kinds = { valid: 34, structure: 46, bytes: 16, shape: 1 } as const;

export class MessageText {
  readonly #service: ServiceContract;
  readonly #surface: Surface;
  readonly #random: Random;

  constructor(service: ServiceContract, surface: Surface, random: Random) {
    this.#service = service;
    this.#surface = surface;
    this.#random = random;
  }

  /** A valid message; `name`: which, by default any. */
  valid(name?: string): string {
    return print(this.value(this.#message(name)));
  }

  /** Any kind of message, as its bytes. */
  any(): Buffer {
    const random = this.#random;
    const value = this.value(this.#message(undefined));
    switch (random.weighted(kinds)) {
      case "valid":
        return Buffer.from(print(value));
      case "structure":
        return Buffer.from(print(mutate(value, random)));
      case "bytes":
        return mutateBytes(Buffer.from(print(value)), random, Buffer.from(this.valid()));
      case "shape":
        return Buffer.from(this.#shaped(value));
    }
  }

  /** A valid message's value, with the member that names it. */
  value(message: MessageContract): Record<string, unknown> {
    const fields = this.#surface.maker(this.#random).valueOf(message.schema);
    return { ...message.named, ...(typeof fields === "object" ? fields : {}) };
  }

  /** One of the known shapes in the place of a member, or of the whole message. */
  #shaped(value: Readonly<Record<string, unknown>>): string {
    const { text } = knownShape(this.#random, shapeLength(this.#random));
    const names = Object.keys(value);
    if (names.length === 0 || this.#random.chance(0.2)) return text;
    const replaced = this.#random.pick(names);
    const members = names.map(
      (name) => `${JSON.stringify(name)}:${name === replaced ? text : print(value[name])}`,
    );
    return `{${members.join(",")}}`;
  }

  #message(name: string | undefined): MessageContract {
    const { in: messages } = this.#service;
    return messages.find((message) => message.name === name) ?? this.#random.pick(messages);
  }
}
