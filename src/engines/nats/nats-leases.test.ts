/** Leases on NATS when nodes die, are cut off, freeze or sleep; and that the bucket stays small. */
import { jetstream } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { describe, expect, test } from "vitest";
import type { LeaseChange } from "../../kit/engine.ts";
import { natsServerMissing } from "../../testing/nats-server.ts";
import { Arrivals, rejection } from "../engine-harness.suite.ts";
import { changeText, held, refusedBy } from "../engine-leases.suite.ts";
import { Bench, quick } from "./nats-bench.suite.ts";
import { NatsEngine } from "./nats-engine.ts";

const missing = natsServerMissing();
const ttlMs = quick.sessionTtlMs ?? 0;

describe.skipIf(missing !== undefined)(
  `nats leases${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    const bench = missing === undefined ? new Bench() : undefined;
    const use = () => bench ?? expect.unreachable("nats-server is missing");

    /** The bucket as it is seen from outside. */
    async function bucket(): Promise<{ kv: KV; entries(): Promise<string[]> }> {
      const { connection, jsm } = await use().outside();
      const kv = await new Kvm(jetstream(connection)).open(`${use().prefix}_leases`);
      return {
        kv,
        /** Everything that is stored, marks of deletions included. */
        entries: async () => {
          const { state } = await jsm.streams.info(`KV_${use().prefix}_leases`, {
            subjects_filter: ">",
          });
          const keys = Object.keys(state.subjects ?? {}).map((subject) =>
            subject.split(".").slice(2).join("."),
          );
          const found = await Promise.all(keys.map((key) => kv.get(key)));
          return found
            .flatMap((entry) => (entry === null ? [] : [`${entry.operation} ${entry.key}`]))
            .sort();
        },
      };
    }

    test("a node that dies without a word: its leases are free within the TTL, for watchers, lists and takers", async () => {
      const tuning = { ...quick, sessionTtlMs: 2_000 };
      const wire = await use().wire();
      const dying = await use().node(wire, tuning);
      const [b, c] = await Promise.all([
        use().node(undefined, tuning),
        use().node(undefined, tuning),
      ]);
      const one = held(await dying.leases.acquire("room.1", "one"));
      held(await dying.leases.acquire("room.2", "two"));
      const changes = new Arrivals<LeaseChange>();
      await b.leases.watch("room.", (change) => changes.add(change));
      await changes.count(2);
      const start = performance.now();
      wire.cut();
      expect(refusedBy(await c.leases.acquire("room.1", "mine")).session).toBe(dying.session.id);
      await changes.until((items) => items.slice(2).length === 2, "both are free");
      const tookMs = performance.now() - start;
      // From the last renewal, which was 0.3 TTL before the end at most; a second for a busy machine.
      expect(tookMs).toBeGreaterThan(0.6 * tuning.sessionTtlMs);
      expect(tookMs).toBeLessThan(tuning.sessionTtlMs + 1_000);
      expect(changes.items.slice(2).map(changeText).sort()).toEqual(["room.1 free", "room.2 free"]);
      expect(await b.leases.list("room.")).toEqual([]);
      expect(held(await b.leases.acquire("room.1", "taken")).fence).toBeGreaterThan(one.fence);
      await expect
        .poll(() => c.leases.list("room."))
        .toMatchObject([{ key: "room.1", value: "taken" }]);
    });

    test("a node that cannot renew gives its leases up before others may take them, and comes back without them", async () => {
      for (const harm of ["cut", "freeze"] as const) {
        const wire = await use().wire();
        const a = await use().node(wire);
        const b = await use().node();
        const key = `k.${harm}`;
        const times: string[] = [];
        const told = new Arrivals<string>();
        const lease = held(
          await a.leases.acquire(key, "a", {
            lost: (why) => {
              times.push("lost");
              told.add(why);
            },
          }),
        );
        await b.leases.watch(key, ({ holder }) => {
          if (holder === null) times.push("free");
          told.add(holder === null ? "free" : holder.value);
        });
        wire[harm]();
        await told.until((items) => items.includes("free"), "the key is free");
        expect(times).toEqual(["lost", "free"]);
        expect(told.items).toContain("session");
        expect(a.health().ok).toBe(false);
        await rejection(lease.update("still mine"), "lease_lost");
        held(await b.leases.acquire(key, "b"));
        wire.mend();
        await expect.poll(() => a.health()).toEqual({ ok: true });
        expect(refusedBy(await a.leases.acquire(key, "again")).session).toBe(b.session.id);
        await lease.release();
        expect(await b.leases.list(key)).toMatchObject([{ value: "b" }]);
        held(await a.leases.acquire(`${key}.other`, "works"));
        expect(told.items.filter((item) => item === "session")).toEqual(["session"]);
      }
    });

    test("leases that were lost do not come back with their node, though nobody took them", async () => {
      const wire = await use().wire();
      const a = await use().node(wire);
      const b = await use().node();
      const lost = new Arrivals<string>();
      held(await a.leases.acquire("k", "before", { lost: (why) => lost.add(why) }));
      const freed = new Arrivals<string>();
      await b.leases.watch("k", (change) => freed.add(changeText(change)));
      wire.cut();
      await lost.count(1);
      wire.mend();
      await expect.poll(() => a.health()).toEqual({ ok: true });
      await freed.until((items) => items.includes("k free"), "the key is free");
      expect(await a.leases.list("")).toEqual([]);
      held(await b.leases.acquire("k", "after"));
      const { entries } = await bucket();
      await expect.poll(entries).toContain("PUT l.k");
      expect(freed.items.filter((item, index) => item !== freed.items[index - 1])).toEqual([
        "k=before",
        "k free",
        "k=after",
      ]);
    });

    test("a process that slept finds its leases lost by its own clock, whatever its timers did", async () => {
      let sleptMs = 0;
      const a = await use().node(undefined, {
        heartbeatMs: 150,
        monotonicMs: () => performance.now() + sleptMs,
      });
      const lost = new Arrivals<string>();
      const lease = held(await a.leases.acquire("k", "1", { lost: (why) => lost.add(why) }));
      expect(a.health()).toEqual({ ok: true });
      sleptMs = 8_000;
      expect(a.health().ok).toBe(false);
      await rejection(lease.update("2"), "lease_lost");
      await rejection(a.leases.acquire("k2", "1"), "log_unavailable");
      expect(await lost.count(1)).toEqual(["session"]);
      await expect.poll(() => a.health()).toEqual({ ok: true });
      held(await a.leases.acquire("k", "3"));
    });

    test("a short break, or a restart of the server, costs no lease", {
      timeout: 30_000,
    }, async () => {
      const tuning = { sessionTtlMs: 5_000, heartbeatMs: 150 };
      const [a, b] = await Promise.all([
        use().node(undefined, tuning),
        use().node(undefined, tuning),
      ]);
      const lost = new Arrivals<string>();
      const changes = new Arrivals<string>();
      const lease = held(await a.leases.acquire("k", "1", { lost: (why) => lost.add(why) }));
      await b.leases.watch("", (change) => changes.add(changeText(change)));
      await use().server.kill("SIGKILL");
      await use().server.start();
      await expect.poll(() => [a.health(), b.health()]).toEqual([{ ok: true }, { ok: true }]);
      await lease.update("2");
      await changes.until((items) => items.includes("k=2"), "the update");
      expect(changes.items.filter((item) => item.includes("free"))).toEqual([]);
      expect(lost.items).toEqual([]);
      expect(refusedBy(await b.leases.acquire("k", "mine")).value).toBe("2");
    });

    test("releases that happened while a node was cut off are seen by its watchers after", async () => {
      const tuning = { sessionTtlMs: 800, heartbeatMs: 150 };
      const wire = await use().wire();
      const a = await use().node(undefined, tuning);
      const far = await use().node(wire, tuning);
      const [kept, given] = [
        held(await a.leases.acquire("kept", "1")),
        held(await a.leases.acquire("given", "1")),
      ];
      const changes = new Arrivals<string>();
      await far.leases.watch("", (change) => changes.add(changeText(change)));
      await changes.count(2);
      wire.cut();
      await given.release();
      const { entries } = await bucket();
      // Without the mark of the deletion, which a running consumer would have told of.
      await expect.poll(entries).not.toContain("DEL l.given");
      wire.mend();
      await changes.until((items) => items.includes("given free"), "the release");
      expect(changes.items).not.toContain("kept free");
      await kept.update("2");
      await changes.until((items) => items.includes("kept=2"), "the update");
    });

    test("a consumer of leases that is deleted behind our back is replaced", async () => {
      const { jsm } = await use().outside();
      const [a, b] = await Promise.all([use().node(), use().node()]);
      const changes = new Arrivals<string>();
      await a.leases.watch("", (change) => changes.add(changeText(change)));
      const stream = `KV_${use().prefix}_leases`;
      for (const consumer of await use().consumers(jsm, stream))
        await jsm.consumers.delete(stream, consumer);
      held(await b.leases.acquire("k", "1"));
      expect(await changes.count(1)).toEqual(["k=1"]);
      expect((await b.leases.list("")).length).toBe(1);
    });

    test("a node that hears nothing of the others, for longer than the TTL, does not count them as dead", async () => {
      const { jsm } = await use().outside();
      const a = await use().node();
      // With heartbeats so rare, a silent consumer is noticed after 5 s only.
      const deaf = await use().node(undefined, { ...quick, heartbeatMs: 2_000 });
      const lease = held(await a.leases.acquire("k", "1"));
      const changes = new Arrivals<string>();
      await deaf.leases.watch("", (change) => changes.add(changeText(change)));
      const stream = `KV_${use().prefix}_leases`;
      for (const consumer of await use().consumers(jsm, stream))
        await jsm.consumers.delete(stream, consumer);
      const start = performance.now();
      await expect.poll(() => performance.now() - start).toBeGreaterThan(2 * ttlMs);
      expect(refusedBy(await deaf.leases.acquire("k", "mine")).fence).toBe(lease.fence);
      await lease.update("2");
      await changes.until((items) => items.includes("k=2"), "the update");
      expect(changes.items).not.toContain("k free");
    });

    test("leases that are updated all the time are not told as free while their watcher reads the bucket anew", async () => {
      const { jsm } = await use().outside();
      const [a, b] = await Promise.all([use().node(), use().node()]);
      const leases = await Promise.all(
        [1, 2, 3, 4, 5].map(async (nth) => held(await a.leases.acquire(`busy.${nth}`, "0"))),
      );
      const changes = new Arrivals<string>();
      await b.leases.watch("", (change) => changes.add(changeText(change)));
      const stream = `KV_${use().prefix}_leases`;
      let stop = false;
      const updates = leases.map(async (lease) => {
        for (let nth = 1; !stop; nth++) await lease.update(`${nth}`);
      });
      for (let round = 1; round <= 5; round++) {
        for (const consumer of await use().consumers(jsm, stream))
          await jsm.consumers.delete(stream, consumer).catch(() => {});
        await expect.poll(() => b.stats().nats_consumer_restarts_total).toBe(round);
        const { length } = changes.items;
        await changes.until(
          (items) => items.slice(length).some((item) => item.startsWith("busy.")),
          "an update",
        );
      }
      stop = true;
      await Promise.all(updates);
      expect(changes.items.filter((item) => item.includes("free"))).toEqual([]);
    });

    test("a record of our own that nobody has, as after a lost answer, bars nobody and is removed", async () => {
      const a = await use().node();
      const b = await use().node();
      const { kv } = await bucket();
      const orphan = (nth: number) =>
        JSON.stringify({ session: a.session.id, generation: 1, nth, value: "orphan" });
      await kv.put("l.mine", orphan(901));
      expect(held(await a.leases.acquire("mine", "x")).value).toBe("x");
      await kv.put("l.theirs", orphan(902));
      await expect.poll(async () => (await kv.get("l.theirs"))?.operation).toBe("DEL");
      held(await b.leases.acquire("theirs", "y"));
    });

    test("what a dead node left, and the marks of what was released, are removed in the end", {
      timeout: 30_000,
    }, async () => {
      const tuning = { sessionTtlMs: 800, heartbeatMs: 150 };
      const wire = await use().wire();
      const dying = await use().node(wire, tuning);
      const a = await use().node(undefined, tuning);
      for (let nth = 0; nth < 120; nth++) held(await dying.leases.acquire(`dying.${nth}`, "x"));
      const closing = await use().node(undefined, tuning);
      held(await closing.leases.acquire("closing", "x"));
      const kept = held(await a.leases.acquire("kept", "x"));
      await held(await a.leases.acquire("released", "x")).release();
      wire.cut();
      await closing.close();
      const { entries } = await bucket();
      const expected = ["PUT l.kept", `PUT s.${a.session.id}`];
      await expect.poll(entries, { timeout: 20_000, interval: 100 }).toEqual(expected);
      await kept.update("still held");
      expect((await a.leases.list("")).map((holder) => holder.value)).toEqual(["still held"]);
      expect(a.stats().leases_sessions).toBe(1);
    });

    test("closing a node that is cut off ends soon, and its leases go with the TTL", async () => {
      const wire = await use().wire();
      const a = await use().node(wire);
      const b = await use().node();
      held(await a.leases.acquire("k", "1"));
      wire.freeze();
      const start = performance.now();
      await a.close();
      expect(performance.now() - start).toBeLessThan(10_000);
      await expect.poll(async () => "lease" in (await b.leases.acquire("k", "2"))).toBe(true);
    });

    test("several copies are refused where the server would let two takers win", async () => {
      const { connection } = await use().outside();
      const [major = 0, minor = 0, patch = 0] = (connection.info?.version ?? "")
        .split(".")
        .map(Number);
      const old = major * 1e6 + minor * 1e3 + patch < 2_009_021;
      const open = NatsEngine.open({
        servers: use().server.url,
        prefix: use().prefix,
        replicas: 3,
      });
      // A newer one refuses as well: it is alone, there is nowhere to copy to.
      await rejection(open, old ? "bad_config" : "log_unavailable");
    });

    test("many nodes that steal from each other agree on the last one, and every other one is told", async () => {
      const nodes = await Promise.all([1, 2, 3].map(() => use().node()));
      const lost = new Arrivals<number>();
      const fences = await Promise.all(
        Array.from({ length: 30 }, async (_, nth) => {
          const { leases } = nodes[nth % 3] ?? expect.unreachable();
          return held(
            await leases.acquire("k", `${nth}`, { steal: true, lost: () => lost.add(nth) }),
          ).fence;
        }),
      );
      expect(new Set(fences).size).toBe(30);
      const winner = fences.indexOf(Math.max(...fences));
      await lost.count(29);
      expect([...lost.items, winner].sort((x, y) => x - y)).toEqual(
        Array.from({ length: 30 }, (_, nth) => nth),
      );
      for (const { leases } of nodes)
        expect(await leases.list("k")).toMatchObject([{ value: `${winner}` }]);
    });
  },
);
