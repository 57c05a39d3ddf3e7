/** Adds to an address's query. */

/** `pair`, encoded already, behind what is there, which stays as it was written: `searchParams` would spell all of it anew. */
export function addQuery(address: URL, pair: string): void {
  address.search += `${address.search && "&"}${pair}`;
}
