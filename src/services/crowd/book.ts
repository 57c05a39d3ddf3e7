/** All studies and workers: folded from the log, the same on every node. */
import type { Fold, LogEvent } from "../../kit/index.ts";
import {
  type Assigned,
  parseEvent,
  refOfSubject,
  type Sentence,
  type StudyEvent,
  type Submitted,
  type Work,
  type WorkerEvent,
} from "./crowd-event.ts";
import { bestOf } from "./stats.ts";
import type { Agent, Cad, Feedback, Original, Settings, Study, Unit, Worker } from "./study.ts";

interface AgentEntry extends Agent {
  unit: UnitEntry;
  draft: Agent["draft"];
  draftAt: number | undefined;
  draftCount: number;
  readonly updates: Set<string>;
}

interface UnitEntry extends Unit {
  readonly study: StudyEntry;
  readonly original: OriginalEntry;
  agent: AgentEntry;
  done: Unit["done"];
  paid: Unit["paid"];
}

interface OriginalEntry extends Original {
  readonly cads: Map<string, Cad>;
  readonly units: Set<UnitEntry>;
  readonly had: { readonly CAD: Set<string>; readonly RANKING: Set<string> };
}

interface StudyEntry extends Study {
  readonly originals: OriginalEntry[];
  readonly units: Map<string, UnitEntry>;
  readonly open: Set<UnitEntry>;
  loadedMs: number;
}

interface WorkerEntry extends Worker {
  name: string | undefined;
  readonly agents: AgentEntry[];
  readonly feedback: Feedback[];
  /** What units may be completed with, by its id, until one of them is. */
  readonly finals: Map<string, { readonly agent: string; readonly work: Work }>;
  readonly updates: Set<string>;
}

/** Stored update_ids of one agent that are remembered. */
const maxUpdates = 1000;

/**
 * Texts of a purged worker are gone from the history, but what was decided about the worker's units is still there: until the purge comes, a node
 * that folds the history knows of completed units without their texts. It passes them over, as the purge removes them.
 */
export class Book implements Fold {
  readonly #studies = new Map<string, StudyEntry>();
  /** Studies whose load has begun and not ended, by subject. */
  readonly #loading = new Map<string, StudyEntry>();
  readonly #bySubject = new Map<string, StudyEntry>();
  readonly #workers = new Map<string, WorkerEntry>();
  readonly #agents = new Map<string, AgentEntry>();
  readonly #last = new Map<string, number>();
  readonly #numbersChanged: (worker: string) => void;
  readonly #settled: (agent: string) => void;

  /**
   * `numbersChanged`: something live has changed a worker's statistics. `settled`: an agent's unit is completed, given to someone else or
   * deleted. Neither may throw.
   */
  constructor(numbersChanged: (worker: string) => void, settled: (agent: string) => void) {
    this.#numbersChanged = numbersChanged;
    this.#settled = settled;
  }

  /** In the order of loading. */
  get studies(): ReadonlyMap<string, Study> {
    return this.#studies;
  }

  get workerCount(): number {
    return this.#workers.size;
  }

  worker(ref: string): Worker | undefined {
    return this.#workers.get(ref);
  }

  agent(id: string): Agent | undefined {
    return this.#agents.get(id);
  }

  /** Whether the worker's feedback or the agent's draft of this update_id is stored. */
  hasUpdate(ref: string, agent: string | undefined, update: string): boolean {
    if (agent !== undefined) return this.#agents.get(agent)?.updates.has(update) === true;
    return this.#workers.get(ref)?.updates.has(update) === true;
  }

  /** The last offset of a subject. */
  last(subject: string): number {
    return this.#last.get(subject) ?? 0;
  }

  event({ subject, data, offset, timeMs, purged }: LogEvent, live: boolean): void {
    this.#last.set(subject, offset);
    const ref = refOfSubject(subject);
    const changed = new Set<string>();
    if (purged) {
      if (ref !== undefined) this.#forget(ref, changed);
    } else {
      const event = parseEvent(data);
      if (event === undefined) return;
      if (ref !== undefined) this.#ofWorker(ref, event as WorkerEvent, timeMs);
      else this.#ofStudy(subject, event as StudyEvent, offset, timeMs, changed);
    }
    if (live) for (const worker of changed) this.#numbersChanged(worker);
  }

  #ofWorker(ref: string, event: WorkerEvent, timeMs: number): void {
    const worker = this.#worker(ref);
    if (event.type === "worker") worker.name = event.name;
    else if (event.type === "final")
      worker.finals.set(event.id, { agent: event.agent, work: event.work });
    else if (event.type === "feedback") {
      worker.feedback.push({ text: event.text, unit: event.unit, timeMs });
      remember(this.#agents.get(event.agent ?? "")?.updates ?? worker.updates, event.update);
    } else if (event.type === "draft") {
      const agent = this.#agents.get(event.agent);
      if (agent === undefined) return;
      agent.draft = event.draft;
      agent.draftAt = event.at ?? agent.draftAt;
      agent.draftCount++;
      remember(agent.updates, event.update);
    }
  }

  #ofStudy(
    subject: string,
    event: StudyEvent,
    offset: number,
    timeMs: number,
    changed: Set<string>,
  ): void {
    if (event.type === "loading") {
      const { max_cads, sentences_per_ranking, rankings_per_original } = event;
      const settings = {
        maxCads: max_cads,
        sentencesPerRanking: sentences_per_ranking,
        rankingsPerOriginal: rankings_per_original,
      };
      this.#loading.set(subject, newStudy(event.id, settings));
      return;
    }
    if (event.type === "sentences") {
      const { originals } =
        this.#loading.get(subject) ??
        newStudy("", { maxCads: 0, sentencesPerRanking: 1, rankingsPerOriginal: 0 });
      for (const sentence of event.sentences)
        originals.push(newOriginal(originals.length, sentence));
      return;
    }
    if (event.type === "loaded") {
      this.#loaded(subject, timeMs);
      return;
    }
    const study = this.#bySubject.get(subject);
    if (study === undefined) return;
    if (event.type === "assigned") this.#assigned(study, event, timeMs);
    else if (event.type === "submitted") this.#submitted(study, event, { offset, timeMs }, changed);
    else if (event.type === "paid") {
      const unit = study.units.get(event.unit);
      if (unit !== undefined) unit.paid ??= { kind: event.kind, share: event.share };
    }
  }

  #loaded(subject: string, timeMs: number): void {
    const study = this.#loading.get(subject);
    this.#loading.delete(subject);
    if (study === undefined || this.#bySubject.has(subject)) return;
    study.loadedMs = timeMs;
    this.#bySubject.set(subject, study);
    this.#studies.set(study.id, study);
  }

  #assigned(study: StudyEntry, event: Assigned, timeMs: number): void {
    const original = study.originals[event.original];
    if (original === undefined) return;
    const worker = this.#worker(event.worker);
    const present = study.units.get(event.unit);
    const agent: Omit<AgentEntry, "unit"> & { unit: UnitEntry | undefined } = {
      id: event.agent,
      unit: present,
      worker: event.worker,
      registration: event.registration,
      assignedMs: timeMs,
      draft: undefined,
      draftAt: undefined,
      draftCount: 0,
      updates: new Set(),
    };
    const { stage, set } = event;
    const holder = agent as AgentEntry;
    holder.unit = present ?? {
      id: event.unit,
      study,
      original,
      stage,
      set,
      agent: holder,
      done: undefined,
      paid: undefined,
    };
    if (present !== undefined) this.#settled(present.agent.id);
    holder.unit.agent = holder;
    study.units.set(event.unit, holder.unit);
    study.open.add(holder.unit);
    original.units.add(holder.unit);
    original.had[stage].add(event.worker);
    worker.agents.push(holder);
    this.#agents.set(holder.id, holder);
  }

  #submitted(
    study: StudyEntry,
    event: Submitted,
    at: { offset: number; timeMs: number },
    changed: Set<string>,
  ): void {
    const unit = study.units.get(event.unit);
    if (unit === undefined || unit.done !== undefined || unit.agent.id !== event.agent) return;
    const { agent, original } = unit;
    const worker = this.#worker(agent.worker);
    const work = worker.finals.get(event.final)?.work;
    if (work === undefined) return;
    for (const [id, final] of worker.finals)
      if (final.agent === event.agent) worker.finals.delete(id);
    unit.done = {
      work,
      duplicate: event.outcome === "duplicate",
      finishedMs: at.timeMs,
      offset: at.offset,
    };
    study.open.delete(unit);
    agent.draft = undefined;
    if (event.outcome === "cad" && "cad" in work)
      original.cads.set(unit.id, { id: unit.id, text: work.cad, unit });
    if (event.outcome !== "skip") changed.add(agent.worker);
    this.#addBest(unit, changed);
    this.#settled(agent.id);
  }

  /** Nothing of the worker stays but what others made of it: their places in rankings. */
  #forget(ref: string, changed: Set<string>): void {
    const worker = this.#workers.get(ref);
    if (worker === undefined) return;
    for (const agent of worker.agents) {
      const { unit } = agent;
      this.#agents.delete(agent.id);
      unit.original.had[unit.stage].delete(ref);
      this.#settled(agent.id);
      if (unit.agent !== agent) continue;
      this.#addBest(unit, changed);
      unit.original.units.delete(unit);
      unit.original.cads.delete(unit.id);
      unit.study.units.delete(unit.id);
      unit.study.open.delete(unit);
    }
    this.#workers.delete(ref);
    changed.add(ref);
  }

  /** The worker whose CAD a ranking has put best: one first place more, or less. */
  #addBest(unit: UnitEntry, changed: Set<string>): void {
    const author = bestOf(unit)?.unit?.agent.worker;
    if (author !== undefined) changed.add(author);
  }

  #worker(ref: string): WorkerEntry {
    let worker = this.#workers.get(ref);
    if (worker === undefined) {
      worker = {
        ref,
        name: undefined,
        agents: [],
        feedback: [],
        finals: new Map(),
        updates: new Set(),
      };
      this.#workers.set(ref, worker);
    }
    return worker;
  }
}

function newStudy(id: string, settings: Settings): StudyEntry {
  return { id, settings, originals: [], units: new Map(), open: new Set(), loadedMs: 0 };
}

/** Of CADs that differ in letter case only, the first is taken. */
function newOriginal(index: number, { original_id, original, cads }: Sentence): OriginalEntry {
  const different = new Map<string, Cad>();
  const seen = new Set<string>();
  for (const text of cads) {
    if (seen.has(text.toLowerCase())) continue;
    seen.add(text.toLowerCase());
    const id = `loaded-${different.size}`;
    different.set(id, { id, text, unit: undefined });
  }
  return {
    index,
    id: original_id,
    text: original,
    cads: different,
    units: new Set(),
    had: { CAD: new Set(), RANKING: new Set() },
  };
}

/** Keeps the newest. */
function remember(updates: Set<string>, update: string | undefined): void {
  if (update === undefined) return;
  updates.add(update);
  for (const oldest of updates) {
    if (updates.size <= maxUpdates) return;
    updates.delete(oldest);
  }
}
