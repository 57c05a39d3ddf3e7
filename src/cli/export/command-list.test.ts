import { describe, expect, it } from "vitest";
import { commandList, pageSize } from "./command-list.ts";

/** As many commands as asked for, whose offsets are not dense. */
const commands = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({ command: `say "${nth}"`, offset: 3 * nth + 2 }));

describe("commandList", () => {
  it.each([0, 1, pageSize - 1, pageSize, pageSize + 1, 2 * pageSize, 2 * pageSize + 7])(
    "has all of %i commands, once each, in order",
    async (count) => {
      const all = commands(count);
      let pages = 0;
      const readPage = async (after: number, limit: number) => {
        pages++;
        return all.filter(({ offset }) => offset > after).slice(0, limit);
      };
      let text = "";
      for await (const piece of commandList(readPage)) text += new TextDecoder().decode(piece);
      expect(JSON.parse(text)).toEqual({ data: all });
      expect(text).not.toContain("\n");
      expect(pages).toBe(Math.floor(count / pageSize) + 1);
    },
  );

  it("reads a page when the one before has been taken, not earlier", async () => {
    const asked: number[] = [];
    const pieces = commandList(async (after) => {
      asked.push(after);
      return commands(pageSize);
    });
    await pieces.next();
    expect(asked).toEqual([0]);
    await pieces.next();
    expect(asked).toEqual([0, 3 * (pageSize - 1) + 2]);
    await pieces.return(undefined);
  });
});
