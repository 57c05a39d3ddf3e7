/** What a study's export says, and what is made of it. Pure. */

/** A ranked set of versions. `null` in the place of a text: it was deleted. */
export interface ExportedResult {
  /** It decides on the winner. */
  readonly final: boolean;
  readonly sentences: readonly (string | null)[];
  /** Indices into `sentences`; those of one set are equally good, and the last set is the best. */
  readonly tie_sets: readonly (readonly number[])[];
  /** How many rankings it is made of. */
  readonly rankings: number;
}

export interface ExportedOriginal {
  readonly original_id: string;
  readonly original: string;
  readonly cads: readonly {
    readonly cad: string;
    readonly unit: string | null;
    readonly worker: string | null;
  }[];
  readonly results: readonly ExportedResult[];
}

export interface ExportedUnit {
  readonly unit: string;
  readonly stage: "CAD" | "RANKING";
  /** Null: the worker was deleted. */
  readonly worker: string | null;
  /** A newer server may have others. */
  readonly status: "open" | "done" | "duplicate" | "skipped" | (string & {});
  /** Of a completed ranking: 0 is full agreement with the result, less is less. */
  readonly agreement?: number;
}

export interface ExportedFeedback {
  readonly feedback: string;
  readonly worker: string | null;
  readonly unit: string | null;
  readonly time: string;
}

export interface StudyExport {
  readonly id: string;
  readonly originals: readonly ExportedOriginal[];
  readonly units: readonly ExportedUnit[];
  readonly feedback: readonly ExportedFeedback[];
}

/** What one worker has done in a study. */
export interface WorkerRow {
  /** Null: all deleted workers. */
  readonly worker: string | null;
  /** Versions that were new. */
  readonly written: number;
  /** Versions that somebody had written before. */
  readonly duplicates: number;
  readonly skipped: number;
  readonly rankings: number;
  /** Mean over the rankings; undefined without one. */
  readonly agreement: number | undefined;
  readonly open: number;
}

/** A row for each worker, in the order of their first units. */
export function workersOf({ units }: Pick<StudyExport, "units">): readonly WorkerRow[] {
  const byWorker = new Map<string | null, ExportedUnit[]>();
  for (const unit of units) {
    const own = byWorker.get(unit.worker);
    if (own === undefined) byWorker.set(unit.worker, [unit]);
    else own.push(unit);
  }
  return [...byWorker].map(([worker, own]) => {
    const count = (stage: ExportedUnit["stage"], status: string) =>
      own.filter((unit) => unit.stage === stage && unit.status === status).length;
    const agreements = own.flatMap(({ agreement }) => (agreement === undefined ? [] : [agreement]));
    return {
      worker,
      written: count("CAD", "done"),
      duplicates: count("CAD", "duplicate"),
      skipped: count("CAD", "skipped"),
      rankings: count("RANKING", "done"),
      agreement:
        agreements.length === 0
          ? undefined
          : agreements.reduce((sum, agreement) => sum + agreement, 0) / agreements.length,
      open: own.filter(({ status }) => status === "open").length,
    };
  });
}

/** One place of a result: several sentences are a tie. */
export interface ResultPlace {
  /** From 1, the best; after a tie of two the next is 2 further. */
  readonly place: number;
  readonly sentences: readonly string[];
}

/** The places of a result, the best first. */
export function placesOf({
  sentences,
  tie_sets: ties,
}: Pick<ExportedResult, "sentences" | "tie_sets">): readonly ResultPlace[] {
  const places: ResultPlace[] = [];
  let place = 1;
  for (const indices of [...ties].reverse()) {
    places.push({ place, sentences: indices.map((index) => sentences[index] ?? "[removed]") });
    place += indices.length;
  }
  return places;
}
