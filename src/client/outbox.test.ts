/** The outbox: first in, first out, and never over its bounds. */
import { array, assert, constantFrom, integer, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { byteLength, type Entry, Outbox, type OutboxLimits } from "./outbox.ts";

function entry(text: string, more: Partial<Entry> = {}): Entry {
  return {
    id: text,
    text,
    bytes: byteLength(text),
    acceptedAt: 0,
    expiresAt: null,
    dueAt: Number.POSITIVE_INFINITY,
    resend: false,
    awaitsAck: false,
    storing: false,
    noted: false,
    written: false,
    stored: Promise.resolve(),
    settle: () => {},
    ...more,
  };
}

const limits = (more: Partial<OutboxLimits> = {}): OutboxLimits => ({
  maxMessages: 3,
  maxBytes: 100,
  maxAgeMs: 1000,
  whenFull: "refuse",
  ...more,
});

function texts(outbox: Outbox): string[] {
  const taken: string[] = [];
  for (let next = outbox.shift(); next !== undefined; next = outbox.shift()) taken.push(next.text);
  return taken;
}

describe("an outbox", () => {
  it("refuses at the bound of messages and of bytes", () => {
    const outbox = new Outbox(limits());
    for (const text of ["a", "b", "c"]) {
      expect(outbox.makeRoomFor(1)).toEqual([]);
      outbox.push(entry(text));
    }
    expect(() => outbox.makeRoomFor(1)).toThrow(expect.objectContaining({ code: "outbox_full" }));
    outbox.shift();
    expect(() => outbox.makeRoomFor(99)).toThrow(expect.objectContaining({ code: "outbox_full" }));
    expect(outbox.makeRoomFor(98)).toEqual([]);
  });

  it("evicts as many of the oldest as it takes, none for a message that alone is too large", () => {
    const outbox = new Outbox(limits({ whenFull: "evict-oldest", maxBytes: 10 }));
    for (const text of ["aaaa", "bbb", "cc"]) outbox.push(entry(text));
    expect(() => outbox.makeRoomFor(11)).toThrow(expect.objectContaining({ code: "outbox_full" }));
    expect(outbox.size).toBe(3);
    expect(outbox.makeRoomFor(7).map(({ text }) => text)).toEqual(["aaaa", "bbb"]);
    expect(texts(outbox)).toEqual(["cc"]);
  });

  it("puts back before all others, in order, whatever the bound", () => {
    const outbox = new Outbox(limits());
    for (const text of ["c", "d", "e"]) outbox.push(entry(text));
    outbox.putBack([entry("a"), entry("b")]);
    expect(outbox.bytes).toBe(5);
    expect(texts(outbox)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("puts back more than a call may have arguments", () => {
    const outbox = new Outbox(limits());
    outbox.putBack(Array.from({ length: 200_000 }, () => entry("a")));
    expect(outbox.size).toBe(200_000);
  });

  it("takes out what has expired and says when the next one does", () => {
    const outbox = new Outbox(limits({ maxMessages: 10 }));
    const takeDue = (atMs: number) =>
      outbox.take(({ dueAt }) => dueAt <= atMs).map(({ text }) => text);
    outbox.push(entry("a", { dueAt: 20 }));
    outbox.push(entry("b"));
    outbox.push(entry("c", { dueAt: 10 }));
    expect(outbox.nextDueAt).toBe(10);
    expect(takeDue(9)).toEqual([]);
    expect(takeDue(10)).toEqual(["c"]);
    expect(outbox.nextDueAt).toBe(20);
    expect(outbox.bytes).toBe(2);
    expect(takeDue(30)).toEqual(["a"]);
    expect(outbox.nextDueAt).toBe(Number.POSITIVE_INFINITY);
    expect(texts(outbox)).toEqual(["b"]);
  });

  it("is never over its bounds, keeps the order and loses nothing without saying so", () => {
    const bounds = {
      maxMessages: integer({ min: 1, max: 5 }),
      maxBytes: integer({ min: 1, max: 30 }),
    };
    assert(
      property(
        bounds.maxMessages,
        bounds.maxBytes,
        constantFrom("refuse" as const, "evict-oldest" as const),
        array(integer({ min: -1, max: 12 }), { maxLength: 60 }),
        (maxMessages, maxBytes, whenFull, steps) => {
          const outbox = new Outbox({ maxMessages, maxBytes, maxAgeMs: 1000, whenFull });
          const accepted: number[] = [];
          const gone: number[] = [];
          steps.forEach((bytes, number) => {
            if (bytes < 0) {
              const taken = outbox.shift();
              if (taken !== undefined) gone.push(Number(taken.id));
              return;
            }
            try {
              for (const evicted of outbox.makeRoomFor(bytes)) gone.push(Number(evicted.id));
              outbox.push(entry("x".repeat(bytes), { id: String(number) }));
              accepted.push(number);
            } catch {
              expect(
                whenFull === "evict-oldest" ? bytes > maxBytes : !outbox.hasRoomFor(bytes),
              ).toBe(true);
            }
            expect(outbox.size).toBeLessThanOrEqual(maxMessages);
            expect(outbox.bytes).toBeLessThanOrEqual(maxBytes);
          });
          for (let rest = outbox.shift(); rest !== undefined; rest = outbox.shift())
            gone.push(Number(rest.id));
          expect(gone).toEqual(accepted);
          expect(outbox.bytes).toBe(0);
        },
      ),
    );
  });
});

describe("byteLength", () => {
  it("counts as UTF-8 does, lone surrogates too", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
    assert(
      property(array(constantFrom("a", "é", "€", "😀", "\ud83d", "\ude00")), (parts) => {
        const text = parts.join("");
        expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});
