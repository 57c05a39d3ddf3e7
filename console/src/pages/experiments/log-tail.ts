/** The end of a log, as much as a page can show. Pure. */

/** In UTF-16 code units. */
const maxLength = 64 * 1024;

/** What is shown; `isCut`: there was more before it. */
export interface LogTail {
  readonly text: string;
  readonly isCut: boolean;
}

/** Of a long log the last lines, whole ones if they are not too long. */
export function logTail(log: string): LogTail {
  if (log.length <= maxLength) return { text: log, isCut: false };
  const end = log.slice(-maxLength);
  const line = end.indexOf("\n");
  return { text: line < 0 || line === end.length - 1 ? end : end.slice(line + 1), isCut: true };
}
