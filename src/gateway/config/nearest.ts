/** The known word that a misspelt one was meant to be. */

/**
 * The candidate with the fewest letters changed, added, left out or swapped, whatever the case; the first of equals.
 * Undefined only without candidates.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The nearest candidate, if at most a third of the letters differ. */
export function likely(word: string, candidates: Iterable<string>): string | undefined {
  const best = nearest(word, candidates);
  if (best === undefined) return undefined;
  const most = Math.max(1, Math.floor(Math.max(word.length, best.length) / 3));
  return editDistance(word.toLowerCase(), best.toLowerCase()) <= most ? best : undefined;
}

/** Words are cut there: a config key that is longer is no misspelling. */
const maxLength = 100;

/** Damerau's distance, neighbours swapped counting as one. */
function editDistance(from: string, to: string): number {
  const a = from.slice(0, maxLength);
  const b = to.slice(0, maxLength);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
      );
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
