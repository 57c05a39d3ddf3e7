/** Writing a file so that it is whole, or not there. */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { realpath, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/**
 * Writes the pieces into a file beside `path`, which takes its place when it is whole: until then, and if it fails, `path` is as it was. What
 * is there and no ordinary file (a pipe, `/dev/null`) is written straight. Resolves with the number of bytes; rejects with what the pieces
 * throw, what the file system says, and an AbortError when `signal` is.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) return write(path, pieces, { signal });
  const target = existing === undefined ? path : await realpath(path);
  const beside = `${target}.${randomUUID()}`;
  try {
    const bytes = await write(beside, pieces, {
      signal,
      flags: "wx",
      ...(existing === undefined ? {} : { mode: existing.mode }),
    });
    await rename(beside, target);
    return bytes;
  } finally {
    await rm(beside, { force: true });
  }
}

interface WriteOptions {
  readonly signal: AbortSignal;
  readonly flags?: string;
  readonly mode?: number;
}

async function write(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal, ...options }: WriteOptions,
): Promise<number> {
  const file = createWriteStream(path, options);
  await pipeline(pieces, file, { signal });
  return file.bytesWritten;
}
