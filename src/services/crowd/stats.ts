/** A worker's numbers and history. Pure. */
import { rankingOf } from "./results.ts";
import { type Cad, type Done, isHolder, sentencesOf, type Unit, type Worker } from "./study.ts";

/** A line of the history. */
type Finished =
  | { finished_time: string; stage: "CAD"; num_first_place: number; original: string; cad: string }
  | { finished_time: string; stage: "RANKING"; output_ranking: string[] };

/** What a worker is told. */
export interface Stats {
  num_cads: number;
  num_rankings: number;
  num_first_place: number;
  history: Finished[];
}

/** The numbers count everything, the history has the newest `maxHistory` units. Skips are in neither. */
export function statsOf(worker: Worker | undefined, maxHistory: number): Stats {
  const finished = (worker?.agents ?? [])
    .flatMap((agent) =>
      isHolder(agent) && agent.unit.done !== undefined
        ? [{ unit: agent.unit, done: agent.unit.done }]
        : [],
    )
    .filter(({ done }) => !("explanation" in done.work))
    .sort((a, b) => a.done.offset - b.done.offset);
  const cads = finished.filter(({ unit }) => unit.stage === "CAD");
  return {
    num_cads: cads.length,
    num_rankings: finished.length - cads.length,
    num_first_place: cads.reduce((sum, { unit }) => sum + firstPlaces(unit), 0),
    history: finished.slice(-maxHistory).flatMap(({ unit, done }) => lineOf(unit, done)),
  };
}

function lineOf(unit: Unit, { work, finishedMs }: Done): Finished[] {
  const finished_time = timeText(finishedMs);
  if ("permutation" in work) {
    const sentences = sentencesOf(unit);
    return [
      {
        finished_time,
        stage: "RANKING",
        output_ranking: work.permutation.map((index) => sentences[index] ?? ""),
      },
    ];
  }
  if (!("cad" in work)) return [];
  return [
    {
      finished_time,
      stage: "CAD",
      num_first_place: firstPlaces(unit),
      original: unit.original.text,
      cad: work.cad,
    },
  ];
}

/** The rankings whose best is the CAD of this unit. */
function firstPlaces({ id, original }: Unit): number {
  let count = 0;
  for (const unit of original.units) if (bestOf(unit)?.id === id) count++;
  return count;
}

/** The CAD that a completed ranking has put best, if it is still there. */
export function bestOf(unit: Unit): Cad | undefined {
  const id = unit.set[rankingOf(unit)?.at(-1) ?? -1];
  return id === undefined ? undefined : unit.original.cads.get(id);
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Fri 20 Nov 2026, 11:05AM`, in UTC. */
export function timeText(ms: number): string {
  const time = new Date(ms);
  const two = (number: number) => String(number).padStart(2, "0");
  const hour = time.getUTCHours();
  const date = `${days[time.getUTCDay()]} ${two(time.getUTCDate())} ${months[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${date}, ${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(time.getUTCMinutes())}${hour < 12 ? "AM" : "PM"}`;
}
