/** Tables as CSV (RFC 4180) that a spreadsheet does not take for more than text. Pure. */

/** What a cell may hold; lists are printed as JSON. */
export type Cell = string | number | boolean | null | undefined | readonly unknown[];

/**
 * Lines end in CRLF, the first names the columns. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line
 * end, perhaps behind blanks) gets an apostrophe in front, which shows spreadsheets that it is text.
 */
export function csv<C extends string>(
  columns: readonly C[],
  rows: readonly Readonly<Partial<Record<C, Cell>>>[],
): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return lines.map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number" || typeof cell === "boolean") return String(cell);
  const text = typeof cell === "string" ? cell : JSON.stringify(cell);
  const safe = /^\s*[=+\-@\t\r\n]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
