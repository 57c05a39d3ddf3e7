/** A worker whose page speaks the messages as they stand, and which loses its connection now and then in the middle of a unit. */
import { Changes } from "../changes.ts";
import type { Participant } from "../participant.ts";
import type { Random } from "../random.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { type Message, TextLink } from "../text-link.ts";
import { count } from "../words.ts";
import { CrowdWork, type UnitResult, type UnitTask } from "./crowd-work.ts";
import type { StudyRun } from "./study-run.ts";

/** Between two questions for a unit, where there was none. */
const askAgainMs = 1000;

/** How often, of 1, it loses its connection at a unit. */
const dropShare = 0.25;

/** A unit as it comes; `draft` is what was saved of it. */
type Unit = UnitTask & { readonly unit: string; readonly draft?: unknown };

export class PlainWorker implements Participant {
  readonly name: string;
  readonly worker: string;
  readonly work: CrowdWork;
  readonly #setting: Setting;
  readonly #changes: Changes;
  #link: TextLink | undefined;
  /** The answer to the last `get_unit`: null if there is nothing to do, undefined before it comes. */
  #unit: Unit | null | undefined;
  #submitted: unknown;
  #stats: unknown;
  #resumed = 0;

  constructor(worker: string, setting: Setting, random: Random) {
    this.name = `worker ${worker}`;
    this.worker = worker;
    this.work = new CrowdWork(setting, random);
    this.#setting = setting;
    this.#changes = new Changes(setting.clock);
  }

  /** Works at one unit after another until the study or the setting is over. Rejects if the server does not answer. */
  async workAt(study: StudyRun): Promise<void> {
    await this.#open(study);
    while (!study.isOver && !this.#setting.ending) {
      const unit = await this.#nextUnit();
      if (unit !== null) await this.#complete(study, unit);
      else {
        study.nothingFor(this.worker);
        await this.#setting.pause(askAgainMs);
      }
    }
    await this.#link?.leave();
  }

  saw(): string {
    return `${this.work.saw()}${this.#resumed === 0 ? "" : `; found its draft after ${count(this.#resumed, "lost connection")}`}`;
  }

  missed(): readonly string[] {
    return this.work.expected.missed();
  }

  async #open(study: StudyRun): Promise<void> {
    this.#link = await TextLink.open(
      `${this.#setting.wsUrl}/crowd?worker=${encodeURIComponent(this.worker)}&study=${study.id}`,
      {
        message: (message) => {
          if (message !== undefined) this.#take(message);
          this.#changes.notify();
        },
        lost: (code, reason) =>
          this.work.expected.fault(`the connection was closed with ${code} ${reason}`),
      },
    );
  }

  /** Throws if no answer comes: there is nothing that the worker could do then. */
  async #nextUnit(): Promise<Unit | null> {
    this.#unit = undefined;
    this.#link?.send({ message: "get_unit" });
    await this.#changes.until(() => this.#unit !== undefined, answerDeadlineMs);
    if (this.#unit === undefined)
      throw new Error(`worker ${this.worker} asked for a unit and got no answer`);
    return this.#unit;
  }

  async #complete(study: StudyRun, unit: Unit): Promise<void> {
    await this.work.think();
    const result = this.work.do(unit);
    if ("cad" in result) this.#link?.send({ message: "set_cad", cad: result.cad });
    if ("permutation" in result)
      this.#link?.send({ message: "set_permutation", permutation: result.permutation });
    if (!("explanation" in result) && this.work.feelsLikeIt(dropShare))
      await this.#dropAndResume(study, unit, result);
    await this.work.think();
    // What is drafted is submitted; a skip has no draft.
    const submitted = `the answer to submitting unit ${unit.unit}`;
    this.work.expected.due(submitted);
    this.#link?.send({ message: "submit", ...("explanation" in result ? result : {}) });
    if (await this.#changes.until(() => this.#submitted === unit.unit, answerDeadlineMs))
      this.work.expected.seen(submitted);
    this.work.completed(result);
    study.completed(this.worker, unit, result);

    const stats = `the right numbers after unit ${unit.unit}`;
    this.work.expected.due(stats);
    this.#link?.send({ message: "get_worker_stats" });
    if (await this.#changes.until(() => this.work.isRight(this.#stats), answerDeadlineMs))
      this.work.expected.seen(stats);
  }

  /** The same unit must be there again, with what was saved of it. */
  async #dropAndResume(study: StudyRun, { unit }: Unit, saved: UnitResult): Promise<void> {
    // Asked behind the draft on the same connection: when the answer is there, the draft is stored.
    await this.#nextUnit();
    await this.#link?.drop();
    await this.#setting.pause(500);
    await this.#open(study);
    const found = await this.#nextUnit();
    this.#resumed++;
    if (found?.unit !== unit)
      this.work.expected.fault(`came back to unit ${found?.unit} instead of ${unit}`);
    if (JSON.stringify(found?.draft) !== JSON.stringify(saved))
      this.work.expected.fault(`found the draft ${JSON.stringify(found?.draft)?.slice(0, 100)}`);
  }

  #take(message: Message): void {
    if (message.message === "set_unit") this.#unit = (message.unit ?? null) as Unit | null;
    else if (message.message === "submitted") this.#submitted = message.unit;
    else if (message.message === "set_worker_stats") this.#stats = message.stats;
    else this.work.expected.fault(JSON.stringify(message).slice(0, 100));
  }
}
