/** The bounded log of frames. */
import { expect, it } from "vitest";
import { emptyLog, forgotten, matching, maxEntries, withEntry } from "./frame-log.ts";

const frame = (text: string) =>
  ({ is: "frame", direction: "in", text, bytes: text.length, truncated: false, atMs: 0 }) as const;

it("keeps the newest, and knows how many it let go", () => {
  let log = emptyLog;
  for (let nth = 0; nth < maxEntries + 7; nth++) log = withEntry(log, frame(`frame ${nth}`));
  expect(log.entries).toHaveLength(maxEntries);
  expect([log.entries[0]?.text, log.entries.at(-1)?.text]).toEqual([
    "frame 7",
    `frame ${maxEntries + 6}`,
  ]);
  expect(forgotten(log)).toBe(7);
  expect(new Set(log.entries.map(({ key }) => key)).size).toBe(maxEntries);
});

it("finds words whatever their case, and keeps the notes between", () => {
  const log = withEntry(
    withEntry(withEntry(emptyLog, frame('{"User":"dan"}')), {
      is: "note",
      text: "3 were left out",
      atMs: 0,
    }),
    frame("eve"),
  );
  expect(matching(log.entries, " user ").map(({ text }) => text)).toEqual([
    '{"User":"dan"}',
    "3 were left out",
  ]);
  expect(matching(log.entries, "")).toBe(log.entries);
});
