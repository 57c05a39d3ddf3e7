/** The summaries of experiments, computed in one worker thread beside the event loop. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, SwitchboardError } from "../../kit/index.ts";
import type { VariableSummary } from "./diagnostics.ts";
import { SummaryThread } from "./summary-thread.ts";

/** The draws of one variable, chain by chain. May grow while it is read; what is there must not change. */
type Chains = readonly (readonly number[])[];

/** The variables of an experiment by name. Called when the turn has come, so that what it gives is new. */
export type LoadVariables = () => Promise<ReadonlyMap<string, Chains>>;

export interface SummariesParts {
  readonly clock: Clock;
  /** So many keys may wait for their turn; a request for one more is refused with `over_capacity`. */
  readonly maxWaitingKeys: number;
}

interface Request {
  load: LoadVariables;
  readonly answer: Promise<Record<string, VariableSummary>>;
  resolve(summaries: Record<string, VariableSummary>): void;
  reject(error: unknown): void;
}

/** Copying gives way to the event loop after so long; twice this and a piece is the longest that it can hold it. */
const copySliceMs = 4;
/** The clock is read once for so many copied draws: some 10 µs. */
const copyPieceDraws = 8_192;
/** So many variables are copied or computed at a time: the thread has the next when it is done with one, and memory stays bounded. */
const variablesUnderWay = 2;

/**
 * One thread for all keys, started at the first request. Requests take their turn one after the other, keys in the order in which they began
 * to wait. Of one key at most one is computed and one waits: a request while one waits takes its place, and both get the newer one's result.
 *
 * The event loop only copies draws, in slices of a few milliseconds.
 */
export class Summaries {
  readonly #clock: Clock;
  readonly #maxWaitingKeys: number;
  readonly #waiting = new Map<string, Request>();
  #current: Request | undefined;
  #thread: SummaryThread | undefined;
  #stopped = false;
  #sliceBeganMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SummariesParts) {
    this.#clock = parts.clock;
    this.#maxWaitingKeys = parts.maxWaitingKeys;
  }

  /**
   * The summary of every variable that `load` gives, in its order. `load` is not called if a newer request of the same key comes before its turn;
   * it must settle, since all others wait for it. Rejects with what `load` rejects with; `internal` if the thread crashed (the next
   * request starts a new one); `over_capacity` if too many keys wait; `draining` after `stop`.
   */
  request(key: string, load: LoadVariables): Promise<Record<string, VariableSummary>> {
    if (this.#stopped) return Promise.reject(stopped());
    const older = this.#waiting.get(key);
    if (older !== undefined) {
      older.load = load;
      return older.answer;
    }
    if (this.#waiting.size >= this.#maxWaitingKeys) {
      const message = `the summaries of ${this.#waiting.size} other experiments are waiting to be computed; ask again later`;
      return Promise.reject(new SwitchboardError("over_capacity", message));
    }
    const request = newRequest(load);
    this.#waiting.set(key, request);
    if (this.#current === undefined) void this.#run();
    return request.answer;
  }

  /** Ends the thread. Everything that is under way or waits is rejected with `draining`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const request of [this.#current, ...this.#waiting.values()]) request?.reject(stopped());
    this.#waiting.clear();
    await this.#thread?.stop();
  }

  /** Takes one request after the other until none waits. Never rejects. */
  async #run(): Promise<void> {
    for (const [key, request] of this.#waiting) {
      this.#waiting.delete(key);
      this.#current = request;
      try {
        request.resolve(await this.#compute(await request.load()));
      } catch (error) {
        request.reject(error);
      }
    }
    this.#current = undefined;
  }

  async #compute(variables: ReadonlyMap<string, Chains>): Promise<Record<string, VariableSummary>> {
    if (this.#stopped) throw stopped();
    if (this.#thread === undefined || this.#thread.ended) this.#thread = new SummaryThread();
    const thread = this.#thread;
    const summaries: [name: string, summary: VariableSummary][] = [];
    const remaining = [...variables].entries();
    const takeTurns = async (): Promise<void> => {
      for (const [index, [name, chains]] of remaining)
        summaries[index] = [name, await thread.summarise(await this.#copy(chains))];
    };
    await Promise.all(Array.from({ length: variablesUnderWay }, takeTurns));
    return Object.fromEntries(summaries);
  }

  /** The draws that were there at the call, as arrays of their own. */
  async #copy(chains: Chains): Promise<Float64Array<ArrayBuffer>[]> {
    const copies = chains.map((chain) => new Float64Array(chain.length));
    for (const [index, copy] of copies.entries()) {
      const chain = chains[index] ?? [];
      for (let begin = 0; begin < copy.length; begin += copyPieceDraws) {
        await this.#giveWay();
        const end = Math.min(begin + copyPieceDraws, copy.length);
        for (let k = begin; k < end; k++) copy[k] = chain[k] ?? Number.NaN;
      }
    }
    return copies;
  }

  /** Lets the event loop turn if it has been held for a slice. */
  async #giveWay(): Promise<void> {
    if (this.#clock.monotonic() - this.#sliceBeganMs < copySliceMs) return;
    await nextTurn();
    this.#sliceBeganMs = this.#clock.monotonic();
  }
}

function newRequest(load: LoadVariables): Request {
  let resolve: Request["resolve"] = () => {};
  let reject: Request["reject"] = () => {};
  const answer = new Promise<Record<string, VariableSummary>>((...settle) => {
    [resolve, reject] = settle;
  });
  return { load, answer, resolve, reject };
}

function stopped(): SwitchboardError {
  return new SwitchboardError(
    "draining",
    "summaries are not computed any more, the server is leaving; ask again when it is back",
  );
}
