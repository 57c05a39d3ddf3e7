/** The crowd's rules: who gets which unit, what a ranking means. Pure. */
import { SwitchboardError } from "../../kit/index.ts";
import type { Stage, Work } from "./crowd-event.ts";
import type { Original, Study, Unit } from "./study.ts";

/** A unit that a worker may have: one that was abandoned, or a new one. */
export interface Choice {
  readonly unit: string | undefined;
  readonly original: Original;
  readonly stage: Stage;
  readonly set: readonly string[];
}

/** How many units of a stage are asked for, beyond those that were made. */
export function toAsk(study: Study, original: Original, stage: Stage): number {
  const { maxCads, sentencesPerRanking, rankingsPerOriginal } = study.settings;
  let requested = 0;
  let completed = 0;
  for (const unit of original.units) {
    if (unit.stage !== stage) continue;
    requested++;
    if (unit.done !== undefined) completed++;
  }
  if (stage === "CAD") return Math.max(0, maxCads - (requested + (original.cads.size - completed)));
  return original.cads.size < sentencesPerRanking
    ? 0
    : Math.max(0, rankingsPerOriginal - requested);
}

/**
 * The unit that a worker gets next: the oldest abandoned one, else a ranking, else a CAD, of the first original in the study that wants one;
 * undefined if there is none for this worker. Nobody gets two units of one original and stage, or a ranking of nothing but own CADs.
 */
export function choose(
  study: Study,
  worker: string,
  isAbandoned: (unit: Unit) => boolean,
): Choice | undefined {
  for (const unit of study.open) {
    const { original, stage, set } = unit;
    if (isAbandoned(unit) && mayHave(original, stage, set, worker))
      return { unit: unit.id, original, stage, set };
  }
  for (const original of study.originals) {
    if (toAsk(study, original, "RANKING") === 0) continue;
    const set = [...original.cads.keys()];
    if (mayHave(original, "RANKING", set, worker))
      return { unit: undefined, original, stage: "RANKING", set };
  }
  for (const original of study.originals) {
    if (toAsk(study, original, "CAD") > 0 && mayHave(original, "CAD", [], worker)) {
      return { unit: undefined, original, stage: "CAD", set: [] };
    }
  }
  return undefined;
}

function mayHave(
  original: Original,
  stage: Stage,
  set: readonly string[],
  worker: string,
): boolean {
  if (original.had[stage].has(worker)) return false;
  return stage === "CAD" || set.some((id) => original.cads.get(id)?.unit?.agent.worker !== worker);
}

/** Whether the original has this CAD: letter case does not make another one. */
export function isKnown(original: Original, cad: string): boolean {
  const wanted = cad.toLowerCase();
  for (const { text } of original.cads.values()) if (text.toLowerCase() === wanted) return true;
  return false;
}

/** What a client completes a unit with. Of several fields, the unit's stage decides. */
export interface Given {
  readonly cad?: string | null | undefined;
  readonly explanation?: string | null | undefined;
  readonly permutation?: readonly number[] | string | null | undefined;
}

/** The work in it. Throws `bad_message` where it does not fit the unit. */
export function workOf(unit: Unit, { cad, explanation, permutation }: Given): Work {
  if (unit.stage === "RANKING") {
    if (permutation === undefined || permutation === null) {
      throw new SwitchboardError(
        "bad_message",
        "the unit is a RANKING: complete it with `permutation`",
      );
    }
    return { permutation: parsePermutation(permutation, unit.set.length) };
  }
  if (typeof cad === "string" && cad.trim() !== "") return { cad };
  if (typeof explanation === "string") return { explanation };
  throw new SwitchboardError(
    "bad_message",
    "the unit is a CAD: complete it with a `cad` that is not empty, or with the `explanation` of a skip",
  );
}

/** A list of indices, or them in a string with commas. Throws `bad_message` unless each of 0 … size−1 is there once. */
export function parsePermutation(
  given: readonly number[] | string,
  size: number,
): readonly number[] {
  const indices =
    typeof given === "string"
      ? given.split(",").map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
      : given;
  const isPermutation =
    indices.length === size &&
    new Set(indices).size === size &&
    indices.every((index) => Number.isInteger(index) && index >= 0 && index < size);
  if (isPermutation) return indices;
  const shown = JSON.stringify(given).slice(0, 100);
  throw new SwitchboardError(
    "bad_message",
    `permutation is ${shown}: it must have each of 0 to ${size - 1} once (${size} sentences)`,
  );
}

/**
 * What rankings of one set come to: the indices in tie sets, the best last. By the sum of an index's places over all rankings; equal
 * sums are a tie.
 */
export function tieSets(rankings: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const sums = new Map<number, number>();
  for (const ranking of rankings)
    for (const [place, index] of ranking.entries()) sums.set(index, (sums.get(index) ?? 0) + place);
  const bySum = new Map<number, number[]>();
  for (const [index, sum] of [...sums].sort(([a], [b]) => a - b))
    bySum.set(sum, [...(bySum.get(sum) ?? []), index]);
  return [...bySum].sort(([a], [b]) => a - b).map(([, indices]) => indices);
}

/** How far a ranking is from a result: minus the number of ordered pairs whose order differs. Ties of the result count for nothing. */
export function agreement(
  result: readonly (readonly number[])[],
  ranking: readonly number[],
): number {
  const rank = new Map(
    result.flatMap((indices, place) => indices.map((index) => [index, place] as const)),
  );
  let differing = 0;
  for (const [place, index] of ranking.entries()) {
    for (const later of ranking.slice(place + 1))
      if ((rank.get(index) ?? 0) > (rank.get(later) ?? 0)) differing++;
  }
  return differing === 0 ? 0 : -2 * differing;
}

/** The part of a bonus that an agreement over `size` sentences is worth: from 1, for the result itself, down to 0. */
export function agreementShare(agreed: number, size: number): number {
  return size < 2 ? 1 : Math.max(0, 1 + agreed / (size * (size - 1)));
}
