/** The lines of a journal: what each says, and reading them from a file. */
import type { FileHandle } from "node:fs/promises";
import type { StoredMessage } from "../outbox-store.ts";
import { isStoredMessage } from "../stored-message.ts";

/** What one line says. */
export type JournalEntry =
  | { readonly put: StoredMessage }
  | { readonly written: string }
  | { readonly removed: string };

/** The first line of every journal. */
export const header = '{"switchboardOutbox":1}\n';

const newline = 10;
const chunkBytes = 64 * 1024;

/** A line as it stands in the file. */
export function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** `undefined`: it is none. */
export function entryOf(line: string): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { put, written, removed } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (isStoredMessage(put)) return { put };
  if (typeof written === "string") return { written };
  if (typeof removed === "string") return { removed };
  return undefined;
}

/**
 * Calls `each` with every whole line (without its end) and its length in bytes with its end. What follows the last line's end is left out.
 */
export async function readLines(
  file: FileHandle,
  each: (line: string, bytes: number) => void,
): Promise<void> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    let start = 0;
    for (
      let end = chunk.indexOf(newline);
      end >= 0 && end < bytesRead;
      end = chunk.indexOf(newline, start)
    ) {
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      each(line.toString(), line.length + 1);
      start = end + 1;
    }
    parts.push(Buffer.from(chunk.subarray(start, bytesRead)));
  }
}
