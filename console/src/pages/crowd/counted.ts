/** Numbers with their noun. Pure. */

/** "1 ranking", "2 rankings", "1,234 rankings". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
