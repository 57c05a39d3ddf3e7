/** A monitor's commands as one list, however many pages the server gives it in. */

/** Most commands of one page: the most that the server gives. */
export const pageSize = 1000;

/** Of a listed command, what is needed to go on behind it; the rest is handed on as it is. */
export interface ListedCommand {
  readonly offset: number;
}

/** Gives the commands behind the offset `after`, `limit` at most; fewer: there are no more. */
export type ReadPage = (after: number, limit: number) => Promise<readonly ListedCommand[]>;

/** `{"data":[…]}`, the form of one page, with the commands of all: a piece for each page, which is read when the one before has been taken. */
export async function* commandList(readPage: ReadPage): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let before = '{"data":[';
  for (let after = 0; ; ) {
    const page = await readPage(after, pageSize);
    if (page.length > 0) {
      yield encoder.encode(before + page.map((command) => JSON.stringify(command)).join(","));
      before = ",";
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) break;
    after = last.offset;
  }
  yield encoder.encode(before === "," ? "]}" : `${before}]}`);
}
