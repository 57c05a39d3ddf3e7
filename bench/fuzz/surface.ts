/** What a run may address: the contracts, the words, and the tokens of the server under test. */
import type { ServiceContract } from "./contracts.ts";
import type { Random } from "./random.ts";
import { ValueMaker } from "./schema-value.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Bad tokens: of the right shape, of another kind, and no token at all. */
const badTokens = ["swb_0000000000000000000000", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "", "x"];

export class Surface {
  readonly services: readonly ServiceContract[];
  readonly words: Vocabulary;
  /** A token with all roles. Undefined where auth is off. */
  readonly #token: string | undefined;

  constructor(services: readonly ServiceContract[], token: string | undefined) {
    this.services = services;
    this.#token = token;
    this.words = new Vocabulary(
      token === undefined ? badTokens : [token, token, token, ...badTokens],
    );
  }

  service(name: string): ServiceContract {
    const found = this.services.find((service) => service.name === name);
    if (found === undefined) throw new Error(`the server has no service ${name}`);
    return found;
  }

  /** Makes values from these random choices. */
  maker(random: Random): ValueMaker {
    return new ValueMaker(random, this.words);
  }

  /** Usually the good token, where there is one; sometimes a bad one or none. */
  tokenFor(random: Random): string | undefined {
    if (random.chance(0.8)) return this.#token;
    return random.chance(0.5) ? undefined : random.pick(badTokens);
  }

  /** The path with its parameters replaced by ids, percent-encoded. */
  fill(path: string, random: Random): string {
    return path.replace(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(this.words.wordFor(name, random)),
    );
  }
}
