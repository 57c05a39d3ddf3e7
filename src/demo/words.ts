/** Numbers in the words of the live lines and the summary. */

/** `1 start`, `2 starts`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
