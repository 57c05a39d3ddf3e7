/** The one table of error codes: HTTP status, and whether the same request may succeed later unchanged. */

/** `retry`: true if the same request may succeed later without a change. */
export interface ErrorEntry {
  readonly status: number;
  readonly retry: boolean;
  readonly meaning: string;
}

/** Code → what it means for HTTP and for the caller. Codes are stable: clients and the documentation name them. */
export const errors = {
  bad_json: { status: 400, retry: false, meaning: "the text is not JSON" },
  bad_message: {
    status: 400,
    retry: false,
    meaning: "a field is missing or has the wrong type; the message names it",
  },
  unknown_message: {
    status: 400,
    retry: false,
    meaning: "no message of this service has that type",
  },
  wrong_state: { status: 409, retry: false, meaning: "the message is known but not allowed now" },
  conflict: {
    status: 409,
    retry: false,
    meaning: "the present state does not allow it; the message says which",
  },
  not_found: { status: 404, retry: false, meaning: "no such thing; the message names it" },
  method_not_allowed: {
    status: 405,
    retry: false,
    meaning: "the path exists, the method does not",
  },
  upgrade_required: {
    status: 426,
    retry: false,
    meaning: "the path takes WebSockets, and the request does not ask for one",
  },
  too_large: { status: 413, retry: false, meaning: "a frame or body over its limit" },
  unauthenticated: {
    status: 401,
    retry: false,
    meaning: "no token, or one that is bad, expired or revoked",
  },
  forbidden: {
    status: 403,
    retry: false,
    meaning: "the token lacks the role, or is limited to other ids",
  },
  over_rate: { status: 429, retry: true, meaning: "over a rate limit" },
  over_capacity: {
    status: 503,
    retry: true,
    meaning: "a limit of the server is reached: connections, waiting commands",
  },
  draining: { status: 503, retry: true, meaning: "the server is about to leave" },
  timeout: { status: 504, retry: true, meaning: "no answer in time" },
  internal: { status: 500, retry: true, meaning: "our fault; the incident id is in the log" },
  log_conflict: { status: 409, retry: true, meaning: "a conditional append met another event" },
  log_unavailable: { status: 503, retry: true, meaning: "the store cannot take it now" },
  log_bad_subject: {
    status: 400,
    retry: false,
    meaning: "a subject or key with characters outside [A-Za-z0-9_.=-]",
  },
  log_closed: { status: 503, retry: true, meaning: "the engine is closed" },
  lease_lost: { status: 409, retry: true, meaning: "the lease is no longer held" },
  data_locked: { status: 500, retry: true, meaning: "another process has the data directory" },
  data_version: {
    status: 500,
    retry: false,
    meaning: "the data directory was written by a newer version",
  },
  data_damaged: {
    status: 500,
    retry: false,
    meaning:
      "the data directory is damaged or lacks what was acknowledged; the message says what to do",
  },
  bad_config: {
    status: 500,
    retry: false,
    meaning: "the configuration has an unknown key or a bad value",
  },
  start_failed: {
    status: 500,
    retry: false,
    meaning: "the server could not start; the message says why",
  },
  outbox_full: { status: 503, retry: true, meaning: "the client's outbox is at its bound" },
  outbox_unavailable: {
    status: 500,
    retry: false,
    meaning: "the client's durable outbox cannot be opened or written; the message says why",
  },
  connection_closed: {
    status: 503,
    retry: false,
    meaning: "the client's connection is over for good; its ending says why",
  },
  bad_url: { status: 400, retry: false, meaning: "not an address that a client can connect to" },
} as const satisfies Record<string, ErrorEntry>;

/** A code of the table. */
export type ErrorCode = keyof typeof errors;
