/** The requester: loads studies, looks at their progress, checks the books when nothing is left to do, and pays the bonuses. */
import { Expectation } from "../expectation.ts";
import { dataOf, demand } from "../http.ts";
import type { Participant } from "../participant.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import type { Sentence } from "./sentences.ts";
import type { StudyRun } from "./study-run.ts";
import type { WorkerStats } from "./worker-dashboard.ts";

/** How many units of a stage there are. */
interface Stage {
  readonly wanted: number;
  readonly free: number;
  readonly open: number;
  readonly done: number;
}

/** What GET /crowd/studies/:id tells. */
export interface Progress {
  readonly CAD: Stage;
  readonly RANKING: Stage;
}

/** What is looked at of an export. */
interface Export {
  readonly originals: readonly {
    readonly cads: readonly { readonly cad: string; readonly worker: string | null }[];
  }[];
  readonly units: readonly ExportedUnit[];
}

interface ExportedUnit {
  readonly stage: "CAD" | "RANKING";
  readonly status: string;
  readonly worker: string | null;
  readonly sentences?: readonly string[];
  readonly permutation?: readonly number[];
}

interface Bonus {
  readonly unit: string;
  readonly share: number;
  readonly paid: boolean;
}

export class Requester implements Participant {
  readonly name = "requester";
  readonly #setting: Setting;
  readonly #expected: Expectation;
  /** How often a CAD of each worker was put first in rankings, over all studies that are closed. */
  readonly #firstPlaces = new Map<string, number>();
  #studies = 0;
  #units = 0;
  #paid = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#expected = new Expectation("answers", setting.clock);
  }

  async load(id: string, sentences: readonly Sentence[]): Promise<void> {
    await demand(`${this.#setting.url}/crowd/studies`, { body: { id, sentences } });
    this.#studies++;
  }

  async progressOf(id: string): Promise<Progress> {
    return dataOf(await demand(this.#studyUrl(id))) as Progress;
  }

  /** Our workers have left the study, and have completed so many units of it: everything must add up, whatever visitors do. */
  async close(
    study: StudyRun,
    completed: { readonly CAD: number; readonly RANKING: number },
  ): Promise<void> {
    const progress = await this.progressOf(study.id);
    const { units, originals } = dataOf(
      await demand(`${this.#studyUrl(study.id)}/export`),
    ) as Export;
    for (const stage of ["CAD", "RANKING"] as const) {
      const { wanted, free, open, done } = progress[stage];
      const ours = units.filter(
        (unit) => unit.stage === stage && study.workers.includes(unit.worker ?? ""),
      );
      const finished = ours.filter(({ status }) => status !== "open").length;
      if (
        wanted !== free + open + done ||
        ours.length !== completed[stage] ||
        finished !== completed[stage] ||
        done < finished
      ) {
        const told = `exported ${ours.length}, ${finished} of them finished; wanted ${wanted}, free ${free}, open ${open}, done ${done}`;
        this.#expected.fault(
          `${study.id} does not add up: of ${stage} units ${completed[stage]} were completed; ${told}`,
        );
      }
    }
    this.#units += completed.CAD + completed.RANKING;
    const strangers = units.filter(({ worker }) => !study.workers.includes(worker ?? ""));
    const bests = [
      ...study.bests,
      ...strangers.flatMap(
        ({ sentences, permutation }) => sentences?.[permutation?.at(-1) ?? -1] ?? [],
      ),
    ];
    this.#count(
      study,
      originals.flatMap(({ cads }) => cads),
      bests,
    );
    await this.#pay(study);
  }

  /** What the server knows of a worker; its first places must be those of the rankings. */
  async statsOf(worker: string): Promise<WorkerStats> {
    const stats = dataOf(
      await demand(`${this.#setting.url}/crowd/workers/${encodeURIComponent(worker)}/stats`),
    ) as WorkerStats;
    const places = this.#firstPlaces.get(worker) ?? 0;
    if (stats.num_first_place !== places)
      this.#expected.fault(
        `${worker} has ${stats.num_first_place} first places instead of ${places}`,
      );
    return stats;
  }

  saw(): string {
    return `${this.#studies === 1 ? "1 study" : `${this.#studies} studies`} with ${count(this.#units, "unit")}, all accounted for; ${this.#paid} bonuses paid`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  /** Counts the first places by the bests of the rankings; the export says whose each CAD is. */
  #count(
    study: StudyRun,
    cads: Export["originals"][number]["cads"],
    bests: readonly string[],
  ): void {
    const owners = new Map(cads.map(({ cad, worker }) => [cad.toLowerCase(), worker]));
    for (const [text, worker] of owners) {
      if (worker !== null && study.workers.includes(worker) && !study.hasWritten(worker, text))
        this.#expected.fault(`${worker} has not written "${text.slice(0, 100)}"`);
    }
    for (const best of bests) {
      const worker = owners.get(best.toLowerCase());
      if (worker != null) this.#firstPlaces.set(worker, (this.#firstPlaces.get(worker) ?? 0) + 1);
    }
  }

  /** Pays each bonus twice: the second time must change nothing. */
  async #pay(study: StudyRun): Promise<void> {
    const url = `${this.#studyUrl(study.id)}/bonuses`;
    const due = dataOf(await demand(url)) as readonly Bonus[];
    for (const { unit } of due)
      for (let time = 0; time < 2; time++) await demand(`${url}/${unit}/paid`, { method: "POST" });
    const after = dataOf(await demand(url)) as readonly Bonus[];
    const expected = due.map((bonus) => ({ ...bonus, paid: true }));
    if (JSON.stringify(after) !== JSON.stringify(expected))
      this.#expected.fault(`${study.id}: the bonuses changed when they were paid`);
    this.#paid += due.length;
  }

  #studyUrl(id: string): string {
    return `${this.#setting.url}/crowd/studies/${id}`;
  }
}
