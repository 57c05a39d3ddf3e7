/** Monitor ids, and what they are called in the engine. */
import { fromSubjectToken, maxSubjectLength, subjectToken } from "../../kit/index.ts";

/** Leases of monitors begin so. */
export const leasePrefix = "devices.";

/** Begins a token that is base64url; `subjectToken` never does so. */
const shortened = "=-";

const maxTokenLength = maxSubjectLength - leasePrefix.length;

/** Which monitor ids are good. */
export class MonitorIds {
  readonly #pattern: RegExp;

  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern, "su");
  }

  /** The id's subject in the log; undefined if it is no good id, or too long for the engine even when shortened. */
  subject(monitorId: string): string | undefined {
    if (!this.#pattern.test(monitorId)) return undefined;
    const token = subjectToken(monitorId);
    // A lone surrogate has no UTF-8: two such ids would be one.
    if (fromSubjectToken(token) !== monitorId) return undefined;
    if (token.length <= maxTokenLength) return token;
    const short = shortened + Buffer.from(monitorId, "utf8").toString("base64url");
    return short.length <= maxTokenLength ? short : undefined;
  }
}

/** The id whose subject this is. */
export function monitorIdOf(subject: string): string | undefined {
  if (!subject.startsWith(shortened)) return fromSubjectToken(subject);
  return Buffer.from(subject.slice(shortened.length), "base64url").toString("utf8");
}

/** The key of a monitor's lease. */
export function leaseKey(subject: string): string {
  return leasePrefix + subject;
}
