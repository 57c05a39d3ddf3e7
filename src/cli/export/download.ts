/** From the server to standard output or into a file, as it comes, however large it is. */
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import { CommandFailed } from "../exit.ts";
import { request, type Server } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { commandList, type ListedCommand } from "./command-list.ts";
import { writeWhole } from "./whole-file.ts";

/** What is read from the server; `signal` ends the reading. */
export type Source = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** The answer to one request. */
export function answerOf(server: Server, path: string): Source {
  return async function* (signal) {
    const { body } = await request(server, path, { signal });
    yield* body ?? [];
  };
}

/** A monitor's commands, all pages of them; `query` says which. */
export function commandsOf(
  server: Server,
  path: string,
  query: Readonly<Record<string, string>>,
): Source {
  return (signal) =>
    commandList(async (after, limit) => {
      const parameters = new URLSearchParams({
        ...query,
        after: String(after),
        limit: String(limit),
      });
      const response = await request(server, `${path}?${parameters}`, { signal });
      return commandsIn(await response.text());
    });
}

function commandsIn(text: string): readonly ListedCommand[] {
  try {
    const { data } = JSON.parse(text);
    if (Array.isArray(data)) return data;
  } catch {
    // It is said below.
  }
  throw new SwitchboardError(
    "internal",
    `the server's answer is no list of commands: ${text.slice(0, 200)}`,
  );
}

/**
 * Prints what the source gives, or writes it into the file `out`, which is whole afterwards or as it was. Throws a SwitchboardError that says
 * how far it came; at Ctrl-C, which is waited for only where a file is written, a CommandFailed.
 */
export async function download(
  source: Source,
  out: string | undefined,
  surroundings: Surroundings,
): Promise<void> {
  if (out === undefined) {
    const pieces = whole(source(new AbortController().signal), "what was printed is not all of it");
    for await (const piece of pieces) await surroundings.write(piece);
    return;
  }
  const signal = surroundings.interrupted();
  try {
    const bytes = await writeWhole(out, whole(source(signal), `${out} is not written`), signal);
    surroundings.remark(`Wrote ${out} (${bytes} bytes).`);
  } catch (error) {
    if (signal.aborted) {
      surroundings.remark(`interrupted: ${out} is not written`);
      throw new CommandFailed(1);
    }
    if (isSwitchboardError(error)) throw error;
    throw new SwitchboardError(
      "internal",
      `${out} could not be written: ${messageOf(error)}`,
      {},
      { cause: error },
    );
  }
}

/** The pieces, with a line end behind the last (some answers have none); an error on the way says after how much, and `so`. */
async function* whole(pieces: AsyncIterable<Uint8Array>, so: string): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let lastByte: number | undefined;
  try {
    for await (const piece of pieces) {
      bytes += piece.length;
      lastByte = piece.at(-1) ?? lastByte;
      yield piece;
    }
  } catch (error) {
    // Of what was refused from the start, the refusal says all.
    if (isSwitchboardError(error) && bytes === 0) throw error;
    const why = isSwitchboardError(error) ? `: ${error.message}` : "";
    throw new SwitchboardError(
      "internal",
      `the server broke off after ${bytes} bytes${why}: ${so}`,
      {},
      { cause: error },
    );
  }
  if (lastByte !== undefined && lastByte !== 0x0a) yield Uint8Array.of(0x0a);
}
