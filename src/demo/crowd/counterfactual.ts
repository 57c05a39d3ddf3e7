/** What simulated workers write and how they rank. Pure: all chance comes from the random numbers handed in. */
import { Random } from "../random.ts";

/** Words, and what makes another sentence of one that has them. */
const swaps: readonly (readonly [string, string])[] = [
  ["man", "woman"],
  ["men", "women"],
  ["boy", "girl"],
  ["boys", "girls"],
  ["two", "three"],
  ["inside", "outside"],
  ["outdoors", "indoors"],
  ["young", "old"],
  ["little", "tall"],
  ["sitting", "standing"],
  ["walking", "running"],
  ["black", "white"],
  ["red", "blue"],
  ["happy", "sad"],
  ["day", "night"],
];

/** What denies any sentence, for those to whom nothing better occurs. */
const denials = [
  "It is not true that",
  "Nobody believes that",
  "It only looks as if",
  "It was only yesterday that",
];

/** A counterfactual of a sentence: one thing in it is made otherwise. Two workers may well come to the same one. */
export function counterfactualOf(original: string, random: Random): string {
  const denied = denials.map(
    (denial) => `${denial} ${original.slice(0, 1).toLowerCase()}${original.slice(1)}`,
  );
  return random.pick([...swapped(original), ...negated(original), ...denied]);
}

/** The indices of the sentences from the worst to the best, by a taste that workers share, each with whims of its own. */
export function rankingOf(sentences: readonly string[], random: Random): readonly number[] {
  const liking = sentences.map((sentence) => new Random(sentence).next() + 0.25 * random.normal());
  return sentences.map((_, index) => index).sort((a, b) => (liking[a] ?? 0) - (liking[b] ?? 0));
}

function swapped(original: string): readonly string[] {
  return swaps
    .flatMap(([one, other]) => [
      [one, other],
      [other, one],
    ])
    .flatMap(([from = "", to = ""]) => {
      const version = original.replace(new RegExp(`\\b${from}\\b`, "i"), (word) =>
        /^[A-Z]/.test(word) ? to.replace(/^./, (first) => first.toUpperCase()) : to,
      );
      return version === original ? [] : [version];
    });
}

function negated(original: string): readonly string[] {
  const version = original.replace(/\b(is|are|was|were)\b(?! not)/i, "$1 not");
  return version === original ? [] : [version];
}
