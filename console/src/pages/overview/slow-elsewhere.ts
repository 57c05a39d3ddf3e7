/** Slow clients of nodes whose list of connections is not at hand: a node lists only its own. Pure. */
import { shortNumber } from "../../parts/figure.tsx";
import type { NodeFigures } from "./figures.ts";
import type { OverviewState } from "./overview-state.ts";

/** What a node is called: its host and process. */
export function nodeName({ process: { host, pid } }: NodeFigures): string {
  return `${host}, process ${pid}`;
}

/** A sentence for each other node than `here` that counts slow clients: how many, and where they are to be seen. */
export function slowElsewhere(state: OverviewState, here: string): readonly string[] {
  return state.flatMap(({ figures }) => {
    const count = figures.services.reduce((sum, { slowConnections }) => sum + slowConnections, 0);
    if (figures.node === here || count === 0) return [];
    const who = `${shortNumber(count)} ${count === 1 ? "client is" : "clients are"} slow`;
    return [
      `${who} on node ${nodeName(figures)}: open that node's console to see ${count === 1 ? "it" : "them"}.`,
    ];
  });
}

/** What stands where no slow client is listed. `count`: on all nodes. */
export function emptyTitle(count: number, hasAnswered: boolean): string {
  if (count === 0) return "Nobody is slow";
  return hasAnswered ? "Nobody is slow on the node that you look at" : "Asking who is slow";
}
