/** A study as it is in memory: originals, CADs, units, agents, workers. Folded by the book; everybody else only reads. */
import type { BonusKind, Draft, Stage, Work } from "./crowd-event.ts";

/** What was asked for with the study. */
export interface Settings {
  readonly maxCads: number;
  readonly sentencesPerRanking: number;
  readonly rankingsPerOriginal: number;
}

export interface Study {
  readonly id: string;
  readonly settings: Settings;
  readonly originals: readonly Original[];
  /** By id, in the order of their making. */
  readonly units: ReadonlyMap<string, Unit>;
  /** Those not completed. */
  readonly open: ReadonlySet<Unit>;
  readonly loadedMs: number;
}

/** A sentence and what has become of it. */
export interface Original {
  /** Its place in the study. */
  readonly index: number;
  readonly id: string;
  readonly text: string;
  /** Different ones, letter case aside, oldest first. Deleted ones are missing. */
  readonly cads: ReadonlyMap<string, Cad>;
  /** All that were asked for. */
  readonly units: ReadonlySet<Unit>;
  /** Who has been given a unit of it, whatever became of that. */
  readonly had: Readonly<Record<Stage, ReadonlySet<string>>>;
}

export interface Cad {
  /** That of its unit, or of its own if it was loaded. Unique in its original. */
  readonly id: string;
  readonly text: string;
  /** The unit that brought it; undefined if it was loaded. */
  readonly unit: Unit | undefined;
}

export interface Unit {
  readonly id: string;
  readonly study: Study;
  readonly original: Original;
  readonly stage: Stage;
  /** Of a ranking: the ids of its CADs, whether or not they are still there. */
  readonly set: readonly string[];
  /** Who has it now. */
  readonly agent: Agent;
  readonly done: Done | undefined;
  readonly paid: Bonus | undefined;
}

/** How a unit was completed. */
export interface Done {
  readonly work: Work;
  /** The CAD was there already. */
  readonly duplicate: boolean;
  readonly finishedMs: number;
  /** A later completion has a larger one. */
  readonly offset: number;
}

export interface Bonus {
  readonly kind: BonusKind;
  readonly share: number;
}

/** One worker on one unit. Another worker on the same unit later is another agent. */
export interface Agent {
  readonly id: string;
  readonly unit: Unit;
  /** The worker, by hash. */
  readonly worker: string;
  readonly registration: string | null;
  readonly assignedMs: number;
  readonly draft: Draft | undefined;
  /** The client's clock at the draft, where it is known. */
  readonly draftAt: number | undefined;
  readonly draftCount: number;
  /** The update_ids of what was stored, the newest of them. */
  readonly updates: ReadonlySet<string>;
}

export interface Feedback {
  readonly text: string;
  readonly unit: string | undefined;
  readonly timeMs: number;
}

export interface Worker {
  readonly ref: string;
  /** Undefined in the moment of the worker's deletion, on other nodes. */
  readonly name: string | undefined;
  /** In the order of their making. */
  readonly agents: readonly Agent[];
  readonly feedback: readonly Feedback[];
}

/** Whether a unit is still this agent's: it has not been given to someone else, and not been deleted. */
export function isHolder(agent: Agent): boolean {
  return agent.unit.agent === agent;
}

/** Whether an agent has something to do yet. */
export function isOpen(agent: Agent | undefined): agent is Agent {
  return agent !== undefined && isHolder(agent) && agent.unit.done === undefined;
}

/** What a ranking shows in the place of a CAD that was deleted. */
const removedText = "[removed]";

/** The sentences of a ranking, in the order of its set. */
export function sentencesOf({ original, set }: Unit): string[] {
  return set.map((id) => original.cads.get(id)?.text ?? removedText);
}
