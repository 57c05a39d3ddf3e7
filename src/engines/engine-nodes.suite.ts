/** Engine suite: several nodes on one store. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import type { LeaseChange, Log } from "../kit/engine.ts";
import { isSwitchboardError } from "../wire/error.ts";
import {
  Arrivals,
  put,
  Recorder,
  readAll,
  rejection,
  type SuiteContext,
  texts,
} from "./engine-harness.suite.ts";
import { changeText, held, refusedBy } from "./engine-leases.suite.ts";

/** Appends `data` after whatever is last, as often as it takes: how two nodes agree on the next place. */
async function appendNext(log: Log, subject: string, data: string): Promise<void> {
  for (let expected = await log.last(subject); ; ) {
    try {
      await log.append(subject, [{ data }], { expect: expected });
      return;
    } catch (error) {
      if (!isSwitchboardError(error, "log_conflict")) throw error;
      await log.caughtUp(Number(error.details.last));
      expected = Number(error.details.last);
    }
  }
}

export function nodesSuite(context: SuiteContext): void {
  const { severalNodes } = context.cannot;
  describe.skipIf(severalNodes !== undefined)(
    `nodes${severalNodes === undefined ? "" : ` (skipped: ${severalNodes})`}`,
    () => {
      async function twoLogs(): Promise<readonly [Log, Log]> {
        const [a, b] = await Promise.all([context.open(), context.open()]);
        expect(a.session.id).not.toBe(b.session.id);
        return await Promise.all([a.log("things"), b.log("things")]);
      }

      test("opened at once they share one log: epoch, events, ids, conditions", async () => {
        const [a, b] = await twoLogs();
        expect(a.epoch).toBe(b.epoch);
        const one = await put(a, "s", "1", "one");
        expect(texts(await readAll(b, "s"))).toEqual(["1"]);
        expect(await b.last("s")).toBe(one);
        expect(await b.subjects("")).toEqual(["s"]);
        expect(await b.append("s", [{ data: "1", id: "one" }])).toEqual([
          { offset: one, duplicate: true },
        ]);
        expect(
          (await rejection(b.append("s", [{ data: "x" }], { expect: 0 }), "log_conflict")).details
            .last,
        ).toBe(one);
      });

      test("followers see the same order; each node follows for itself", async () => {
        const [a, b] = await twoLogs();
        const [onA, onB] = [new Recorder(), new Recorder()];
        await put(a, "s", "before");
        await Promise.all([
          within(a.follow(0, onA), "follow on a"),
          within(b.follow(0, onB), "follow on b"),
        ]);
        await Promise.all(
          Array.from({ length: 200 }, (_, index) =>
            (index % 2 === 0 ? a : b).append(`s.${index % 5}`, [{ data: `${index}` }]),
          ),
        );
        const purged = await b.purge("s.1");
        await Promise.all([
          within(a.caughtUp(purged.offset), "a"),
          within(b.caughtUp(purged.offset), "b"),
        ]);
        expect(onA.events.items.length).toBe(202);
        expect(onA.events.items).toEqual(onB.events.items);
        expect(onA.events.items.at(-1)).toMatchObject({ subject: "s.1", purged: true });
      });

      test("conditional appends of two nodes never overwrite each other", async () => {
        const [a, b] = await twoLogs();
        await Promise.all([a.follow(0, new Recorder()), b.follow(0, new Recorder())]);
        const mine = async (log: Log, name: string) => {
          for (let nth = 0; nth < 20; nth++) await appendNext(log, "s", `${name}${nth}`);
        };
        await within(Promise.all([mine(a, "a"), mine(b, "b")]), "both nodes' appends");
        const all = texts(await readAll(a, "s"));
        expect(all.length).toBe(40);
        for (const name of ["a", "b"]) {
          expect(all.filter((data) => data.startsWith(name))).toEqual(
            Array.from({ length: 20 }, (_, nth) => `${name}${nth}`),
          );
        }
      });

      test("the bus reaches every node, in order per publisher", async () => {
        const [a, b] = await Promise.all([context.open(), context.open()]);
        const [onA, onB] = [new Arrivals<string>(), new Arrivals<string>()];
        await a.bus.subscribe("room.", (data) => onA.add(data));
        const subscription = await b.bus.subscribe("room.", (data) => onB.add(data));
        for (let nth = 0; nth < 100; nth++) {
          a.bus.publish("room.1", `a${nth}`);
          b.bus.publish("room.1", `b${nth}`);
        }
        for (const got of [onA, onB]) {
          const items = await got.count(200);
          for (const name of ["a", "b"]) {
            expect(items.filter((data) => data.startsWith(name))).toEqual(
              Array.from({ length: 100 }, (_, nth) => `${name}${nth}`),
            );
          }
        }
        subscription.stop();
        b.bus.publish("room.1", "end");
        await onA.until((items) => items.includes("end"), "the end");
        expect(onB.items.length).toBe(200);
      });

      test("a lease of one node is refused to and can be stolen by another", async () => {
        const [a, b] = await Promise.all([context.open(), context.open()]);
        const losses = new Arrivals<string>();
        const first = held(await a.leases.acquire("k", "of a", { lost: () => losses.add("a") }));
        expect(refusedBy(await b.leases.acquire("k", "of b"))).toMatchObject({
          value: "of a",
          session: a.session.id,
          fence: first.fence,
        });
        const stolen = held(
          await b.leases.acquire("k", "of b", { steal: true, stealFence: first.fence }),
        );
        expect(stolen.fence).toBeGreaterThan(first.fence);
        expect(await losses.count(1)).toEqual(["a"]);
        await rejection(first.update("x"), "lease_lost");
        await first.release();
        expect(await a.leases.list("")).toMatchObject([{ value: "of b", session: b.session.id }]);
      });

      test("of several nodes that ask at once one gets it", async () => {
        const [a, b] = await Promise.all([context.open(), context.open()]);
        for (let round = 0; round < 10; round++) {
          const asked = await Promise.all([
            a.leases.acquire(`k.${round}`, "a"),
            b.leases.acquire(`k.${round}`, "b"),
          ]);
          expect(asked.filter((acquired) => "lease" in acquired).length).toBe(1);
        }
        const list = await a.leases.list("k.");
        expect(list.length).toBe(10);
        expect(list).toEqual(await b.leases.list("k."));
      });

      test("watch sees the other node's changes; a node that closes gives its leases up", async () => {
        const [a, b] = await Promise.all([context.open(), context.open()]);
        const changes = new Arrivals<string>();
        held(await b.leases.acquire("room.b", "1"));
        await a.leases.watch("room.", (change: LeaseChange) => changes.add(changeText(change)));
        expect(changes.items).toContain("room.b=1");
        const second = held(await b.leases.acquire("room.c", "2"));
        await second.update("3");
        await changes.until((items) => items.includes("room.c=3"), "the update");
        await b.close();
        await changes.until(
          (items) => items.includes("room.b free") && items.includes("room.c free"),
          "the close",
        );
        expect(await a.leases.list("")).toEqual([]);
        held(await a.leases.acquire("room.b", "4"));
      });
    },
  );
}
