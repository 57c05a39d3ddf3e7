/** What an HTTP status means where the server says no more. */
import { closeCodes } from "../wire/close-codes.ts";
import type { ErrorCode } from "../wire/errors.ts";

/** For a connection: the close code that means the same; undefined for all others. */
export function httpCloseCode(status: number): number | undefined {
  if (status === 401) return closeCodes.unauthenticated.code;
  if (status === 403) return closeCodes.forbidden.code;
  if (status === 429) return closeCodes.overRate.code;
  return status === 503 ? closeCodes.overCapacity.code : undefined;
}

const errorCodes: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  429: "over_rate",
  503: "over_capacity",
};

/** For a request: the error that it comes to. */
export function httpErrorCode(status: number): ErrorCode {
  return errorCodes[status] ?? (status < 500 ? "bad_message" : "internal");
}
