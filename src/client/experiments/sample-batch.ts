/** Samples that leave in one post: by chain, consecutive iterations of the same variables. Pure. */
import { messageOf, SwitchboardError } from "../../wire/error.ts";
import { RawJson } from "../../wire/raw-json.ts";
import { byteLength } from "../outbox.ts";

/** Values of some variables in consecutive iterations: as many of each. */
export interface Samples {
  /** Variable → its values, printed, with commas between them. */
  readonly lists: ReadonlyMap<string, string>;
  readonly count: number;
  readonly bytes: number;
}

/** Prints them. Throws `bad_message` if there are none, the lists are not of the same length, or hold what is no JSON. */
export function samplesOf(variables: Readonly<Record<string, ArrayLike<unknown>>>): Samples {
  const lists = new Map<string, string>();
  let count: number | undefined;
  let bytes = 0;
  for (const [name, values] of Object.entries(variables)) {
    count ??= values.length;
    if (values.length !== count) {
      throw new SwitchboardError(
        "bad_message",
        `${JSON.stringify(name)} has ${values.length} values and the others ${count}: give one value of each variable for each iteration`,
      );
    }
    const text = Array.from(values, (value) => printValue(name, value)).join(",");
    lists.set(name, text);
    bytes += byteLength(text) + 2 * byteLength(name) + 8;
  }
  if (count === undefined || count === 0)
    throw new SwitchboardError("bad_message", "no samples: give each variable at least one value");
  return { lists, count, bytes };
}

interface ChainPart {
  readonly first: number;
  last: number;
  readonly lists: Map<string, string>;
}

/** The server compares what is sent again by iterations, exactly if each list has one value for each of them: so only such are joined. */
export class SampleBatch {
  readonly #chains = new Map<string, ChainPart>();
  #bytes = 0;

  /** About what its body has. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether samples of that chain can be put behind those that are here. */
  takes(chain: string, { lists }: Samples): boolean {
    const present = this.#chains.get(chain)?.lists;
    return (
      present === undefined ||
      (present.size === lists.size && [...lists.keys()].every((name) => present.has(name)))
    );
  }

  /** Adds samples whose first iteration is `first`: the one behind those that are here of the chain. */
  add(chain: string, first: number, { lists, count, bytes }: Samples): void {
    this.#bytes += bytes;
    const present = this.#chains.get(chain);
    if (present === undefined) {
      this.#chains.set(chain, { first, last: first + count - 1, lists: new Map(lists) });
      this.#bytes += byteLength(chain) * 2 + 80;
      return;
    }
    present.last += count;
    for (const [name, text] of lists) present.lists.set(name, `${present.lists.get(name)},${text}`);
  }

  /** The body of the post. */
  body(batchId: string, runId: string): string {
    const chains = [...this.#chains];
    const vars = chains.map(([chain, { lists }]) => {
      const texts = Array.from(lists, ([name, text]) => `${JSON.stringify(name)}:[${text}]`);
      return `${JSON.stringify(chain)}:{${texts.join(",")}}`;
    });
    // The third is a sequence number of 20 digits, which grows.
    const bounds = chains.map(
      ([chain, { first, last }]) =>
        `${JSON.stringify(chain)}:[${first},${last},1${String(last).padStart(19, "0")}]`,
    );
    const logs = `{"vars":{${vars.join(",")}},"iteration":{${bounds.join(",")}}}`;
    const run = `"batch_id":${JSON.stringify(batchId)},"run_id":${JSON.stringify(runId)}`;
    return `{"payload":{"object_type":"experiment.protobuf_message","logs":${logs},${run}}}`;
  }
}

/** NaN and infinities, which JSON does not have, as the strings that every server delivers them as; a `RawJson` as it is. */
function printValue(name: string, value: unknown): string {
  if (value instanceof RawJson) return value.text;
  let text: string | undefined;
  let why = "";
  try {
    text = JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner,
    );
  } catch (error) {
    // A bigint, or what holds itself.
    why = ` (${messageOf(error)})`;
  }
  if (text !== undefined) return text;
  throw new SwitchboardError(
    "bad_message",
    `a value of ${JSON.stringify(name)} is ${typeof value}${why}: values must be JSON`,
  );
}
