/** Parts that conversations of every kind are made of. */
import type { Ending, Step } from "./conversation.ts";
import type { Random } from "./random.ts";

/** A write that is one input, or as many as `inputs` says. */
export function write(bytes: Buffer, inputs = 1): Step {
  return { do: "write", bytes, inputs };
}

/** Most clients leave properly. */
export function endingOf(random: Random): Ending {
  return random.weighted({ end: 5, reset: 4, "half-open": 1 });
}
