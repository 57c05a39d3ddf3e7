/** What stands in the bucket: the records of sessions and of leases. */

/** Before a session's id. */
export const sessionKeyPrefix = "s.";
/** Before a lease's key. */
export const leaseKeyPrefix = "l.";

/** Under a lease's key. */
export interface LeaseRecord {
  readonly session: string;
  /** Of the session when the lease was taken; void once the session has another. */
  readonly generation: number;
  /** Which of the session's acquisitions it is: tells its own later writes from others'. */
  readonly nth: number;
  readonly value: string;
}

/** Under a session's id. */
export interface SessionRecord {
  readonly generation: number;
}

/** Null for what is not a record of this version: nobody holds it. */
export function parseLease(text: string | null): LeaseRecord | null {
  const { session, generation, nth, value } = parse(text);
  if (typeof session !== "string" || typeof value !== "string") return null;
  return { session, generation: Number(generation), nth: Number(nth), value };
}

export function parseSession(text: string | null): SessionRecord | null {
  const { generation } = parse(text);
  return typeof generation === "number" ? { generation } : null;
}

function parse(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
