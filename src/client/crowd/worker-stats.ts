/** A worker's numbers, read without trust. Pure. */
import { isObject } from "../json-object.ts";

/** A completed unit. */
export type FinishedUnit =
  | {
      readonly stage: "CAD";
      /** As the server says it, in UTC: `Fri 20 Nov 2026, 11:05AM`. */
      readonly finishedTime: string;
      readonly original: string;
      readonly cad: string;
      /** Rankings that put this CAD first. */
      readonly firstPlaces: number;
    }
  | {
      readonly stage: "RANKING";
      readonly finishedTime: string;
      /** The sentences in the order given; the last is the best. */
      readonly ranking: readonly string[];
    };

/** What became of a worker's work. */
export interface WorkerStats {
  /** CADs written. */
  readonly cads: number;
  /** Rankings given. */
  readonly rankings: number;
  /** Rankings of anybody whose best is a CAD of this worker. */
  readonly firstPlaces: number;
  /** Completed units, oldest first, without skips. Empty where the server sends none. */
  readonly history: readonly FinishedUnit[];
}

/** Reads `stats` of a `set_worker_stats`; undefined if they break the protocol. Lines of the history that are of another kind are left out. */
export function readStats(json: unknown): WorkerStats | undefined {
  if (!isObject(json)) return undefined;
  const [cads, rankings, firstPlaces] = [
    json.num_cads,
    json.num_rankings,
    json.num_first_place,
  ].map(Number);
  if (!isCount(cads) || !isCount(rankings) || !isCount(firstPlaces)) return undefined;
  const history = Array.isArray(json.history) ? json.history.flatMap(readLine) : [];
  return { cads, rankings, firstPlaces, history };
}

function readLine(line: unknown): readonly FinishedUnit[] {
  if (!isObject(line)) return [];
  const { stage, original, cad, output_ranking: ranking } = line;
  const finishedTime = String(line.finished_time ?? "");
  if (stage === "CAD" && typeof original === "string" && typeof cad === "string") {
    const firstPlaces = Number(line.num_first_place);
    return [
      { stage, finishedTime, original, cad, firstPlaces: isCount(firstPlaces) ? firstPlaces : 0 },
    ];
  }
  return stage === "RANKING" && isTexts(ranking) ? [{ stage, finishedTime, ranking }] : [];
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
