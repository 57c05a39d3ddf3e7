/** Which objects are tracked. */
import { expect, it } from "vitest";
import { ObjectBook } from "./object-book.ts";

const nowMs = 1_000_000;

function frame(cameraId: string, ...objectIds: number[]) {
  const boxes = objectIds.map((objectId, boxId) => ({
    boxId,
    rect: [0, 0, 1, 1] as const,
    objectType: "person",
    certainty: 1,
    objectId,
  }));
  return { cameraId, frameId: undefined as never, boxes };
}

const told = (...objectIds: number[]) =>
  new Map(objectIds.map((objectId) => [objectId, { objectId, image: `image ${objectId}` }]));

it("lists who was told of and who is seen, the newest first", () => {
  const book = new ObjectBook();
  expect(book.saw(frame("west", 3), nowMs)).toBe(true);
  expect(book.saw(frame("east", 3), nowMs + 500)).toBe(false);
  expect(book.rows(told(5), nowMs + 1000)).toEqual([
    { objectId: 5, image: "image 5", lastSeen: undefined, isUnseen: false, isStopping: false },
    {
      objectId: 3,
      image: undefined,
      lastSeen: { cameraId: "east", atMs: nowMs + 500 },
      isUnseen: false,
      isStopping: false,
    },
  ]);
});

it("forgets whom nobody told of when they are seen no more", () => {
  const book = new ObjectBook();
  book.saw(frame("west", 3), nowMs);
  expect(book.rows(new Map(), nowMs + 11_000)).toEqual([]);
  expect(book.rows(told(3), nowMs + 11_000)[0]?.lastSeen?.cameraId).toBe("west");
});

it("does not bring back what was stopped, though a frame comes late", () => {
  const book = new ObjectBook();
  book.saw(frame("west", 3), nowMs);
  book.stopping(3, nowMs);
  expect(book.rows(told(3), nowMs)[0]?.isStopping).toBe(true);
  book.stopped(3);
  expect(book.saw(frame("west", 3), nowMs + 1)).toBe(false);
  expect(book.rows(new Map(), nowMs + 2)).toEqual([]);
  expect(book.hasStopped(3)).toBe(true);
});

it("knows which of those that were chosen here have no timeline yet", () => {
  const book = new ObjectBook();
  book.began(3);
  expect(book.rows(told(3, 4), nowMs).map(({ isUnseen }) => isUnseen)).toEqual([false, true]);
  book.saw(frame("west", 3), nowMs);
  book.began(3);
  expect(book.isUnseen(3)).toBe(false);
});

it("lets a stop without effect be asked for again", () => {
  const book = new ObjectBook();
  book.stopping(3, nowMs);
  expect(book.rows(told(3), nowMs + 5000)[0]?.isStopping).toBe(false);
});
