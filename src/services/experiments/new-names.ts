/** Variables that a post brings for the first time, as facts to be stored. Pure. */
import { SwitchboardError } from "../../kit/index.ts";
import type { Experiment } from "./experiment.ts";
import type { NewFact } from "./facts.ts";
import type { SampleList } from "./post.ts";

/** Names in one event of the log have no more characters than this together. */
export const maxNamesLength = 100_000;

/** A variable of a chain, by its names. */
interface Named {
  readonly chain: string;
  readonly variable: string;
}

/** The lists' new variables, in parts of one append each. Throws `over_capacity` for too many. */
export function newNames(
  experiment: Experiment,
  lists: readonly SampleList[],
  maxVariables: number,
): Named[][] {
  const parts: Named[][] = [];
  let length = Number.POSITIVE_INFINITY;
  let count = 0;
  for (const { chain, variable } of lists) {
    if (experiment.variable(chain, variable) !== undefined) continue;
    if (length + variable.length > maxNamesLength) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push({ chain, variable });
    length += variable.length + 3;
    count++;
  }
  demandRoom(experiment, count, maxVariables);
  return parts;
}

/** The facts that tell of those that are still new. Throws `over_capacity` for too many. */
export function namesFacts(
  experiment: Experiment,
  part: readonly Named[],
  maxVariables: number,
): NewFact[] {
  const byChain = new Map<string, string[]>();
  const fresh = part.filter(
    ({ chain, variable }) => experiment.variable(chain, variable) === undefined,
  );
  demandRoom(experiment, fresh.length, maxVariables);
  for (const { chain, variable } of fresh) {
    const names = byChain.get(chain);
    if (names === undefined) byChain.set(chain, [variable]);
    else names.push(variable);
  }
  return Array.from(byChain, ([chain, names]) => ({ fact: "variables", chain, names }));
}

function demandRoom(experiment: Experiment, more: number, maxVariables: number): void {
  if (more === 0 || experiment.variables.length + more <= maxVariables) return;
  throw new SwitchboardError(
    "over_capacity",
    `an experiment has at most ${maxVariables} variables (services.experiments.maxVariables)`,
  );
}
