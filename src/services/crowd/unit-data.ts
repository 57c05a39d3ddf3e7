/** A unit as its worker sees it. Pure. */
import type { Draft } from "./crowd-event.ts";
import { type Agent, sentencesOf } from "./study.ts";

/** What the page is given; `draft` only where one is saved. */
export type UnitData = (
  | { stage: "CAD"; original: string }
  | { stage: "RANKING"; sentences: string[] }
) & { draft?: Draft };

export function unitData({ unit, draft }: Agent): UnitData {
  const saved = draft === undefined ? {} : { draft };
  if (unit.stage === "RANKING") return { stage: "RANKING", sentences: sentencesOf(unit), ...saved };
  return { stage: "CAD", original: unit.original.text, ...saved };
}
