/** What requesters do: load studies, mark bonuses as paid, delete workers. */
import { type Log, SwitchboardError } from "../../kit/index.ts";
import type { Book } from "./book.ts";
import type { CrowdConfig } from "./config.ts";
import {
  type CrowdEvent,
  type Sentence,
  studySubject,
  workerRef,
  workerSubject,
} from "./crowd-event.ts";
import type { Decisions } from "./decisions.ts";
import { bonusOf } from "./results.ts";
import type { Bonus, Study, Unit } from "./study.ts";

/** A study to load. */
export interface NewStudy {
  readonly id: string;
  readonly sentences: readonly Sentence[];
  readonly max_cads: number;
  readonly sentences_per_ranking: number;
  readonly rankings_per_original: number;
}

/** What there was of a worker. */
export interface Deleted {
  readonly units: number;
  readonly feedback: number;
}

/** Of the sentences of one event; an event of up to 1 MiB fits into every store, and a character takes up to 3 bytes. */
const maxEventLength = 200_000;

export class Studies {
  readonly #log: Log;
  readonly #book: Book;
  readonly #decisions: Decisions;
  readonly #config: CrowdConfig;

  constructor(log: Log, book: Book, decisions: Decisions, config: CrowdConfig) {
    this.#log = log;
    this.#book = book;
    this.#decisions = decisions;
    this.#config = config;
  }

  /** A study by its id; also one that another node has just loaded. Rejects with `not_found`. */
  async study(id: string): Promise<Study> {
    if (!this.#book.studies.has(id))
      await this.#log.caughtUp(await this.#log.last(studySubject(id)));
    const study = this.#book.studies.get(id);
    if (study === undefined) throw new SwitchboardError("not_found", `no study is called ${id}`);
    return study;
  }

  /** Stores a study whole, or so that it can be loaded again. Rejects with `conflict` if there is one of that id. */
  async load(study: NewStudy): Promise<Study> {
    const events = eventsOf(study, this.#config);
    await this.#decisions.take(studySubject(study.id), () => {
      if (this.#book.studies.has(study.id)) {
        throw new SwitchboardError(
          "conflict",
          `there is a study ${study.id}: load this one under another id`,
        );
      }
      if (this.#book.studies.size >= this.#config.maxStudies) {
        throw new SwitchboardError(
          "over_capacity",
          `${this.#config.maxStudies} studies are loaded (services.crowd.maxStudies)`,
        );
      }
      return { events, result: undefined };
    });
    return await this.study(study.id);
  }

  /** Marks a unit's bonus as paid; what was paid stays. Rejects with `not_found` if none is due. */
  async pay(id: string, unitId: string): Promise<Bonus> {
    const study = await this.study(id);
    await this.#decisions.take(studySubject(id), () => {
      const { unit, bonus } = bonusAt(study, unitId);
      if (unit.paid !== undefined) return { events: [], result: undefined };
      return {
        events: [{ type: "paid" as const, unit: unitId, kind: bonus.kind, share: bonus.share }],
        result: undefined,
      };
    });
    return bonusAt(study, unitId).bonus;
  }

  /**
   * Deletes what the worker has stored, from the log too, in one step. A hash of the worker's id stays with the decisions about units
   * that were the worker's, and with the deletion.
   */
  async deleteWorker(name: string): Promise<Deleted> {
    const ref = workerRef(name);
    const subject = workerSubject(ref);
    // What another node has stored last must not be missing in the answer.
    await this.#log.caughtUp(await this.#log.last(subject));
    const worker = this.#book.worker(ref);
    if (worker === undefined) return { units: 0, feedback: 0 };
    const deleted = {
      units: worker.agents.filter((agent) => agent.unit.agent === agent).length,
      feedback: worker.feedback.length,
    };
    const { offset } = await this.#log.purge(subject);
    await this.#log.caughtUp(offset);
    return deleted;
  }
}

function bonusAt(study: Study, unitId: string): { unit: Unit; bonus: Bonus } {
  const unit = study.units.get(unitId);
  const bonus = unit === undefined ? undefined : bonusOf(unit);
  if (unit === undefined)
    throw new SwitchboardError(
      "not_found",
      `study ${study.id} has no unit ${unitId.slice(0, 100)}`,
    );
  if (bonus === undefined)
    throw new SwitchboardError(
      "not_found",
      `no bonus is due for unit ${unitId}: see GET /crowd/studies/${study.id}/bonuses`,
    );
  return { unit, bonus };
}

function eventsOf(study: NewStudy, { maxSentences, maxTextLength }: CrowdConfig): CrowdEvent[] {
  const { id, sentences, max_cads, sentences_per_ranking, rankings_per_original } = study;
  if (sentences.length > maxSentences) {
    throw new SwitchboardError(
      "too_large",
      `the study has ${sentences.length} sentences, at most ${maxSentences} are taken (services.crowd.maxSentences)`,
    );
  }
  const ids = new Set<string>();
  const events: CrowdEvent[] = [
    { type: "loading", id, max_cads, sentences_per_ranking, rankings_per_original },
  ];
  let chunk: Sentence[] = [];
  let length = 0;
  const flush = () => {
    if (chunk.length > 0) events.push({ type: "sentences", sentences: chunk });
    chunk = [];
    length = 0;
  };
  for (const sentence of sentences) {
    if (ids.has(sentence.original_id))
      throw new SwitchboardError(
        "bad_message",
        `two sentences have the original_id ${sentence.original_id}`,
      );
    ids.add(sentence.original_id);
    const longest = Math.max(sentence.original.length, ...sentence.cads.map((cad) => cad.length));
    const own = JSON.stringify(sentence).length;
    if (longest > maxTextLength || own > maxEventLength) {
      const rule = `a text at most ${maxTextLength} characters (services.crowd.maxTextLength), a sentence with its CADs ${maxEventLength}`;
      throw new SwitchboardError(
        "too_large",
        `the sentence ${sentence.original_id} is too long: ${rule}`,
      );
    }
    if (length + own > maxEventLength) flush();
    chunk.push(sentence);
    length += own;
  }
  flush();
  return [...events, { type: "loaded" }];
}
