/** What the crowd's tests drive: the desk and the studies of one node, or of several on one store, with a clock that is set by hand. */
import { type MemoryStore, openMemoryEngine } from "../../engines/memory/index.ts";
import { type Engine, Projection } from "../../kit/index.ts";
import { Book } from "./book.ts";
import { type CrowdConfig, configSchema } from "./config.ts";
import { Decisions } from "./decisions.ts";
import { Desk } from "./desk.ts";
import { Presence } from "./presence.ts";
import { Studies } from "./studies.ts";
import { isOpen } from "./study.ts";
import { exportJson } from "./study-export.ts";

/** Time stands still until it is set. */
export class HandClock {
  nowMs = Date.UTC(2026, 10, 20, 11, 5);

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(): never {
    throw new Error("the crowd sets no timers");
  }
}

/** One node without sockets. */
export interface Node {
  readonly engine: Engine;
  readonly book: Book;
  readonly desk: Desk;
  readonly studies: Studies;
  readonly presence: Presence;
  /** Workers whose numbers have changed, in the order of it. */
  readonly changed: string[];
}

let lastId = 0;

export async function startNode(
  store: MemoryStore,
  clock: HandClock,
  settings: Partial<CrowdConfig> = {},
): Promise<Node> {
  const config = configSchema.parse(settings);
  const engine = await openMemoryEngine({ store, now: () => clock.now() });
  const log = await engine.log("crowd");
  const changed: string[] = [];
  let presence: Presence | undefined;
  const book = new Book(
    (worker) => changed.push(worker),
    (agent) => presence?.forget(agent),
  );
  await Projection.open(log, book);
  const here = await Presence.open({
    leases: engine.leases,
    clock,
    unitTimeoutMs: config.unitTimeoutMs,
    isOpen: (id) => isOpen(book.agent(id)),
  });
  presence = here;
  const decisions = new Decisions(log, book);
  const studies = new Studies(log, book, decisions, config);
  const newId = () => `id-${++lastId}`;
  const desk = new Desk({
    log,
    book,
    decisions,
    presence: here,
    config,
    newId,
    newSecret: () => `agent-${++lastId}`,
  });
  return { engine, book, desk, studies, presence: here, changed };
}

/** A study of `count` originals with `cads` loaded CADs each. */
export function studyOf(
  count: number,
  cads: number,
  more: Partial<Parameters<Studies["load"]>[0]> = {},
): Parameters<Studies["load"]>[0] {
  const sentences = Array.from({ length: count }, (_, n) => ({
    original_id: `o${n}`,
    original: `original ${n}`,
    cads: Array.from({ length: cads }, (_, k) => `loaded ${k} of ${n}`),
  }));
  return {
    id: "s",
    sentences,
    max_cads: 4,
    sentences_per_ranking: 4,
    rankings_per_original: 2,
    ...more,
  };
}

/** All that a node knows of all studies. */
export function allOf({ book }: Node): unknown {
  return [...book.studies.values()].map((study) => exportJson(study, book));
}

/** The indices below `size` in an order that hangs on `seed`. */
export function shuffled(size: number, seed: number): number[] {
  return Array.from({ length: size }, (_, n) => n).sort(
    (a, b) => ((a * 7919 + seed) % 101) - ((b * 7919 + seed) % 101) || a - b,
  );
}
