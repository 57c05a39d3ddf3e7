/** Where `publish` reads from: a file that is there and can be read, or standard input. */
import { type FileHandle, open } from "node:fs/promises";
import { SwitchboardError } from "../../wire/error.ts";
import type { Surroundings } from "../surroundings.ts";

/** Bytes to read, once. */
export interface DrawsInput {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** How many there will be; undefined if nobody knows: a pipe. */
  readonly size: number | undefined;
}

/** Opens `file`, or standard input without one. Throws `not_found`, with what to do, for what cannot be read. */
export async function openInput(
  file: string | undefined,
  surroundings: Surroundings,
): Promise<DrawsInput> {
  if (file === undefined) return { bytes: surroundings.input(), size: undefined };
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    return { bytes: handle.createReadStream(), size: stats.isFile() ? stats.size : undefined };
  } catch (error) {
    await handle?.close();
    throw new SwitchboardError(
      "not_found",
      `${file} cannot be read: ${reasonOf(error as NodeJS.ErrnoException)}`,
      {},
      { cause: error },
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file; without a file, standard input is read",
  ENOTDIR: "there is no such file; without a file, standard input is read",
  EISDIR: "it is a folder; name a file in it",
  EACCES: "you may not read it; see its permissions and those of its folders",
};

function reasonOf({ code = "", message }: NodeJS.ErrnoException): string {
  return reasons[code] ?? message;
}
