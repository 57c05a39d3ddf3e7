/** The admin's pure rules: growth a second, how old a node's report may be, what of a frame is shown, a page of connections. */

/** Longest text of a frame that is shown, in bytes of UTF-8. */
export const maxShownBytes = 8 * 1024;

/** A node that has not reported for so long is shown no more. */
export const forgetAfterMs = 30_000;

/** Named numbers that only grow. */
type Totals<Name extends string> = Readonly<Record<Name, number>>;

/** How much each of `names` has grown a second, to a tenth; undefined where no time has passed. */
export function growthPerSecond<Name extends string>(
  names: readonly Name[],
  before: Totals<Name>,
  after: Totals<Name>,
  elapsedMs: number,
): Record<Name, number> | undefined {
  if (elapsedMs <= 0) return undefined;
  const perSecond = (name: Name) =>
    Math.round(((after[name] - before[name]) / elapsedMs) * 10_000) / 10;
  return Object.fromEntries(names.map((name) => [name, Math.max(0, perSecond(name))])) as Record<
    Name,
    number
  >;
}

/** Whether a report of this age is still told. */
export function isShown(ageMs: number): boolean {
  return ageMs <= forgetAfterMs;
}

/** The beginning of a text, cut at a character's border where it is longer than `maxShownBytes`; `isCut`: it was. */
export function beginning(text: string): { readonly text: string; readonly isCut: boolean } {
  const most = text.slice(0, maxShownBytes);
  const bytes = Buffer.from(most);
  // A pair of surrogates that the slice has cut in two would be printed as a replacement character.
  if (bytes.length <= maxShownBytes && most.length === text.length) return { text, isCut: false };
  return {
    text: new TextDecoder().decode(bytes.subarray(0, maxShownBytes), { stream: true }),
    isCut: true,
  };
}

/** The first `limit` whose id is greater than `cursor` in a sequence that is sorted by id, and the cursor of what follows, if anything does. */
export function pageAfter<T extends { readonly id: string }>(
  sorted: Iterable<T>,
  cursor: string | undefined,
  limit: number,
): { readonly page: T[]; readonly next?: string } {
  const page: T[] = [];
  for (const item of sorted) {
    if (cursor !== undefined && item.id <= cursor) continue;
    const last = page.at(-1);
    if (page.length === limit && last !== undefined) return { page, next: last.id };
    page.push(item);
  }
  return { page };
}

/** The last `limit` whose id is smaller than `cursor` in a sequence that is sorted by id, the last first, and the cursor of what goes before. */
export function pageBefore<T extends { readonly id: string }>(
  sorted: Iterable<T>,
  cursor: string | undefined,
  limit: number,
): { readonly page: T[]; readonly next?: string } {
  const before: T[] = [];
  for (const item of sorted) {
    if (cursor !== undefined && item.id >= cursor) break;
    before.push(item);
  }
  const page = before.slice(-limit).reverse();
  const last = page.at(-1);
  return before.length > page.length && last !== undefined ? { page, next: last.id } : { page };
}
