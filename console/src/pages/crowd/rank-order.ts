/** Orders of sentences. Pure. */

/** Which way a sentence is moved in a list with the best at the top. */
export type Direction = "up" | "down";

/**
 * People see the best at the top; in the protocol the last place is the best. Turns the one into the other, and back: a permutation has at place k the
 * index of the sentence at rank k.
 */
export function turned(order: readonly number[]): readonly number[] {
  return [...order].reverse();
}

/** The best-first order that a unit is begun with: what was saved, else the sentences as they come. */
export function firstOrder(count: number, draft: readonly number[] | undefined): readonly number[] {
  return draft === undefined ? Array.from({ length: count }, (_, index) => index) : turned(draft);
}

/** The order with what is at `from` at `to`; the same object where that changes nothing. */
export function moved(order: readonly number[], from: number, to: number): readonly number[] {
  const target = Math.min(order.length - 1, Math.max(0, to));
  const taken = order[from];
  if (taken === undefined || target === from) return order;
  const rest = order.filter((_, at) => at !== from);
  return [...rest.slice(0, target), taken, ...rest.slice(target)];
}

/** Where what is dragged would be dropped: below as many of the others as have their middle above the pointer. */
export function placeUnder(pointerY: number, otherMiddles: readonly number[]): number {
  return otherMiddles.filter((middle) => middle < pointerY).length;
}
