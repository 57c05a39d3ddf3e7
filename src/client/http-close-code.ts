/** What an HTTP status means for a connection. */
import { closeCodes } from "../wire/close-codes.ts";

/** The close code that means the same as a status; undefined for all others. */
export function httpCloseCode(status: number): number | undefined {
  if (status === 401) return closeCodes.unauthenticated.code;
  if (status === 403) return closeCodes.forbidden.code;
  if (status === 429) return closeCodes.overRate.code;
  return status === 503 ? closeCodes.overCapacity.code : undefined;
}
