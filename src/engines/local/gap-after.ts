/** Which gap a reader of one subject has to be told of. */
import type { Gap } from "../../kit/engine.ts";

/**
 * `floor`: the newest offset that retention dropped; `purgedAt`: that of the subject's purge event, 0 if it has none.
 * A reader that asks for nothing gets none.
 */
export function gapAfter(
  after: number,
  upTo: number,
  floor: number,
  purgedAt: number,
): Gap | undefined {
  if (upTo <= after) return undefined;
  if (purgedAt > after) return { from: after + 1, to: Math.min(purgedAt, upTo), reason: "purged" };
  if (floor > after) return { from: after + 1, to: Math.min(floor, upTo), reason: "retention" };
  return undefined;
}
