/** Logs on NATS when things fail: restarts, lost consumers, cut connections, purges beside followers. */
import { headers } from "@nats-io/transport-node";
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import type { Log } from "../../kit/engine.ts";
import { natsServerMissing } from "../../testing/nats-server.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import { put, Recorder, readAll, rejection, texts } from "../engine-harness.suite.ts";
import { Bench } from "./nats-bench.suite.ts";

const missing = natsServerMissing();

/** Appends until it is stored; the id makes sure that it is stored once. */
async function store(log: Log, subject: string, data: string): Promise<number> {
  for (;;) {
    try {
      return await put(log, subject, data, data);
    } catch (error) {
      if (!isSwitchboardError(error, "log_unavailable")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe.skipIf(missing !== undefined)(
  `nats log${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    const bench = missing === undefined ? new Bench() : undefined;
    const use = () => bench ?? expect.unreachable("nats-server is missing");

    test("a server that crashes in mid-follow and comes back: no gap, no double, on either node", {
      timeout: 30_000,
    }, async () => {
      const [a, b] = await Promise.all([use().node(), use().node()]);
      const [onA, onB] = [new Recorder(), new Recorder()];
      const logA = await a.log("things");
      const logB = await b.log("things");
      await Promise.all([logA.follow(0, onA), logB.follow(0, onB)]);
      let stop = false;
      const stored: number[] = [];
      const append = async (log: Log, name: string) => {
        for (let nth = 0; !stop || nth < 50; nth++)
          stored.push(await store(log, `s.${nth % 3}`, `${name}${nth}`));
      };
      const appends = Promise.all([append(logA, "a"), append(logB, "b")]);
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        const count = onA.events.items.length;
        await onA.events.count(count + 50);
        await use().server.kill(signal);
        await use().server.start();
        await onA.events.count(onA.events.items.length + 50);
      }
      stop = true;
      await within(appends, "the appends");
      const end = await store(logA, "end", "end");
      await within(Promise.all([logA.caughtUp(end), logB.caughtUp(end)]), "caughtUp");
      const offsets = onA.events.items.map((event) => event.offset);
      expect(offsets).toEqual([...stored, end].sort((x, y) => x - y));
      expect(onB.events.items).toEqual(onA.events.items);
      expect(new Set(onA.texts()).size).toBe(onA.texts().length);
      expect([...onA.gaps, ...onB.gaps]).toEqual([]);
      await expect.poll(() => [a.health(), b.health()]).toEqual([{ ok: true }, { ok: true }]);
    });

    test("nodes that make a log at the same moment see one epoch", async () => {
      const nodes = await Promise.all([0, 1, 2, 3].map(() => use().node()));
      for (let nth = 0; nth < 100; nth++) {
        const logs = await Promise.all(nodes.map((node) => node.log(`made${nth}`)));
        expect(new Set(logs.map((log) => log.epoch)).size).toBe(1);
        expect(Date.parse(logs[0]?.epoch ?? "")).toBeGreaterThan(0);
      }
    });

    test("a consumer that is deleted behind our back is noticed and replaced", async () => {
      const { jsm } = await use().outside();
      const node = await use().node();
      const log = await node.log("things");
      const recorder = new Recorder();
      await put(log, "a", "1");
      await log.follow(0, recorder);
      const stream = `${use().prefix}_log_things`;
      const [consumer] = await use().consumers(jsm, stream);
      await jsm.consumers.delete(stream, consumer ?? "");
      await put(log, "a", "2");
      const three = await put(log, "b", "3");
      await within(log.caughtUp(three), "caughtUp");
      expect(recorder.texts()).toEqual(["1", "2", "3"]);
      expect(node.stats().nats_consumer_restarts_total).toBe(1);
      expect((await use().consumers(jsm, stream)).length).toBe(1);
      expect(node.health()).toEqual({ ok: true });
    });

    test("a connection that is cut, or freezes, in mid-follow: nothing is missing after", {
      timeout: 30_000,
    }, async () => {
      const wire = await use().wire();
      const far = await (await use().node(wire)).log("things");
      const near = await (await use().node()).log("things");
      const recorder = new Recorder();
      await far.follow(0, recorder);
      const expected: string[] = [];
      const append = async (count: number) => {
        for (let nth = 0; nth < count; nth++)
          await put(near, "a", `${expected.push(`${expected.length}`) - 1}`);
      };
      for (const harm of ["cut", "freeze", "cut"] as const) {
        await append(20);
        wire[harm]();
        await append(20);
        wire.mend();
        await append(20);
        await within(far.caughtUp(await near.last("a")), `caughtUp after ${harm}`);
      }
      expect(recorder.texts()).toEqual(expected);
    });

    test("messages that are lost on the way with their connection come again", {
      timeout: 30_000,
    }, async () => {
      const wire = await use().wire();
      const far = await (await use().node(wire)).log("things");
      const near = await (await use().node()).log("things");
      const recorder = new Recorder();
      await far.follow(0, recorder);
      const expected: string[] = [];
      for (let round = 0; round < 3; round++) {
        const { length } = expected;
        for (let nth = 0; nth < 3_000; nth++)
          expected.push(`${expected.length} ${"x".repeat(500)}`);
        const appends = expected.slice(length).map((data) => put(near, "a", data));
        await recorder.events.count(length + 50);
        wire.cut();
        wire.mend();
        await Promise.all(appends);
        await within(far.caughtUp(await near.last("a")), "caughtUp");
      }
      expect(recorder.texts()).toEqual(expected);
    });

    test("events that retention drops while the node is cut off are told as a gap, before what is left", async () => {
      const wire = await use().wire();
      const far = await (await use().node(wire)).log("things", { maxEvents: 10 });
      const near = await (await use().node()).log("things");
      const recorder = new Recorder();
      await far.follow(0, recorder);
      const first = await put(near, "a", "first");
      await within(far.caughtUp(first), "the first");
      wire.cut();
      for (let nth = 0; nth < 50; nth++) await put(near, "a", `${nth}`);
      wire.mend();
      const last = await near.last("a");
      await within(far.caughtUp(last), "the last");
      expect(recorder.texts()).toEqual([
        "first",
        ...Array.from({ length: 10 }, (_, nth) => `${nth + 40}`),
      ]);
      expect(recorder.gaps).toEqual([{ from: first + 1, to: last - 10, reason: "retention" }]);
      expect(recorder.all[1]).toBe(recorder.gaps[0]);
    });

    test("waiting for an event that expired before it was seen ends, with a gap", async () => {
      const wire = await use().wire();
      const far = await (await use().node(wire)).log("things", { maxAgeMs: 300 });
      const near = await (await use().node()).log("things");
      const recorder = new Recorder();
      await far.follow(0, recorder);
      wire.cut();
      const old = await put(near, "a", "old");
      await expect.poll(() => near.last("a")).toBe(0);
      const waiting = far.caughtUp(old);
      wire.mend();
      await within(waiting, "caughtUp");
      expect(recorder.gaps).toEqual([{ from: 1, to: old, reason: "retention" }]);
      expect(recorder.texts()).toEqual([]);
    });

    test("a last event that an operator removed keeps nobody waiting", async () => {
      const { jsm } = await use().outside();
      const log = await (await use().node()).log("things");
      await put(log, "a", "1");
      const two = await put(log, "a", "2");
      await jsm.streams.deleteMessage(`${use().prefix}_log_things`, two);
      const recorder = new Recorder();
      await within(log.follow(0, recorder), "follow");
      expect(recorder.texts()).toEqual(["1"]);
      expect(log.position).toBe(two);
    });

    test("a purge beside a follower and a reader of other subjects takes nothing from them", {
      timeout: 30_000,
    }, async () => {
      const node = await use().node();
      const log = await node.log("things");
      const count = 6_000;
      const one = { data: "x".repeat(200) };
      for (let nth = 0; nth < count; nth += 500) {
        await Promise.all(
          Array.from({ length: 500 }, (_, index) =>
            log.append(index % 2 === 0 ? "kept" : "doomed", [one]),
          ),
        );
      }
      for (let round = 0; round < 3; round++) {
        const recorder = new Recorder();
        const [following, kept] = await within(
          Promise.all([
            log.follow(0, recorder),
            readAll(log, "kept", 0, { limit: 1_000 }),
            log.purge("doomed"),
          ]),
          "follow, read and purge",
        );
        await log.caughtUp(await log.last("doomed"));
        expect(kept.length).toBe(count / 2);
        expect(recorder.events.items.filter((event) => event.subject === "kept")).toEqual(kept);
        expect(recorder.events.items.findLast((event) => event.subject === "doomed")?.purged).toBe(
          true,
        );
        await following.stop();
      }
    });

    test("a purge that ended between its two steps is whole for readers", async () => {
      const { connection } = await use().outside();
      const log = await (await use().node()).log("things");
      const [one = 0, two = 0] = (await log.append("a", [{ data: "1" }, { data: "2" }])).map(
        (event) => event.offset,
      );
      const mark = headers();
      mark.set("Switchboard-Purge", "1");
      await connection.request(`${use().prefix}.log.things.a`, "", {
        headers: mark,
        timeout: 5_000,
      });
      const three = await put(log, "a", "3");
      for (const [after, options] of [
        [0, {}],
        [one, {}],
        [0, { limit: 3 }],
      ] as const) {
        const { events, gap, more } = await log.read("a", after, options);
        expect([texts(events), more]).toEqual([["(purged)", "3"], false]);
        expect(gap).toMatchObject({ from: after + 1, reason: "purged" });
      }
      // Two events at a time: the first two are there still; no reader is left without the gap.
      expect(texts((await log.read("a", 0, { limit: 1 })).events)).toEqual(["1"]);
      expect((await log.read("a", two, { limit: 1 })).events[0]?.purged).toBe(true);
      expect(await log.last("a")).toBe(three);
      await log.purge("a");
      const recorder = new Recorder();
      await log.follow(0, recorder);
      expect(recorder.texts()).toEqual(["(purged)"]);
    });

    test("of two nodes' conditional appends exactly one is stored, every time", async () => {
      const [a, b] = await Promise.all([use().node(), use().node()]);
      const logs = await Promise.all([a.log("things"), b.log("things")]);
      for (let round = 0, last = 0; round < 50; round++) {
        const outcomes = await Promise.allSettled(
          logs.map((log, nth) => log.append("s", [{ data: `${nth}` }], { expect: last })),
        );
        const won = outcomes.flatMap((outcome) =>
          outcome.status === "fulfilled" ? outcome.value : [],
        );
        const lost = outcomes.flatMap((outcome) =>
          outcome.status === "rejected" ? [outcome.reason] : [],
        );
        expect(won.length).toBe(1);
        last = won[0]?.offset ?? 0;
        expect(lost[0]).toMatchObject({ code: "log_conflict", details: { last } });
      }
    });

    test("reads and purges leave no consumers behind", async () => {
      const { jsm } = await use().outside();
      const log = await (await use().node()).log("things");
      for (let nth = 0; nth < 20; nth++) {
        await put(log, "a", `${nth}`);
        await log.read("a", 0);
      }
      await log.purge("a");
      await expect.poll(() => use().consumers(jsm, `${use().prefix}_log_things`)).toEqual([]);
      const following = await log.follow(0, new Recorder());
      await following.stop();
      await expect.poll(() => use().consumers(jsm, `${use().prefix}_log_things`)).toEqual([]);
    });

    test("what does not fit in a message is refused before anything is sent", async () => {
      const node = await use().node();
      const log = await node.log("things");
      const limit = 1_048_576 - 512;
      const refused = await rejection(
        log.append("a", [{ data: "fits" }, { data: "x".repeat(limit + 1) }]),
        "too_large",
      );
      expect(refused.details).toEqual({ bytes: limit + 1, limit });
      expect(await log.last("a")).toBe(0);
      await put(log, "a", "x".repeat(limit));
      await put(log, "a", "y".repeat(limit - 2_000), "i".repeat(1_998));
      expect((await readAll(log, "a")).map((event) => event.data.length)).toEqual([
        limit,
        limit - 2_000,
      ]);
      expect(() => node.bus.publish("a", "x".repeat(limit + 1))).toThrow(
        expect.objectContaining({ code: "too_large" }),
      );
      expect(node.health()).toEqual({ ok: true });
    });

    test("without a connection appends fail with log_unavailable, health says so, and both recover", {
      timeout: 30_000,
    }, async () => {
      const wire = await use().wire();
      const node = await use().node(wire);
      const log = await node.log("things");
      await put(log, "a", "1");
      wire.cut();
      await expect.poll(() => node.health().ok).toBe(false);
      node.bus.publish("a", "dropped");
      expect(node.stats().bus_dropped_total).toBe(1);
      await rejection(log.append("a", [{ data: "2", id: "2" }]), "log_unavailable");
      const before = performance.now();
      await rejection(log.append("a", [{ data: "2", id: "2" }]), "log_unavailable");
      expect(
        performance.now() - before,
        "fails at once when it has been broken for long",
      ).toBeLessThan(1_000);
      wire.mend();
      await store(log, "a", "2");
      expect(texts(await readAll(log, "a"))).toEqual(["1", "2"]);
      await expect.poll(() => node.health()).toEqual({ ok: true });
    });

    test("no server: opening is refused with log_unavailable", async () => {
      const wire = await use().wire();
      wire.cut();
      await rejection(use().node(wire), "log_unavailable");
    });
  },
);
