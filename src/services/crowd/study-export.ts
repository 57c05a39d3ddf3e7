/** All of a study, as JSON and as one table. Pure. */
import type { Book } from "./book.ts";
import { type Cell, csv } from "./csv.ts";
import { finalResult, isRanked, rankingOf, resultsOf, winnersOf } from "./results.ts";
import { agreement } from "./rules.ts";
import { type Original, type Study, sentencesOf, type Unit } from "./study.ts";

type Names = Pick<Book, "worker">;

/** The study as JSON. Times are ISO 8601, in UTC. */
export function exportJson(study: Study, names: Names) {
  const { maxCads, sentencesPerRanking, rankingsPerOriginal } = study.settings;
  return {
    id: study.id,
    max_cads: maxCads,
    sentences_per_ranking: sentencesPerRanking,
    rankings_per_original: rankingsPerOriginal,
    originals: study.originals.map((original) => ({
      original_id: original.id,
      original: original.text,
      cads: [...original.cads.values()].map(({ text, unit }) => ({
        cad: text,
        unit: unit?.id ?? null,
        worker: unit === undefined ? null : nameOf(unit, names),
      })),
      results: resultsJson(study, original),
    })),
    units: [...study.units.values()].map((unit) => unitJson(unit, names)),
    feedback: feedbackOf(study, names),
  };
}

const columns = [
  "record",
  "original_id",
  "original",
  "unit",
  "stage",
  "status",
  "worker",
  "time",
  "cad",
  "explanation",
  "sentences",
  "permutation",
  "agreement",
  "tie_sets",
  "winners",
  "rankings",
  "feedback",
] as const;

/** The study as a table: `record` says whether a line is a cad, a unit, a result or feedback. Lists are JSON. */
export function exportCsv(study: Study, names: Names): string {
  const { originals, units, feedback } = exportJson(study, names);
  const rows: Partial<Record<(typeof columns)[number], Cell>>[] = [
    ...originals.flatMap(({ original_id, original, cads }) =>
      cads.map((cad) => ({ record: "cad", original_id, original, ...cad })),
    ),
    ...units.map((unit) => ({ record: "unit", ...unit })),
    ...originals.flatMap(({ original_id, original, results }) =>
      results.map((result) => ({
        record: "result",
        original_id,
        original,
        ...result,
        status: result.final ? "final" : "",
        rankings: result.rankings,
      })),
    ),
    ...feedback.map(({ feedback: text, ...given }) => ({
      record: "feedback",
      ...given,
      feedback: text,
    })),
  ];
  return csv(columns, rows);
}

function resultsJson(study: Study, original: Original) {
  const results = resultsOf(original);
  const final = isRanked(study, original) ? finalResult(results) : undefined;
  const textOf = (id: string) => original.cads.get(id)?.text ?? null;
  return results.map((result) => ({
    final: result === final,
    sentences: result.set.map(textOf),
    tie_sets: result.tieSets.map((indices) => [...indices]),
    winners: winnersOf(result).map(textOf),
    rankings: result.rankings.length,
  }));
}

function unitJson(unit: Unit, names: Names) {
  const { id, original, stage, done } = unit;
  const common = {
    unit: id,
    original_id: original.id,
    original: original.text,
    stage,
    worker: nameOf(unit, names),
  };
  if (done === undefined)
    return {
      ...common,
      status: "open",
      ...(stage === "RANKING" ? { sentences: sentencesOf(unit) } : {}),
    };
  const { work } = done;
  const time = new Date(done.finishedMs).toISOString();
  if ("explanation" in work)
    return { ...common, status: "skipped", time, explanation: work.explanation };
  if ("cad" in work)
    return { ...common, status: done.duplicate ? "duplicate" : "done", time, cad: work.cad };
  const result = resultsOf(original).find(({ rankings }) => rankings.includes(unit));
  return {
    ...common,
    status: "done",
    time,
    sentences: sentencesOf(unit),
    permutation: work.permutation,
    agreement: agreement(result?.tieSets ?? [], rankingOf(unit) ?? []),
  };
}

/** Feedback from the study's units, and what its workers gave outside of any unit. */
function feedbackOf(study: Study, names: Names) {
  const refs = new Set(study.originals.flatMap(({ had }) => [...had.CAD, ...had.RANKING]));
  const workers = [...refs].flatMap((ref) => names.worker(ref) ?? []);
  return workers.flatMap((worker) =>
    worker.feedback
      .filter(({ unit }) => unit === undefined || study.units.has(unit))
      .map(({ text, unit, timeMs }) => ({
        feedback: text,
        worker: worker.name ?? null,
        unit: unit ?? null,
        time: new Date(timeMs).toISOString(),
      })),
  );
}

function nameOf({ agent }: Unit, names: Names): string | null {
  return names.worker(agent.worker)?.name ?? null;
}
