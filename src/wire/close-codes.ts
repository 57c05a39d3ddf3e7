/** Close codes, RFC 6455 §7.4 and our private range, and what a client should do after each. */

/**
 * `no`: do not come back as you are. `yes`: reconnect with backoff. `spread`: reconnect after a random delay. `later`: with backoff,
 * begun at its longer end. `new-token`: with a new token only.
 */
export type ComeBack = "no" | "yes" | "spread" | "later" | "new-token";

/** Every code that Switchboard closes with. */
export const closeCodes = {
  done: { code: 1000, comeBack: "no", meaning: "done, or a first message that no service takes" },
  protocolError: { code: 1002, comeBack: "no", meaning: "frames that break RFC 6455" },
  binary: { code: 1003, comeBack: "no", meaning: "binary where text is spoken" },
  notUtf8: { code: 1007, comeBack: "no", meaning: "text that is not UTF-8" },
  tooFragmented: { code: 1008, comeBack: "no", meaning: "a message in too many fragments" },
  tooLarge: { code: 1009, comeBack: "no", meaning: "frame over the limit" },
  internal: { code: 1011, comeBack: "yes", meaning: "our fault; the reason holds an incident id" },
  restarting: { code: 1012, comeBack: "spread", meaning: "restarting, draining or lease lost" },
  overCapacity: {
    code: 1013,
    comeBack: "later",
    meaning: "over capacity, or the engine cannot take it",
  },
  badMessage: { code: 4400, comeBack: "no", meaning: "bad message where the protocol says close" },
  unauthenticated: {
    code: 4401,
    comeBack: "new-token",
    meaning: "not, or no longer, authenticated",
  },
  forbidden: { code: 4403, comeBack: "no", meaning: "not allowed" },
  tooSlow: {
    code: 4408,
    comeBack: "yes",
    meaning: "too slow for messages that must all arrive, or in sending a message",
  },
  replaced: {
    code: 4409,
    comeBack: "no",
    meaning: "replaced by a newer connection of the same identity",
  },
  overRate: { code: 4429, comeBack: "later", meaning: "over a rate limit" },
} as const satisfies Record<string, { code: number; comeBack: ComeBack; meaning: string }>;

/** How code names a close; the number goes over the wire. */
export type CloseName = keyof typeof closeCodes;

const byCode = new Map<number, ComeBack>(
  Object.values(closeCodes).map((entry) => [entry.code, entry.comeBack]),
);

/** Whether a client should come back after a close code; codes that are not ours (1006, 1001, a proxy's) mean `yes`. */
export function comeBack(code: number): ComeBack {
  return byCode.get(code) ?? "yes";
}
