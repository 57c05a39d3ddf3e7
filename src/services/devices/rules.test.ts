/** Each step of a command's life against a regular expression. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CommandEvent, Sent } from "./command-event.ts";
import { allowed, letters, queued } from "./lives.suite.ts";
import { type Life, step } from "./rules.ts";

describe("step", () => {
  test("takes what the protocol allows and refuses everything else", () => {
    const event = fc.constantFrom(...(Object.keys(letters) as (keyof typeof letters)[]));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.array(event, { maxLength: 14 }),
        fc.boolean(),
        (retries, types, startsQueued) => {
          let life: Life | undefined;
          let word = "";
          for (const type of startsQueued ? ["queued" as const, ...types] : types) {
            const next = step(life, eventOf(type, life, retries));
            expect(next !== undefined, `${word}+${letters[type]} with ${retries} retries`).toBe(
              allowed(retries).test(word + letters[type]),
            );
            if (next === undefined) continue;
            life = next;
            word += letters[type];
          }
          if (life === undefined) return;
          expect(life.attempts).toBe(word.split("s").length - 1);
          expect(life.inHands).toBe(/sx?$/.test(word));
          expect(life.late).toBe(/x[df]$/.test(word));
          expect(life.status).toBe(statusOf(word));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("refuses a hand-over that is not the next one", () => {
    const life = step(undefined, queued("a", 3));
    for (const attempt of [0, 2, -1]) expect(step(life, { ...sent("a"), attempt })).toBeUndefined();
  });
});

function sent(command_id: string, attempt = 1): Sent {
  return { type: "sent", command_id, attempt, connection: "c", session: "s" };
}

function eventOf(
  type: keyof typeof letters,
  life: Life | undefined,
  retries: number,
): CommandEvent {
  if (type === "queued") return queued("a", retries);
  if (type === "sent") return sent("a", (life?.attempts ?? 0) + 1);
  return type === "failed" ? { type, command_id: "a", reason: "no" } : { type, command_id: "a" };
}

/** The status that a word ends in, said otherwise than in the rules. */
function statusOf(word: string): string {
  const decisive = word.replaceAll("r", "").at(-1);
  return (
    { q: "queued", s: "sent", d: "done", f: "failed", x: "expired", c: "cancelled" }[
      decisive ?? ""
    ] ?? "none"
  );
}
