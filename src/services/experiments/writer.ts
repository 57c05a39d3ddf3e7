/** Stores what publishers send: names first, then samples, each variable's in its own subject. */
import { isSwitchboardError, type Log, SwitchboardError, type TurnQueue } from "../../kit/index.ts";
import type { ExperimentsConfig } from "./config.ts";
import type { Experiment } from "./experiment.ts";
import { type NewFact, printFact } from "./facts.ts";
import type { Library } from "./library.ts";
import { maxNamesLength, namesFacts, newNames } from "./new-names.ts";
import type { Post, SampleList, Word } from "./post.ts";
import { maxPartBytes, SampleAppends } from "./sample-appends.ts";
import { appendOutput } from "./text-log.ts";
import { demandShort } from "./value-list.ts";

/** What a post counts for beside its values and text. */
const postBytes = 1000;

/** Lists of a part, each of which is an append. */
const maxPartLists = 250;

/** Variables whose last event is read in one turn. */
const maxPartReads = 50;

/** Work for one list beside its text, in units of a turn queue. */
const listUnits = 200;

/**
 * Posts of one experiment are stored one after another on this node. Between nodes, each append of samples is conditional on the
 * variable's last event: the loser reads that and decides again. So nothing is stored twice, wherever a post is sent again.
 */
export class Writer {
  readonly #log: Log;
  readonly #library: Library;
  readonly #config: ExperimentsConfig;
  readonly #turns: TurnQueue;
  readonly #samples: SampleAppends;
  #waitingBytes = 0;

  constructor(library: Library, config: ExperimentsConfig, turns: TurnQueue) {
    this.#log = library.log;
    this.#library = library;
    this.#config = config;
    this.#turns = turns;
    this.#samples = new SampleAppends(library.log, config);
  }

  /** Resolves when every sample of the post that was not stored yet is. A rejected post may be stored in part; sent again it is completed. */
  async store(xid: string, post: Post): Promise<void> {
    let bytes = postBytes;
    for (const { chain, variable, values } of post.lists) {
      this.#demandName(chain);
      this.#demandName(variable);
      bytes += values.size;
    }
    for (const { values } of post.lists) await this.#demandShort(values);
    await this.#inTurn(xid, bytes, (experiment) => this.#store(experiment, post));
  }

  /** Throws `too_large` if a value is too long. */
  async #demandShort({ chunks }: SampleList["values"]): Promise<void> {
    for (const chunk of chunks) {
      demandShort(chunk, this.#config.maxValueBytes);
      const turn = this.#turns.take(listUnits + chunk.text.length / 16);
      if (turn !== undefined) await turn;
    }
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
    await appendOutput(this.#log, experiment, text, this.#config.maxLogBytes, this.#turns);
  }

  async #store(experiment: Experiment, { lists, run }: Post): Promise<void> {
    if (lists.length === 0) return;
    for (;;) {
      await this.#register(experiment, lists);
      const { generation } = experiment;
      // First everything that may refuse it, so that it is not stored in part.
      for (const part of partsOf(lists, maxPartReads)) {
        await this.#turns.take(part.length * listUnits * 10);
        await all(part, (list) => this.#samples.demandRun(experiment, list, run));
      }
      for (const part of partsOf(lists, maxPartLists)) {
        await this.#turns.take(part.length * listUnits);
        await all(part, (list) => this.#samples.append(experiment, list, run));
      }
      // Removed meanwhile: what was stored has gone with it, or is nobody's.
      if (experiment.generation === generation) return;
    }
  }

  /** Resolves when all the variables exist. Many names are stored one part after the other. */
  async #register(experiment: Experiment, lists: readonly SampleList[]): Promise<void> {
    const { maxVariables } = this.#config;
    for (const part of newNames(experiment, lists, maxVariables)) {
      await this.#turns.take(maxNamesLength);
      await this.#state(experiment, () => namesFacts(experiment, part, maxVariables));
    }
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

/** Consecutive lists: at most `maxLists`, and so many as are not too large together. */
function* partsOf(lists: readonly SampleList[], maxLists: number): Generator<SampleList[], void> {
  let part: SampleList[] = [];
  let bytes = 0;
  for (const list of lists) {
    if (part.length === maxLists || (part.length > 0 && bytes + list.values.size > maxPartBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(list);
    bytes += list.values.size;
  }
  if (part.length > 0) yield part;
}
