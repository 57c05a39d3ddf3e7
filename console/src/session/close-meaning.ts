/** What a close code means to a person. Pure. */
import type { CloseMeaning } from "./use-contracts.ts";

/** Codes that clients send too, or that stand in the place of one. */
const others: Readonly<Record<number, string>> = {
  1000: "done; or its first message was one that no service takes",
  1001: "the client has left, as a page that is closed does",
  1005: "closed by the client, which gave no code",
  1006: "lost: the connection broke without a close frame",
};

const advice: Readonly<Record<CloseMeaning["comeBack"], string>> = {
  no: "do not come back as you are",
  yes: "come back, after a short random delay",
  spread: "come back, spread over some seconds",
  later: "come back, but later",
  "new-token": "come back with a new token only",
};

/** `meaning` and what a client should do; a code that nobody has a meaning for says so. */
export function meaningOfClose(
  code: number,
  table: readonly CloseMeaning[],
): { readonly meaning: string; readonly advice: string } {
  const own = table.find((entry) => entry.code === code);
  if (own !== undefined && code !== 1000)
    return { meaning: own.meaning, advice: advice[own.comeBack] };
  return {
    meaning: others[code] ?? "a code of the client's own",
    advice: code === 1000 || code === 1001 ? "nothing" : advice.yes,
  };
}
