/** Removes what a removed experiment has left in the log. */
import type { Log } from "../../kit/index.ts";
import { contentPrefixes, factsSubject, tokenOf } from "./subjects.ts";

/**
 * Purges the samples and text of every generation but the present one: nobody reads them any more. What a crash prevents, the next
 * removal of an experiment of this id does.
 */
export async function sweep(log: Log, xid: string): Promise<void> {
  const token = tokenOf(xid);
  const [facts] = (await log.read(factsSubject(token), 0, { limit: 1 })).events;
  const generation = facts?.purged === true ? facts.offset : 0;
  for (const prefix of contentPrefixes(token)) {
    for (const subject of await log.subjects(prefix)) {
      if (Number(subject.split(".")[2]) === generation) continue;
      const last = await log.last(subject);
      const [event] = (await log.read(subject, last - 1, { limit: 1, upTo: last })).events;
      if (event !== undefined && !event.purged) await log.purge(subject);
    }
  }
}
