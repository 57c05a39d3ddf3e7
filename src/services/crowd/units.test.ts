/** Who gets which unit, and what stays of it: the service's parts against a model that recounts everything from a list of what was done. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
import { progressOf } from "./results.ts";
import { statsOf } from "./stats.ts";
import { type Agent, sentencesOf } from "./study.ts";

/** What the model knows of a unit: only what was given and done. */
interface Line {
  readonly agent: Agent;
  readonly worker: string;
  readonly original: number;
  readonly stage: "CAD" | "RANKING";
  readonly sentences: readonly string[];
  state: "open" | "skip" | "duplicate" | "cad" | "ranked";
  cad?: string;
  /** The unit that brought the CAD which this ranking has put best, or the id of a loaded one. */
  best?: string;
  seenMs: number;
}

/** Recounts from the list each time: the formulas of the protocol, word by word. */
class Model {
  lines: Line[] = [];
  /** Unit and worker of everything that was ever given. */
  had: { worker: string; original: number; stage: string }[] = [];
  readonly loaded: number;
  readonly settings: { maxCads: number; perRanking: number; rankings: number };

  constructor(loaded: number, settings: { maxCads: number; perRanking: number; rankings: number }) {
    this.loaded = loaded;
    this.settings = settings;
  }

  cads(original: number): { text: string; worker: string | null }[] {
    const written = this.lines.filter((line) => line.original === original && line.state === "cad");
    const initial = Array.from({ length: this.loaded }, (_, k) => ({
      text: `loaded ${k} of ${original}`,
      worker: null,
    }));
    return [...initial, ...written.map(({ cad = "", worker }) => ({ text: cad, worker }))];
  }

  asked(original: number, stage: string): number {
    const units = this.lines.filter((line) => line.original === original && line.stage === stage);
    const cads = this.cads(original).length;
    if (stage === "RANKING")
      return cads < this.settings.perRanking
        ? 0
        : Math.max(0, this.settings.rankings - units.length);
    const completed = units.filter(({ state }) => state !== "open").length;
    return Math.max(0, this.settings.maxCads - (units.length + (cads - completed)));
  }

  /** What a worker may get, as `original stage`; of an abandoned unit, with it. */
  allowed(worker: string, originals: number, nowMs: number, timeoutMs: number): Set<string> {
    const may = (original: number, stage: string) =>
      !this.had.some(
        (given) => given.worker === worker && given.original === original && given.stage === stage,
      );
    const allowed = new Set<string>();
    for (const line of this.lines) {
      const isOver = line.state === "open" && nowMs - line.seenMs >= timeoutMs;
      const others =
        line.stage === "CAD" || line.agent.unit.set.some((id) => this.authorOf(id) !== worker);
      if (isOver && may(line.original, line.stage) && others)
        allowed.add(`again ${line.agent.unit.id}`);
    }
    for (let original = 0; original < originals; original++) {
      if (this.asked(original, "CAD") > 0 && may(original, "CAD")) allowed.add(`${original} CAD`);
      const others = this.cads(original).some((cad) => cad.worker !== worker);
      if (this.asked(original, "RANKING") > 0 && may(original, "RANKING") && others)
        allowed.add(`${original} RANKING`);
    }
    return allowed;
  }

  /** Of a CAD by its id, which is its unit's; undefined for a loaded or deleted one. */
  authorOf(id: string): string | undefined {
    return this.lines.find((line) => line.agent.unit.id === id && line.state === "cad")?.worker;
  }

  stats(worker: string) {
    const own = this.lines.filter((line) => line.worker === worker);
    const cads = own.filter(({ state }) => state === "cad");
    const best = cads.reduce(
      (sum, { agent }) => sum + this.lines.filter((line) => line.best === agent.unit.id).length,
      0,
    );
    return {
      num_cads: own.filter(({ state }) => state === "cad" || state === "duplicate").length,
      num_rankings: own.filter(({ state }) => state === "ranked").length,
      num_first_place: best,
    };
  }
}

const originals = 2;
const timeoutMs = 1000;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("request" as const), worker: fc.nat(4) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("cad" as const),
      line: fc.nat(),
      text: fc.nat(2),
      upper: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("skip" as const), line: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("rank" as const), line: fc.nat(), seed: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(1500) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), worker: fc.nat(4) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function play(
  node: Node,
  clock: HandClock,
  model: Model,
  steps: readonly Step[],
): Promise<void> {
  for (const next of steps) {
    clock.nowMs += 1;
    if (next.do === "wait") clock.nowMs += next.ms;
    else if (next.do === "request") await request(node, clock, model, `w${next.worker}`);
    else if (next.do === "delete") await remove(node, model, `w${next.worker}`);
    else await complete(node, model, next);
    for (let worker = 0; worker < 5; worker++) {
      const { history, ...numbers } = statsOf(node.book.worker(workerRef(`w${worker}`)), 1000);
      expect(numbers).toEqual(model.stats(`w${worker}`));
      expect(history.length).toBe(numbers.num_cads + numbers.num_rankings);
    }
  }
}

async function request(node: Node, clock: HandClock, model: Model, worker: string): Promise<void> {
  const allowed = model.allowed(worker, originals, clock.nowMs, timeoutMs);
  const agent = await node.desk.request({ worker });
  if (agent === undefined) {
    expect([...allowed]).toEqual([]);
    return;
  }
  const { unit } = agent;
  const before = model.lines.findIndex((line) => line.agent.unit === unit);
  expect(allowed).toContain(
    before < 0 ? `${unit.original.index} ${unit.stage}` : `again ${unit.id}`,
  );
  if (unit.stage === "RANKING" && before < 0) {
    expect(sentencesOf(unit).sort()).toEqual(
      model
        .cads(unit.original.index)
        .map(({ text }) => text)
        .sort(),
    );
  }
  const { index: original } = unit.original;
  const line: Line = {
    agent,
    worker,
    original,
    stage: unit.stage,
    sentences: sentencesOf(unit),
    state: "open",
    seenMs: clock.nowMs,
  };
  if (before < 0) model.lines.push(line);
  else model.lines[before] = line;
  model.had.push({ worker, original, stage: unit.stage });
}

async function remove(node: Node, model: Model, worker: string): Promise<void> {
  await node.studies.deleteWorker(worker);
  model.lines = model.lines.filter((line) => line.worker !== worker);
  model.had = model.had.filter((given) => given.worker !== worker);
}

async function complete(
  node: Node,
  model: Model,
  next: Extract<Step, { do: "cad" | "skip" | "rank" }>,
): Promise<void> {
  const stage = next.do === "rank" ? "RANKING" : "CAD";
  const open = model.lines.filter((line) => line.state === "open" && line.stage === stage);
  const line = open[next.line % Math.max(1, open.length)];
  if (line === undefined) return;
  if (next.do === "skip") {
    await node.desk.submit(line.agent, { explanation: "unclear" });
    line.state = "skip";
  } else if (next.do === "cad") {
    const text = `text ${next.text}`;
    const cad = next.upper ? text.toUpperCase() : text;
    const isKnown = model.cads(line.original).some((other) => other.text.toLowerCase() === text);
    await node.desk.submit(line.agent, { cad });
    line.state = isKnown ? "duplicate" : "cad";
    line.cad = cad;
  } else if (next.do === "rank") {
    const permutation = shuffled(line.sentences.length, next.seed);
    await node.desk.submit(line.agent, { permutation });
    line.state = "ranked";
    line.best = line.agent.unit.set[permutation.at(-1) ?? -1] ?? "";
  }
}

describe("against the model", () => {
  it("every unit is one that the worker may have, none is withheld, stats equal a recount, and a restart knows the same", async () => {
    const settings = fc.record({
      maxCads: fc.integer({ min: 1, max: 4 }),
      perRanking: fc.integer({ min: 1, max: 3 }),
      rankings: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        settings,
        fc.array(step, { maxLength: 80, size: "max" }),
        async (loaded, wanted, steps) => {
          const store = new MemoryStore();
          const clock = new HandClock();
          const node = await startNode(store, clock, { unitTimeoutMs: timeoutMs });
          const {
            maxCads: max_cads,
            perRanking: sentences_per_ranking,
            rankings: rankings_per_original,
          } = wanted;
          const study = await node.studies.load(
            studyOf(originals, loaded, { max_cads, sentences_per_ranking, rankings_per_original }),
          );
          const model = new Model(loaded, wanted);
          await play(node, clock, model, steps);
          const isAbandoned = () => false;
          for (const stage of ["CAD", "RANKING"] as const) {
            const asked = model.asked(0, stage) + model.asked(1, stage);
            const lines = model.lines.filter((line) => line.stage === stage);
            const open = lines.filter(({ state }) => state === "open").length;
            expect(progressOf(study, stage, isAbandoned)).toEqual({
              wanted: asked + lines.length,
              free: asked,
              open,
              done: lines.length - open,
            });
          }
          const again = await startNode(store, clock, { unitTimeoutMs: timeoutMs });
          expect(allOf(again)).toEqual(allOf(node));
          await node.engine.close();
          await again.engine.close();
        },
      ),
      { numRuns: 150 },
    );
  });
});
