/** Tells a stored message from something else, since what a store holds was written by another run, perhaps another version. */
import type { StoredMessage } from "./outbox-store.ts";

/** True if it has every field; further fields are ignored. */
export function isStoredMessage(value: unknown): value is StoredMessage {
  if (typeof value !== "object" || value === null) return false;
  const { id, text, acceptedAt, expiresAt, resend, awaitsAck, written } = value as Partial<
    Record<keyof StoredMessage, unknown>
  >;
  return (
    typeof id === "string" &&
    typeof text === "string" &&
    typeof acceptedAt === "number" &&
    (expiresAt === null || typeof expiresAt === "number") &&
    typeof resend === "boolean" &&
    typeof awaitsAck === "boolean" &&
    typeof written === "boolean"
  );
}
