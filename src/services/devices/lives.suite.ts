/** The lives that the protocol allows, as words of a regular expression: the model that the tests hold the rules against. */
import type { Queued } from "./command-event.ts";

/** A command's first event. */
export const queued = (
  command_id: string,
  retries: number,
  waitMs = 100,
  answerMs = 100,
): Queued => ({
  type: "queued",
  command_id,
  command: `do ${command_id}`,
  sender: null,
  wait_ms: waitMs,
  answer_ms: answerMs,
  retries,
});

/** A life as a word: one letter for each event. */
export const letters = {
  queued: "q",
  sent: "s",
  dropped: "r",
  done: "d",
  failed: "f",
  expired: "x",
  cancelled: "c",
} as const;

/** Every life that the protocol allows, step by step, as a word. */
export function allowed(retries: number): RegExp {
  const inHands = `s(rs){0,${retries}}(d|f|x(d|f|r)?)?`;
  const waitsAgain = retries === 0 ? "" : `|(sr){1,${retries}}x?`;
  return new RegExp(`^q(c|f|x|${inHands}${waitsAgain})?$`);
}
