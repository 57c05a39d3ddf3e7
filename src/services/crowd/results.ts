/** What the rankings of a study have come to, and the bonuses for it. Pure. */
import type { Stage } from "./crowd-event.ts";
import { agreement, agreementShare, tieSets, toAsk } from "./rules.ts";
import type { Bonus, Original, Study, Unit } from "./study.ts";

/** The result of the rankings of one and the same set of CADs. */
export interface Result {
  /** The ids of the CADs. */
  readonly set: readonly string[];
  /** The units that were completed. */
  readonly rankings: readonly Unit[];
  /** Indices into `set`, the best last. */
  readonly tieSets: readonly (readonly number[])[];
}

/** The permutation that a unit was completed with; undefined if it was not. */
export function rankingOf({ done }: Unit): readonly number[] | undefined {
  return done !== undefined && "permutation" in done.work ? done.work.permutation : undefined;
}

/** The results of an original, one for each set that was ranked, in the order of the sets' making. */
export function resultsOf(original: Original): readonly Result[] {
  const bySet = new Map<string, { readonly set: readonly string[]; readonly rankings: Unit[] }>();
  for (const unit of original.units) {
    if (unit.stage !== "RANKING") continue;
    const key = JSON.stringify(unit.set);
    const group = bySet.get(key) ?? { set: unit.set, rankings: [] };
    bySet.set(key, group);
    if (unit.done !== undefined) group.rankings.push(unit);
  }
  return [...bySet.values()]
    .filter(({ rankings }) => rankings.length > 0)
    .map(({ set, rankings }) => ({
      set,
      rankings,
      tieSets: tieSets(rankings.map((unit) => rankingOf(unit) ?? [])),
    }));
}

/** Whether an original has all its rankings. */
export function isRanked({ settings }: Study, { units }: Original): boolean {
  let done = 0;
  for (const unit of units) if (unit.stage === "RANKING" && unit.done !== undefined) done++;
  return settings.rankingsPerOriginal > 0 && done >= settings.rankingsPerOriginal;
}

/** The result that counts for the winners: of the set with the most rankings, of several the last. */
export function finalResult(results: readonly Result[]): Result | undefined {
  return results.reduce<Result | undefined>(
    (best, result) =>
      best === undefined || result.rankings.length >= best.rankings.length ? result : best,
    undefined,
  );
}

/** The CADs in a result's last tie set, by id. */
export function winnersOf({ set, tieSets: ties }: Result): readonly string[] {
  return (ties.at(-1) ?? []).flatMap((index) => set[index] ?? []);
}

/** A line of the bonus table. */
export interface BonusLine extends Bonus {
  readonly unit: Unit;
  readonly paid: boolean;
}

/** All bonuses that are due or were paid, in the order of the units. What was paid stays as it was. */
export function bonusesOf(study: Study): readonly BonusLine[] {
  const due = new Map<Unit, Bonus>();
  for (const original of study.originals)
    if (isRanked(study, original))
      for (const [unit, bonus] of dueOf(original)) due.set(unit, bonus);
  return [...study.units.values()].flatMap((unit) => {
    const bonus = unit.paid ?? due.get(unit);
    return bonus === undefined
      ? []
      : [{ unit, kind: bonus.kind, share: bonus.share, paid: unit.paid !== undefined }];
  });
}

/** The bonus of one unit; undefined if none is due. */
export function bonusOf(unit: Unit): Bonus | undefined {
  if (unit.paid !== undefined) return unit.paid;
  return isRanked(unit.study, unit.original) ? dueOf(unit.original).get(unit) : undefined;
}

function dueOf(original: Original): Map<Unit, Bonus> {
  const due = new Map<Unit, Bonus>();
  const results = resultsOf(original);
  for (const { rankings, set, tieSets: result } of results) {
    for (const unit of rankings) {
      due.set(unit, {
        kind: "agreement",
        share: agreementShare(agreement(result, rankingOf(unit) ?? []), set.length),
      });
    }
  }
  const final = finalResult(results);
  const winners = final === undefined ? [] : winnersOf(final);
  for (const id of winners) {
    const unit = original.cads.get(id)?.unit;
    if (unit !== undefined) due.set(unit, { kind: "winner", share: 1 / winners.length });
  }
  return due;
}

/** How many units of a stage there are. `wanted` is the sum of the others. */
export interface Progress {
  readonly wanted: number;
  /** Could be given out now, to a worker who may have them. */
  readonly free: number;
  /** With a worker. */
  readonly open: number;
  readonly done: number;
}

export function progressOf(
  study: Study,
  stage: Stage,
  isAbandoned: (unit: Unit) => boolean,
): Progress {
  let free = 0;
  let open = 0;
  let done = 0;
  for (const original of study.originals) free += toAsk(study, original, stage);
  for (const unit of study.units.values()) {
    if (unit.stage !== stage) continue;
    if (unit.done !== undefined) done++;
    else if (isAbandoned(unit)) free++;
    else open++;
  }
  return { wanted: free + open + done, free, open, done };
}
