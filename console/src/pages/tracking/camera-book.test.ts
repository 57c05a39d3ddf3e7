/** How cameras are, from what is known of them. */
import { describe, expect, it } from "vitest";
import { CameraBook, silentAfterMs, stateOf } from "./camera-book.ts";

const nowMs = 1_000_000;
const evidence = {
  isConnected: true,
  lastFrameAt: nowMs - 100,
  heardSinceMs: nowMs - 60_000,
  nowMs,
};

describe("a camera is", () => {
  it.each([
    ["online while frames come", "online", {}],
    ["online although the list does not have it yet", "online", { isConnected: false }],
    ["stopped when it is connected and silent", "stopped", { lastFrameAt: nowMs - silentAfterMs }],
    ["stopped when it never sent anything", "stopped", { lastFrameAt: undefined }],
    [
      "starting as long as nobody could have heard it",
      "starting",
      { lastFrameAt: undefined, heardSinceMs: nowMs - 1000 },
    ],
    [
      "offline when it is gone",
      "offline",
      { isConnected: false, lastFrameAt: nowMs - silentAfterMs },
    ],
    ["unknown while this page hears nothing", "unknown", { heardSinceMs: undefined }],
  ] as const)("%s", (_, state, changes) => {
    expect(stateOf({ ...evidence, ...changes })).toBe(state);
  });
});

describe("the book", () => {
  it("moves nobody when one comes whose name stands before others'", () => {
    const book = new CameraBook();
    const list = (...ids: string[]) => ids.map((cameraId) => ({ cameraId, since: 5 }));
    book.connected(list("c9", "c2"), nowMs);
    book.connected(list("a", "c9", "c2"), nowMs);
    expect(book.rows(new Map(), nowMs, nowMs).map(({ cameraId }) => cameraId)).toEqual([
      "c2",
      "c9",
      "a",
    ]);
  });

  it("keeps who has gone, and lists those of one answer by name with numbers in order", () => {
    const book = new CameraBook();
    book.connected(
      ["c10", "c9", "gate"].map((cameraId) => ({ cameraId, since: 5 })),
      nowMs,
    );
    book.connected([{ cameraId: "c9", since: 5 }], nowMs + 2000);
    const rows = book.rows(new Map(), nowMs, nowMs + 60_000);
    expect(rows.map(({ cameraId, state }) => [cameraId, state])).toEqual([
      ["c9", "stopped"],
      ["c10", "offline"],
      ["gate", "offline"],
    ]);
  });

  it("gives one that has come back time to be heard", () => {
    const book = new CameraBook();
    book.connected([{ cameraId: "gate", since: 5 }], nowMs);
    book.connected([{ cameraId: "gate", since: 9 }], nowMs + 60_000);
    expect(book.rows(new Map(), nowMs, nowMs + 61_000)[0]?.state).toBe("starting");
  });

  it("is bounded, and forgets those that are gone first", () => {
    const book = new CameraBook();
    book.connected([{ cameraId: "stays", since: 1 }], nowMs);
    for (let at = 0; at < 1200; at += 1) {
      book.connected(
        [
          { cameraId: "stays", since: 1 },
          { cameraId: `c${at}`, since: 1 },
        ],
        nowMs,
      );
    }
    const rows = book.rows(new Map(), nowMs, nowMs);
    expect(rows).toHaveLength(1000);
    expect(rows.some(({ cameraId }) => cameraId === "stays")).toBe(true);
    expect(rows.some(({ cameraId }) => cameraId === "c1199")).toBe(true);
  });
});
