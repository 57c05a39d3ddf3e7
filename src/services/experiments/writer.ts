/** Stores what publishers send: names first, then samples, each variable's in its own subject. */
import { isSwitchboardError, type Log, type NewEvent, SwitchboardError } from "../../kit/index.ts";
import type { ExperimentsConfig } from "./config.ts";
import type { Experiment, Variable } from "./experiment.ts";
import { type NewFact, printFact } from "./facts.ts";
import type { Library } from "./library.ts";
import type { Post, SampleList, Word } from "./post.ts";
import { afterStoring, newSpans, type Run } from "./rules.ts";
import { emptyState, printSamples, stateAfter, type VariableState } from "./sample-event.ts";
import { appendOutput } from "./text-log.ts";

/** Names in one event of the log have no more characters than this together. */
const maxNamesLength = 100_000;

/** A post is stored in parts of about this size, so that one does not fill the engine's queue. */
const maxPartBytes = 16 << 20;

/** What a post counts for beside its values and text. */
const postBytes = 1000;

/** Appends that are under way at once, so that engines over a network are not flooded. */
const maxPartEvents = 2000;

/** What is stored of a variable before anything was. */
const nothingStored = { last: 0, state: emptyState };

/**
 * Posts of one experiment are stored one after another on this node. Between nodes, each append of samples is conditional on the
 * variable's last event: the loser reads that and decides again. So nothing is stored twice, wherever a post is sent again.
 */
export class Writer {
  readonly #log: Log;
  readonly #library: Library;
  readonly #config: ExperimentsConfig;
  #waitingBytes = 0;

  constructor(library: Library, config: ExperimentsConfig) {
    this.#log = library.log;
    this.#library = library;
    this.#config = config;
  }

  /** Resolves when every sample of the post that was not stored yet is. A rejected post may be stored in part; sent again it is completed. */
  async store(xid: string, post: Post): Promise<void> {
    let bytes = postBytes;
    for (const { chain, variable, values } of post.lists) {
      for (const name of [chain, variable]) this.#demandName(name);
      values.demandShort(this.#config.maxValueBytes);
      bytes += values.size;
    }
    await this.#inTurn(xid, bytes, (experiment) => this.#store(experiment, post));
  }

  /** Resolves when they are stored, in order. */
  async say(xid: string, words: readonly Word[]): Promise<void> {
    const long = words.find(
      (word) =>
        word.say === "error" && Buffer.byteLength(word.data.text) > this.#config.maxValueBytes,
    );
    if (long !== undefined)
      throw new SwitchboardError(
        "too_large",
        "the error is over services.experiments.maxValueBytes: say less",
      );
    const bytes = words.reduce(
      (sum, word) => sum + (word.say === "output" ? word.text.length : 0),
      postBytes,
    );
    await this.#inTurn(xid, bytes, async (experiment) => {
      for (const word of words) {
        if (word.say === "finish") await this.#state(experiment, () => [{ fact: "finish" }]);
        else if (word.say === "error")
          await this.#state(experiment, () => [{ fact: "error", text: word.data.text }]);
        else await this.#write(experiment, word.text);
      }
    });
  }

  /** Removes the experiment's facts, and with them all of it; what is left over is swept away by `sweep`. False if there was none. */
  async remove(xid: string): Promise<boolean> {
    return await this.#inTurn(xid, postBytes, async (experiment) => {
      if (!experiment.isKnown) return false;
      const { offset } = await this.#log.purge(experiment.facts);
      await this.#log.caughtUp(offset);
      return true;
    });
  }

  /** Runs behind the experiment's earlier posts. `bytes`: what waits with it. */
  async #inTurn<T>(
    xid: string,
    bytes: number,
    work: (experiment: Experiment) => Promise<T>,
  ): Promise<T> {
    const { maxWaitingBytes } = this.#config;
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > maxWaitingBytes) {
      throw new SwitchboardError(
        "over_capacity",
        `${this.#waitingBytes} bytes wait to be stored (services.experiments.maxWaitingBytes): try again later`,
      );
    }
    this.#waitingBytes += bytes;
    try {
      return await this.#library.use(xid, async (experiment) => {
        const running = experiment.tail.then(() => work(experiment));
        experiment.tail = running.then(
          () => {},
          () => {},
        );
        return await running;
      });
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  async #write(experiment: Experiment, text: string): Promise<void> {
    if (!experiment.isKnown)
      await this.#state(experiment, ({ isKnown }) => (isKnown ? [] : [{ fact: "opened" }]));
    await appendOutput(this.#log, experiment, text, this.#config.maxLogBytes);
  }

  async #store(experiment: Experiment, { lists, run }: Post): Promise<void> {
    if (lists.length === 0) return;
    for (;;) {
      await this.#register(experiment, lists);
      const { generation } = experiment;
      const parts = partsOf(lists);
      // First everything that may refuse it, so that it is not stored in part.
      for (const part of parts) await all(part, (list) => this.#demandRun(experiment, list, run));
      for (const part of parts) await all(part, (list) => this.#append(experiment, list, run));
      // Removed meanwhile: what was stored has gone with it, or is nobody's.
      if (experiment.generation === generation) return;
    }
  }

  async #demandRun(
    experiment: Experiment,
    { chain, variable, bounds }: SampleList,
    run: string,
  ): Promise<void> {
    const known = experiment.variable(chain, variable);
    if (known === undefined) return;
    known.stored ??= await this.#read(known);
    const { runs } = known.stored.state;
    const { maxRuns } = this.#config;
    if (bounds === undefined || Object.hasOwn(runs, run) || Object.keys(runs).length < maxRuns)
      return;
    throw new SwitchboardError(
      "over_capacity",
      `${JSON.stringify(variable)} has samples of ${maxRuns} runs (services.experiments.maxRuns)`,
    );
  }

  async #append(experiment: Experiment, list: SampleList, run: string): Promise<void> {
    const variable = experiment.variable(list.chain, list.variable);
    // Undefined: the experiment was removed meanwhile.
    while (variable !== undefined) {
      const { last, state } = variable.stored ?? (await this.#read(variable));
      const { events, after } = this.#decide(state, list, run);
      if (events.length === 0) {
        variable.stored = { last, state };
        return;
      }
      // Until it is known what became of the append.
      variable.stored = undefined;
      try {
        const appended = await this.#log.append(variable.subject, events, { expect: last });
        variable.stored = { last: appended.at(-1)?.offset ?? last, state: after };
        return;
      } catch (error) {
        if (!isSwitchboardError(error, "log_conflict")) throw error;
      }
    }
  }

  #decide(
    before: VariableState,
    { values, bounds }: SampleList,
    run: string,
  ): { readonly events: readonly NewEvent[]; readonly after: VariableState } {
    const { maxValueBytes } = this.#config;
    const events: NewEvent[] = [];
    let after = before;
    const known: Run | undefined = Object.hasOwn(before.runs, run) ? before.runs[run] : undefined;
    const spans =
      bounds === undefined
        ? [{ from: 0, to: values.length }]
        : newSpans(known, bounds, values.length);
    for (const span of spans) {
      for (const { from, to, text } of values.pieces(span, maxValueBytes)) {
        const index = after.next;
        const runs =
          bounds === undefined
            ? after.runs
            : {
                ...after.runs,
                [run]: afterStoring(after.runs[run], bounds, values.length, { from, to }),
              };
        after = { next: index + to - from, runs };
        events.push({ data: printSamples({ index, count: to - from, text }, after) });
      }
    }
    return { events, after };
  }

  async #read({ subject }: Variable): Promise<NonNullable<Variable["stored"]>> {
    const last = await this.#log.last(subject);
    if (last === 0) return nothingStored;
    const [event] = (await this.#log.read(subject, last - 1, { limit: 1, upTo: last })).events;
    return event === undefined || event.purged
      ? { last, state: emptyState }
      : { last, state: stateAfter(event.data) };
  }

  /** Resolves when all the variables exist. */
  async #register(experiment: Experiment, lists: readonly SampleList[]): Promise<void> {
    await this.#state(experiment, () => {
      const fresh = new Map<string, Set<string>>();
      for (const { chain, variable } of lists) {
        if (experiment.variable(chain, variable) !== undefined) continue;
        const names = fresh.get(chain);
        if (names === undefined) fresh.set(chain, new Set([variable]));
        else names.add(variable);
      }
      let count = experiment.variables.length;
      for (const names of fresh.values()) count += names.size;
      const { maxVariables } = this.#config;
      if (count > maxVariables && fresh.size > 0) {
        throw new SwitchboardError(
          "over_capacity",
          `an experiment has at most ${maxVariables} variables (services.experiments.maxVariables)`,
        );
      }
      return [...fresh].flatMap(([chain, names]) =>
        inParts(names).map((part): NewFact => ({ fact: "variables", chain, names: part })),
      );
    });
  }

  /** Stores facts on condition that all earlier ones are known here; after a conflict they are asked for again. */
  async #state(
    experiment: Experiment,
    decide: (experiment: Experiment) => readonly NewFact[],
  ): Promise<void> {
    for (;;) {
      const facts = decide(experiment);
      if (facts.length === 0) return;
      let total = experiment.variables.length;
      let finished = experiment.finished;
      const events = facts.map((fact) => {
        if (fact.fact === "variables") total += fact.names.length;
        finished ||= fact.fact === "finish";
        return { data: printFact(fact, total, finished) };
      });
      try {
        const appended = await this.#log.append(experiment.facts, events, {
          expect: experiment.last,
        });
        await this.#log.caughtUp(appended.at(-1)?.offset ?? 0);
        return;
      } catch (error) {
        if (!isSwitchboardError(error, "log_conflict")) throw error;
        await this.#log.caughtUp(Number(error.details.last));
      }
    }
  }

  #demandName(name: string): void {
    const { maxNameLength } = this.#config;
    if (name.length <= maxNameLength) return;
    throw new SwitchboardError(
      "bad_message",
      `a name has ${name.length} characters, at most ${maxNameLength} are taken (services.experiments.maxNameLength)`,
    );
  }
}

/** Does `work` for all of them at once; rejects with the first failure when none is under way any more. */
async function all(
  lists: readonly SampleList[],
  work: (list: SampleList) => Promise<void>,
): Promise<void> {
  for (const done of await Promise.allSettled(lists.map(work)))
    if (done.status === "rejected") throw done.reason;
}

/** Consecutive lists, so many at once. */
function partsOf(lists: readonly SampleList[]): SampleList[][] {
  const parts: SampleList[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const list of lists) {
    const part = parts.at(-1);
    if (
      part === undefined ||
      bytes + list.values.size > maxPartBytes ||
      part.length >= maxPartEvents
    ) {
      parts.push([list]);
      bytes = list.values.size;
    } else {
      part.push(list);
      bytes += list.values.size;
    }
  }
  return parts;
}

function inParts(names: Iterable<string>): string[][] {
  const parts: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const name of names) {
    if (length + name.length > maxNamesLength) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push(name);
    length += name.length + 3;
  }
  return parts;
}
