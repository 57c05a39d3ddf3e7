/** What publishers send, taken apart and checked as a whole, before anything of it is stored. Pure. */
import {
  KeptList,
  type ListChunk,
  RawJson,
  type RawTree,
  rawElements,
  rawTree,
  SwitchboardError,
  type TurnQueue,
} from "../../kit/index.ts";
import { defaultChain } from "./contract.ts";
import type { Bounds } from "./rules.ts";
import { digest } from "./subjects.ts";
import { ValueList } from "./value-list.ts";

/** Values of one variable. */
export interface SampleList {
  readonly chain: string;
  readonly variable: string;
  readonly values: ValueList;
  /** Which iterations they are of, where that was said: only then can a repetition be told. */
  readonly bounds?: Bounds;
}

/** Samples that are stored and acknowledged together. */
export interface Post {
  readonly lists: readonly SampleList[];
  /** Who published them: batch_id and run_id. */
  readonly run: string;
}

/** Something else that a publisher says. */
export type Word =
  | { readonly say: "output"; readonly text: string }
  | { readonly say: "error"; readonly data: RawJson }
  | { readonly say: "finish" };

type Json = Readonly<Record<string, unknown>>;

/** Work for one entry of a frame beside its text, in units of a turn queue. */
const entryUnits = 200;

/**
 * The samples in the body of an HTTP post. `text` is the body's; lists of a large body come as
 * `KeptList`s, and their text is not looked at. Throws `bad_message`.
 */
export function postOf(payload: Json, text: string): Post {
  const logs = record(payload.logs, "payload.logs");
  const vars = record(logs.vars, "payload.logs.vars");
  const iteration = record(logs.iteration ?? {}, "payload.logs.iteration");
  let raw: RawTree | undefined;
  const textOf = (chain: string, variable: string): string => {
    raw ??= inside(inside(inside(rawTree(text, 5), "payload"), "logs"), "vars");
    return String(inside(raw, chain).get(variable));
  };
  const lists = Object.entries(vars).flatMap(([chain, inChain]) => {
    const variables = Object.entries(
      record(inChain, `payload.logs.vars: chain ${JSON.stringify(chain)}`),
    );
    const bounds = boundsOf(own(iteration, chain), chain);
    return variables.map(([variable, list]): SampleList => {
      const values = valuesOf(variable, list, () => textOf(chain, variable));
      if (values.length > 0 && bounds.last < bounds.first)
        throw bad(`iteration of ${JSON.stringify(chain)} ends before it begins`);
      return { chain, variable, values, bounds };
    });
  });
  return { lists, run: digest(JSON.stringify([payload.batch_id ?? null, payload.run_id ?? null])) };
}

/** The words in the body of an HTTP post. Throws `bad_message`. Messages that are none of ours are passed over. */
export function wordsOf(payload: Json, text: string): readonly Word[] {
  if (!Array.isArray(payload.datas)) throw bad("payload.datas is no list");
  const raw = inside(rawTree(text, 2), "payload").get("datas");
  const texts = rawElements(String(raw));
  return payload.datas.flatMap((data: unknown, nth): readonly Word[] => {
    const message = record(
      record(data, `payload.datas: entry ${nth}`).message,
      `payload.datas: the message of entry ${nth}`,
    );
    const word = wordOf(message, () =>
      String(inside(rawTree(texts[nth] ?? "", 2), "message").get("data")),
    );
    return word === undefined ? [] : [word];
  });
}

/**
 * The samples in a frame; `text` is the frame's, without the lists that are kept. Rejects with
 * `bad_message`.
 */
export async function framePost(data: unknown, text: string, turns: TurnQueue): Promise<Post> {
  const raw = rawTree(text, 1).get("data");
  if (data === null || data === undefined) return { lists: [], run: "" };
  if (Array.isArray(data))
    return { lists: await listsOf(data, rawElements(String(raw)), turns), run: "" };
  // An older logger's: its own envelope inside ours.
  const inner = record(data, "data").data ?? null;
  if (inner === null) return { lists: [], run: "" };
  if (!Array.isArray(inner)) throw bad("data.data is no list");
  const texts = rawElements(String(rawTree(String(raw), 1).get("data")));
  return { lists: await listsOf(inner, texts, turns), run: "" };
}

async function listsOf(
  items: readonly unknown[],
  texts: readonly string[],
  turns: TurnQueue,
): Promise<readonly SampleList[]> {
  const lists = new Map<string, { chain: string; variable: string; chunks: ListChunk[] }>();
  const add = (chain: string, variable: string, { chunks }: Pick<ValueList, "chunks">) => {
    const key = JSON.stringify([chain, variable]);
    const before = lists.get(key);
    if (before === undefined) lists.set(key, { chain, variable, chunks: [...chunks] });
    else for (const chunk of chunks) before.chunks.push(chunk);
  };
  for (const [nth, of] of items.entries()) {
    const item = record(of, `data: entry ${nth}`);
    const text = texts[nth] ?? "";
    const turn = turns.take(entryUnits + text.length);
    if (turn !== undefined) await turn;
    if (
      typeof item.data === "object" &&
      (item.chain === undefined || typeof item.chain === "string")
    ) {
      const values = inside(rawTree(text, 2), "data");
      for (const [variable, list] of Object.entries(
        record(item.data, `data: the data of entry ${nth}`),
      )) {
        const textOf = () => String(values.get(variable));
        add(item.chain ?? defaultChain, variable, valuesOf(variable, list, textOf));
      }
    } else {
      // The older logger's: one value of each variable.
      for (const [variable, value] of rawTree(text, 1))
        add(defaultChain, variable, { chunks: [{ text: String(value), count: 1 }] });
    }
  }
  return Array.from(lists.values(), ({ chain, variable, chunks }) => ({
    chain,
    variable,
    values: new ValueList(chunks),
  }));
}

/** Undefined for a message that is none of ours. `raw`: the text of its data. */
function wordOf({ action, type, data }: Json, raw: () => string): Word | undefined {
  const name = typeof action === "string" ? action : type;
  if (name === "experiment:output") {
    if (typeof data !== "string") throw bad("the data of an experiment:output is no string");
    return { say: "output", text: data };
  }
  if (name === "experiment:error")
    return { say: "error", data: new RawJson(data === undefined ? "null" : raw()) };
  if (name === "experiment:finish" || (name === "experiment:control" && data === "finish"))
    return { say: "finish" };
  return undefined;
}

/** `list`: as it was parsed, or kept. `text`: its text, if it was parsed. */
function valuesOf(variable: string, list: unknown, text: () => string): ValueList {
  if (list instanceof KeptList) return new ValueList(list.chunks);
  if (Array.isArray(list)) return ValueList.parsed(text(), list.length);
  throw bad(`the values of ${JSON.stringify(variable)} are no list`);
}

function boundsOf(iteration: unknown, chain: string): Bounds {
  const [first, last] = Array.isArray(iteration) ? iteration : [];
  if (isIteration(first) && isIteration(last)) return { first, last };
  throw bad(
    `payload.logs.iteration of ${JSON.stringify(chain)} must be [first, last], whole numbers`,
  );
}

function isIteration(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function record(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw bad(`${what} is no object`);
}

function own(of: Json, key: string): unknown {
  return Object.hasOwn(of, key) ? of[key] : undefined;
}

function inside(tree: RawTree, key: string): RawTree {
  const inner = tree.get(key);
  return inner === undefined || typeof inner === "string" ? new Map() : inner;
}

function bad(problem: string): SwitchboardError {
  return new SwitchboardError("bad_message", problem);
}
