/**
 * What the log keeps. A study's subject has what was decided: which unit went to which worker (by a hash of the worker's id) and was
 * completed how. A worker's subject has the worker's own data: name, texts, rankings, feedback; it is purged to delete the worker.
 */
import { createHash } from "node:crypto";
import { subjectToken } from "../../kit/index.ts";

export type Stage = "CAD" | "RANKING";

/** Begins a study, or begins it anew after a load that was cut off. It counts from `loaded` on. */
interface Loading {
  readonly type: "loading";
  readonly id: string;
  readonly max_cads: number;
  readonly sentences_per_ranking: number;
  readonly rankings_per_original: number;
}

/** A sentence as it was loaded. */
export interface Sentence {
  readonly original_id: string;
  readonly original: string;
  readonly cads: readonly string[];
}

interface Sentences {
  readonly type: "sentences";
  readonly sentences: readonly Sentence[];
}

interface Loaded {
  readonly type: "loaded";
}

/** A unit is this worker's from now on: a new one, or one that somebody has abandoned. */
export interface Assigned {
  readonly type: "assigned";
  readonly unit: string;
  readonly agent: string;
  readonly worker: string;
  /** A hash of worker and agent_registration_id; null where it was not asked for with one. */
  readonly registration: string | null;
  readonly stage: Stage;
  /** Its place in the study. */
  readonly original: number;
  /** Of a ranking: the ids of the CADs. */
  readonly set: readonly string[];
}

/** A unit is completed with what the worker's `final` of this id says. */
export interface Submitted {
  readonly type: "submitted";
  readonly unit: string;
  readonly agent: string;
  readonly final: string;
  /** `duplicate`: the CAD was there already. Decided once, so that it is the same when other CADs have been deleted. */
  readonly outcome: "cad" | "duplicate" | "skip" | "ranking";
}

export type BonusKind = "winner" | "agreement";

/** A bonus was paid, for what it was then. */
interface Paid {
  readonly type: "paid";
  readonly unit: string;
  readonly kind: BonusKind;
  readonly share: number;
}

export type StudyEvent = Loading | Sentences | Loaded | Assigned | Submitted | Paid;

interface Named {
  readonly type: "worker";
  readonly name: string;
}

/** What a unit is completed with. */
export type Work =
  | { readonly cad: string }
  | { readonly explanation: string }
  | { readonly permutation: readonly number[] };

/** A draft as far as it goes. */
export type Draft = Exclude<Work, { readonly explanation: string }>;

interface Drafted {
  readonly type: "draft";
  readonly agent: string;
  readonly draft: Draft;
  /** The client's clock in seconds, where it told it: of two drafts the later counts, in whichever order they come. */
  readonly at?: number;
  readonly update?: string;
}

interface Final {
  readonly type: "final";
  readonly id: string;
  readonly agent: string;
  readonly work: Work;
}

interface FeedbackGiven {
  readonly type: "feedback";
  readonly text: string;
  /** The unit that it was given from. */
  readonly unit?: string;
  readonly agent?: string;
  readonly update?: string;
}

export type WorkerEvent = Named | Drafted | Final | FeedbackGiven;

export type CrowdEvent = StudyEvent | WorkerEvent;

export function printEvent(event: CrowdEvent): string {
  return JSON.stringify(event);
}

/** The event; undefined for a text that is none. What `printEvent` wrote is not looked at again in detail. */
export function parseEvent(data: string): CrowdEvent | undefined {
  try {
    const event: unknown = JSON.parse(data);
    return typeof event === "object" && event !== null && "type" in event
      ? (event as CrowdEvent)
      : undefined;
  } catch {
    return undefined;
  }
}

const studyPrefix = "study.";
const workerPrefix = "worker.";

/** All study subjects start so. */
export const studySubjects = studyPrefix;

/** Distinct for ids of up to 64 characters. */
export function studySubject(id: string): string {
  return studyPrefix + subjectToken(id);
}

/** What stands for a worker where the worker's data does not belong. */
export function workerRef(name: string): string {
  return digest(name);
}

export function workerSubject(ref: string): string {
  return workerPrefix + ref;
}

/** The worker whose subject it is. */
export function refOfSubject(subject: string): string | undefined {
  return subject.startsWith(workerPrefix) ? subject.slice(workerPrefix.length) : undefined;
}

export function registrationRef(worker: string, registration: string): string {
  return digest(JSON.stringify([worker, registration]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
