/** The last frames of a connection, and notes between them. Pure. */

/** So many entries are kept. */
export const maxEntries = 500;

interface Frame {
  readonly is: "frame";
  /** As the connection's other side sees it: what the server got is `in`, what it sent `out`. */
  readonly direction: "in" | "out";
  readonly text: string;
  /** Of the whole frame, of which `text` may be the beginning. */
  readonly bytes: number;
  readonly truncated: boolean;
}

interface Note {
  readonly is: "note";
  readonly text: string;
}

/** `key`: unique in its log, and growing. */
export type LogEntry = (Frame | Note) & { readonly key: number; readonly atMs: number };

export interface FrameLog {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  /** All that were ever added. */
  readonly added: number;
}

export const emptyLog: FrameLog = { entries: [], added: 0 };

/** With one more; beyond `maxEntries` the oldest go. */
export function withEntry(
  { entries, added }: FrameLog,
  entry: (Frame | Note) & { readonly atMs: number },
): FrameLog {
  return {
    entries: [...entries.slice(1 - maxEntries), { ...entry, key: added }],
    added: added + 1,
  };
}

/** How many are no longer kept. */
export function forgotten({ entries, added }: FrameLog): number {
  return added - entries.length;
}

/** Those frames whose text has `words`, whatever the case, and all notes; with no words, everything. */
export function matching(entries: readonly LogEntry[], words: string): readonly LogEntry[] {
  const wanted = words.trim().toLowerCase();
  return wanted === ""
    ? entries
    : entries.filter((entry) => entry.is === "note" || entry.text.toLowerCase().includes(wanted));
}
