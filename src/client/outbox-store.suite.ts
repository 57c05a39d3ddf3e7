/** What every durable outbox promises, checked on each. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Scope, scopePerTest } from "../../test/support/scope.ts";
import type { OutboxStore, StoredMessage } from "./outbox-store.ts";

/** Somewhere to store in; it is removed with the scope. */
export interface Place {
  /** Another store on it. */
  store(): OutboxStore;
}

/** A message of which only the id matters. */
export function storedMessage(id: string, more: Partial<StoredMessage> = {}): StoredMessage {
  return {
    id,
    text: `text of ${id}`,
    acceptedAt: 1,
    expiresAt: null,
    resend: false,
    awaitsAck: false,
    written: false,
    ...more,
  };
}

const texts = [
  "",
  "\n\r\u2028\u2029\0",
  '{"put":1}\n',
  "\ud83d\ude00 漢 é",
  "lone \ud83d surrogate",
  "x".repeat(300_000),
];

type Step = {
  readonly call: "put" | "markWritten" | "remove";
  readonly id: string;
  readonly expiresAt: number | null;
};

/** How many random histories; each opens a few stores. */
const runs = 25;

/** Runs the suite. `newPlace` is called once for each test, and for each history of the last one. */
export function outboxStoreSuite(name: string, newPlace: (scope: Scope) => Promise<Place>): void {
  describe(name, () => {
    const scope = scopePerTest();
    const opened = (place: Place) => scope.own(place.store(), (store) => store.close());

    test("a new one is empty", async () => {
      expect(await opened(await newPlace(scope)).load()).toEqual([]);
    });

    test("the next run finds what was put, marked and not removed, in order", async () => {
      const place = await newPlace(scope);
      const first = opened(place);
      const messages = [
        storedMessage("c", { expiresAt: 123, resend: true, awaitsAck: true }),
        storedMessage("a", { acceptedAt: 1795215423626 }),
        storedMessage("b", { written: true }),
        storedMessage("d"),
      ];
      for (const message of messages) await first.put(message);
      await first.markWritten("a");
      await first.remove("d");
      await first.close();
      const second = opened(place);
      expect(await second.load()).toEqual([
        messages[0],
        { ...messages[1], written: true },
        messages[2],
      ]);
      await second.put(storedMessage("0"));
      await second.remove("a");
      await second.markWritten("c");
      await second.close();
      expect((await opened(place).load()).map(({ id, written }) => [id, written])).toEqual([
        ["c", true],
        ["b", true],
        ["0", false],
      ]);
    });

    test("what is put before loading is not of an earlier run", async () => {
      const place = await newPlace(scope);
      const first = opened(place);
      const early = first.put(storedMessage("early"));
      expect(await first.load()).toEqual([]);
      await early;
      await first.close();
      const second = opened(place);
      const later = second.put(storedMessage("later"));
      expect((await second.load()).map(({ id }) => id)).toEqual(["early"]);
      expect(await second.load()).toEqual([]);
      await later;
      await second.close();
      expect((await opened(place).load()).map(({ id }) => id)).toEqual(["early", "later"]);
    });

    test("texts and ids come back as they were", async () => {
      const place = await newPlace(scope);
      const first = opened(place);
      const messages = texts.map((text, n) => storedMessage(`${n} ${text.slice(0, 20)}`, { text }));
      for (const message of messages) await first.put(message);
      for (const { id } of messages) await first.markWritten(id);
      await first.close();
      expect(await opened(place).load()).toEqual(
        messages.map((message) => ({ ...message, written: true })),
      );
    });

    test("what is not there can be marked and removed", async () => {
      const store = opened(await newPlace(scope));
      await store.markWritten("no such");
      await store.remove("no such");
      expect(await store.load()).toEqual([]);
    });

    test("a second opener is refused with data_locked, and the first notices nothing; when it has closed, the next one gets it", async () => {
      const place = await newPlace(scope);
      const first = opened(place);
      await first.load();
      await first.put(storedMessage("a"));
      const second = opened(place);
      await expect(second.load()).rejects.toMatchObject({
        code: "data_locked",
        message: expect.stringContaining("in use by"),
      });
      await expect(second.put(storedMessage("b"))).rejects.toMatchObject({ code: "data_locked" });
      await second.close();
      await first.put(storedMessage("c"));
      await first.close();
      expect((await opened(place).load()).map(({ id }) => id)).toEqual(["a", "c"]);
    });

    test("close waits for what was asked for before; afterwards nothing is taken", async () => {
      const place = await newPlace(scope);
      const first = opened(place);
      const puts = ["a", "b", "c"].map((id) => first.put(storedMessage(id)));
      await Promise.all([first.close(), first.close()]);
      await Promise.all(puts);
      for (const call of [
        () => first.load(),
        () => first.put(storedMessage("d")),
        () => first.markWritten("a"),
        () => first.remove("a"),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: "outbox_unavailable" });
      }
      expect((await opened(place).load()).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    });

    test("one that was never used closes", async () => {
      await (await newPlace(scope)).store().close();
    });

    test("calls take effect in the order in which they are made, whatever is not awaited", {
      timeout: 60_000,
    }, async () => {
      const id = fc.constantFrom("a", "b", "c", "d", "e");
      const step: fc.Arbitrary<Step> = fc.record({
        call: fc.constantFrom("put", "put", "markWritten", "remove"),
        id,
        expiresAt: fc.option(fc.nat(), { nil: null }),
      });
      const history = fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(history, async (stints) => {
          const own = new Scope();
          try {
            const place = await newPlace(own);
            const model = new Map<string, StoredMessage>();
            for (const steps of stints) {
              const store = own.own(place.store(), (one) => one.close());
              const before = [...model.values()];
              const calls = [store.load().then((left) => expect(left).toEqual(before))];
              for (const { call, id, expiresAt } of steps) {
                const message = storedMessage(id, { expiresAt });
                const present = model.get(id);
                if (call === "put") model.set(id, message);
                else if (call === "remove") model.delete(id);
                else if (present !== undefined) model.set(id, { ...present, written: true });
                calls.push(call === "put" ? store.put(message) : store[call](id));
              }
              await Promise.all(calls);
              await store.close();
            }
            const last = own.own(place.store(), (one) => one.close());
            expect(await last.load()).toEqual([...model.values()]);
          } finally {
            await own.end();
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
