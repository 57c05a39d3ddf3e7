/** What is written into the log can be read again, whatever the text. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Created,
  Gathering,
  mapSubject,
  objectSubject,
  placeOf,
  printEvent,
  printLong,
  readEvent,
  seenSubject,
} from "./object-event.ts";

it("a long text comes out of its parts whole, also through UTF-8", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.string(),
      (text, partLength, cameraId) => {
        const stored = printLong({ type: "created", cameraId, atMs: 1 }, text, partLength).map(
          (data) => Buffer.from(data).toString(),
        );
        const [first, ...others] = stored.map((data) => readEvent(data));
        const created = first?.event as Created;
        expect(created).toMatchObject({ type: "created", cameraId, parts: stored.length });
        const gathering = new Gathering(created, first?.text ?? "");
        for (const [nth, other] of others.entries()) {
          expect(gathering.text, `before part ${nth}`).toBeUndefined();
          expect(other?.event).toEqual({ type: "part" });
          expect(other?.text.length).toBeLessThanOrEqual(partLength + 1);
          gathering.add(other?.text ?? "");
        }
        expect(gathering.text).toBe(text);
      },
    ),
  );
});

it("subjects say where they belong", () => {
  expect(placeOf(objectSubject(7))).toEqual({ kind: "object", id: 7, nth: 0 });
  expect(placeOf(mapSubject(7, 3))).toEqual({ kind: "map", id: 7, nth: 3 });
  expect(placeOf(seenSubject(7, 12))).toEqual({ kind: "seen", id: 7, nth: 12 });
  expect(placeOf("other.1")).toBeUndefined();
});

it("a text that is none of ours is no event", () => {
  expect(readEvent("")).toBeUndefined();
  expect(readEvent(printEvent({ type: "sealed" }))).toEqual({
    event: { type: "sealed" },
    text: "",
  });
});
