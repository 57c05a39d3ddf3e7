/** What each client saw, as a table for people. */
import type { Participant } from "./participant.ts";

/** The participants of one service; `failed` says why its scene could not go on, if so. */
export interface SceneResult {
  readonly service: string;
  readonly participants: readonly Pick<Participant, "name" | "saw" | "missed">[];
  readonly failed: string | undefined;
}

/** The table, and whether every client saw what it should have seen. */
export interface Summary {
  readonly text: string;
  readonly ok: boolean;
}

/** One row a client; what was missed stands below its row. */
export function summaryOf(results: readonly SceneResult[]): Summary {
  const nameWidth = Math.max(
    ...results.flatMap(({ participants }) => participants.map(({ name }) => name.length)),
  );
  const serviceWidth = Math.max(...results.map(({ service }) => service.length));
  const lines: string[] = [];
  let clients = 0;
  let unhappy = 0;
  let failures = 0;
  for (const { service, participants, failed } of results) {
    for (const [nth, participant] of participants.entries()) {
      const missed = participant.missed();
      clients++;
      if (missed.length > 0) unhappy++;
      const title = (nth === 0 ? service : "").padEnd(serviceWidth);
      lines.push(
        `  ${title}  ${missed.length === 0 ? "ok    " : "MISSED"}  ${participant.name.padEnd(nameWidth)}  ${participant.saw()}`,
      );
      for (const what of missed) lines.push(`  ${" ".repeat(serviceWidth)}          ! ${what}`);
    }
    if (failed !== undefined) {
      failures++;
      lines.push(`  ${service.padEnd(serviceWidth)}  STOPPED  ${failed}`);
    }
  }
  const ok = unhappy === 0 && failures === 0;
  const verdict = ok
    ? `All ${clients} clients of ${results.length} services saw everything they should have seen.`
    : `${unhappy} of ${clients} clients missed something${failures === 0 ? "" : `, and ${failures} of ${results.length} scenes stopped early`}.`;
  return { text: [...lines, "", verdict].join("\n"), ok };
}
