/** Crowd: workers write counterfactuals of real sentences and rank those of others; a requester keeps the books. */
import type { Participant, Scene } from "../participant.ts";
import type { Random } from "../random.ts";
import type { Setting } from "../setting.ts";
import { MephistoWorker } from "./mephisto-worker.ts";
import { PlainWorker } from "./plain-worker.ts";
import { type Progress, Requester } from "./requester.ts";
import { readSentences, type Sentence } from "./sentences.ts";
import { StudyRun } from "./study-run.ts";
import { WorkerDashboard } from "./worker-dashboard.ts";

/** How many sentences a study has; when the file is at its end, it begins anew. */
const sentencesPerStudy = 8;

/** Between two looks at the progress. */
const progressEveryMs = 2000;

export class CrowdScene implements Scene {
  readonly service = "crowd";
  readonly about =
    "workers write counterfactuals of real sentences and rank them, two with Mephisto's packets; one loses its connection";
  readonly command: string;
  readonly participants: readonly Participant[];
  readonly #setting: Setting;
  readonly #mark: string;
  readonly #workers: readonly (MephistoWorker | PlainWorker)[];
  readonly #dashboard: WorkerDashboard;
  readonly #requester: Requester;
  #study: StudyRun | undefined;
  #studies = 0;
  #progress: Progress | undefined;

  /** `mark` makes the names of studies and workers new, where others may have stored before. */
  constructor(setting: Setting, random: Random, mark: string) {
    this.#setting = setting;
    this.#mark = mark;
    const named = (name: string) => [`${name}${mark}`, setting, random.for(name)] as const;
    this.#workers = [
      new MephistoWorker(...named("amy")),
      new MephistoWorker(...named("bob")),
      new PlainWorker(...named("cho")),
      new PlainWorker(...named("dee")),
      new PlainWorker(...named("eli")),
    ];
    this.#dashboard = new WorkerDashboard(`cho${mark}`, setting);
    this.#requester = new Requester(setting);
    this.participants = [...this.#workers, this.#dashboard, this.#requester];
    this.command = `curl -s ${setting.url}/crowd/workers/cho${mark}/stats`;
  }

  async play(): Promise<void> {
    const sentences = await readSentences();
    await this.#dashboard.open();
    await Promise.all([this.#playStudies(sentences), this.#lookAtProgress()]);
    for (const { worker, work } of this.#workers) {
      const stats = await this.#requester.statsOf(worker);
      if (!work.isRight(stats))
        work.expected.fault(
          `the server tells ${JSON.stringify({ ...stats, history: undefined })} in the end`,
        );
      if (worker === this.#dashboard.worker) await this.#dashboard.close(stats);
    }
  }

  line(): string {
    if (this.#study === undefined || this.#progress === undefined)
      return "the first study is being loaded";
    const { CAD, RANKING } = this.#progress;
    return `${this.#study.id}: ${CAD.done} of ${CAD.wanted} counterfactuals, ${RANKING.done} of ${RANKING.wanted} rankings so far`;
  }

  async #playStudies(sentences: readonly Sentence[]): Promise<void> {
    for (
      let first = 0;
      !this.#setting.ending;
      first = (first + sentencesPerStudy) % sentences.length
    ) {
      this.#studies++;
      await this.#play(
        `sentences-${this.#studies}${this.#mark}`,
        sentences.slice(first, first + sentencesPerStudy),
      );
    }
  }

  /** One study, until nobody finds anything to do, or the setting ends. */
  async #play(id: string, sentences: readonly Sentence[]): Promise<void> {
    await this.#requester.load(id, sentences);
    const study = new StudyRun(
      id,
      this.#workers.map(({ worker }) => worker),
    );
    this.#study = study;
    const before = this.#completed();
    await Promise.all(this.#workers.map((worker) => worker.workAt(study)));
    const after = this.#completed();
    await this.#requester.close(study, {
      CAD: after.CAD - before.CAD,
      RANKING: after.RANKING - before.RANKING,
    });
  }

  /** How many units all workers have completed. */
  #completed(): { readonly CAD: number; readonly RANKING: number } {
    const rankings = this.#workers.reduce((sum, { work }) => sum + work.counts.num_rankings, 0);
    return {
      CAD: this.#workers.reduce((sum, { work }) => sum + work.units, 0) - rankings,
      RANKING: rankings,
    };
  }

  async #lookAtProgress(): Promise<void> {
    while (!this.#setting.ending) {
      if (this.#study !== undefined)
        this.#progress = await this.#requester.progressOf(this.#study.id);
      await this.#setting.pause(progressEveryMs);
    }
  }
}
