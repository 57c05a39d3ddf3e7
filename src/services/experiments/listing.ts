/** The experiments of the log, told from the last fact of each. */

import { parseFact } from "./facts.ts";
import type { Library } from "./library.ts";
import { factsSubject, tokenOf } from "./subjects.ts";

/** An experiment as HTTP shows it. */
export interface ListedExperiment {
  readonly xid: string;
  /** How many it has, over all chains. */
  readonly variables: number;
  readonly finished: boolean;
}

/** Those that exist, behind `after`, by their ids as the log sorts them. */
export async function listExperiments(
  library: Library,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<ListedExperiment[]> {
  const { log } = library;
  const listed: ListedExperiment[] = [];
  for (const xid of await library.ids(after)) {
    if (listed.length === limit) break;
    const subject = factsSubject(tokenOf(xid));
    const last = await log.last(subject);
    const [event] = (await log.read(subject, last - 1, { limit: 1, upTo: last })).events;
    const fact = event === undefined || event.purged ? undefined : parseFact(event.data);
    if (fact !== undefined) listed.push({ xid, variables: fact.total, finished: fact.finished });
  }
  return listed;
}
