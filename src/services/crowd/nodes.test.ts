/** Units, deletions and abandonment on one node and on two. */
import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryStore } from "../../engines/memory/index.ts";
import { workerRef } from "./crowd-event.ts";
import {
  allOf,
  HandClock,
  type Node,
  shuffled,
  startNode,
  studyOf,
} from "./crowd-harness.suite.ts";
import { statsOf } from "./stats.ts";

/** Two nodes that know a study. */
async function twoNodes(
  study: Parameters<Node["studies"]["load"]>[0],
): Promise<{ readonly a: Node; readonly b: Node }> {
  const store = new MemoryStore();
  const clock = new HandClock();
  const [a, b] = [await startNode(store, clock), await startNode(store, clock)];
  onTestFinished(async () => void (await Promise.all([a.engine.close(), b.engine.close()])));
  await a.studies.load(study);
  await b.desk.agent("nobody");
  return { a, b };
}

describe("two nodes on one store", () => {
  it("that give out units and complete them at once give none twice, ask for no more than is needed, and know the same", async () => {
    const { a, b } = await twoNodes(studyOf(5, 2));
    const work = async (n: number): Promise<number> => {
      const node = n % 2 === 0 ? a : b;
      for (let count = 0; ; count++) {
        const agent = await node.desk.request({ worker: `w${n}` });
        if (agent === undefined) return count;
        const given =
          agent.unit.stage === "CAD"
            ? { cad: `by ${n} of ${agent.unit.original.id}` }
            : { permutation: shuffled(agent.unit.set.length, n) };
        await node.desk.submit(agent, given);
      }
    };
    const first = await Promise.all(Array.from({ length: 12 }, (_, n) => work(n)));
    // Rankings that came up when a worker had already stopped.
    const second = await Promise.all(Array.from({ length: 12 }, (_, n) => work(n)));
    await Promise.all([a.desk.agent("nobody"), b.desk.agent("nobody")]);
    expect(first.reduce((a, b) => a + b) + second.reduce((a, b) => a + b)).toBe(5 * 2 + 5 * 2);
    expect(allOf(a)).toEqual(allOf(b));
    const [study] = a.book.studies.values();
    for (const original of study?.originals ?? []) {
      expect([...original.units].filter(({ stage }) => stage === "CAD").length).toBe(2);
      expect([...original.units].filter(({ stage }) => stage === "RANKING").length).toBe(2);
    }
  });

  it("a ranking at one is told of at both", async () => {
    const { a, b } = await twoNodes(studyOf(1, 3));
    const ann = await a.desk.request({ worker: "ann" });
    if (ann !== undefined) await a.desk.submit(ann, { cad: "by ann" });
    await b.desk.agent("nobody");
    a.changed.length = 0;
    b.changed.length = 0;
    const bob = await b.desk.request({ worker: "bob" });
    if (bob !== undefined) await b.desk.submit(bob, { permutation: "2,1,0,3" });
    await a.desk.agent("nobody");
    for (const { changed } of [a, b])
      expect([...changed].sort()).toEqual([workerRef("ann"), workerRef("bob")].sort());
    expect(statsOf(a.book.worker(workerRef("ann")), 10)).toMatchObject({ num_first_place: 1 });
  });

  it("the same registration at both at once is one agent", async () => {
    const { a, b } = await twoNodes(studyOf(5, 2));
    const agents = await Promise.all(
      [a, b, a, b, b, a].map(({ desk }) => desk.request({ worker: "w", registration: "r" })),
    );
    expect(new Set(agents.map((agent) => agent?.id)).size).toBe(1);
  });
});

describe("a deleted worker", () => {
  it("is nowhere in the log: neither name nor text", async () => {
    const { a, b } = await twoNodes(studyOf(1, 3));
    const agent = await a.desk.request({ worker: "Annabel Lee", registration: "her registration" });
    if (agent === undefined) throw new Error("no agent");
    await a.desk.draft(agent, { cad: "her draft" }, { update: "u" });
    await a.desk.feedback("Annabel Lee", agent, "her feedback", {});
    await a.desk.submit(agent, { cad: "her text" });
    const log = await a.engine.log("crowd");
    const all = async () => {
      const subjects = await log.subjects("");
      return JSON.stringify([
        subjects,
        await Promise.all(subjects.map((subject) => log.read(subject, 0))),
      ]);
    };
    for (const word of ["Annabel", "her draft", "her feedback", "her text"])
      expect(await all()).toContain(word);
    expect(await b.studies.deleteWorker("Annabel Lee")).toEqual({ units: 1, feedback: 1 });
    for (const word of ["Annabel", "her "]) expect(await all()).not.toContain(word);
    await expect(b.desk.submit(agent, { cad: "again" })).rejects.toMatchObject({
      code: "not_found",
    });
    // Who comes again is somebody new.
    await b.desk.feedback("Annabel Lee", undefined, "new", {});
    expect(b.book.worker(workerRef("Annabel Lee"))).toMatchObject({
      name: "Annabel Lee",
      agents: [],
      feedback: [{ text: "new" }],
    });
  });
});

describe("an abandoned unit", () => {
  it("is its agent's again when that comes back in time, and no more when a socket of it is open", async () => {
    const store = new MemoryStore();
    const clock = new HandClock();
    const node = await startNode(store, clock, { unitTimeoutMs: 1000 });
    onTestFinished(() => node.engine.close());
    await node.studies.load(studyOf(1, 3));
    const wish = { worker: "ann", registration: "r" };
    const ann = await node.desk.request(wish);
    if (ann === undefined) throw new Error("no agent");
    clock.nowMs += 999;
    expect(await node.desk.request({ worker: "bob" })).toBeUndefined();
    expect(await node.desk.request(wish)).toBe(ann);
    clock.nowMs += 999;
    expect(await node.desk.request({ worker: "bob" })).toBeUndefined();
    const leave = await node.presence.arrive(ann.id, "connection-1", () => {});
    const leaveAgain = await node.presence.arrive(ann.id, "connection-2", () => {});
    clock.nowMs += 5000;
    await leave();
    expect(await node.desk.request({ worker: "bob" })).toBeUndefined();
    await leaveAgain();
    const nextOfBob = async () => {
      clock.nowMs += 1000;
      return (await node.desk.request({ worker: "bob" }))?.unit.id;
    };
    await expect.poll(nextOfBob).toBe(ann.unit.id);
    await expect(node.desk.submit(ann, { cad: "late" })).rejects.toMatchObject({
      code: "conflict",
    });
    // Once given up it does not come back to the first, and nobody else wants anything of the study.
    clock.nowMs += 5000;
    expect(await node.desk.request({ worker: "ann" })).toBeUndefined();
  });
});
