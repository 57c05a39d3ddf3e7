/** What the NATS library throws, as errors of ours. */
import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { SwitchboardError } from "../../wire/error.ts";

/** Failures of the connection or the server. Anything else that is thrown is a mistake of ours and stays as it is. */
const kinds = [
  JetStreamApiError,
  errors.AuthorizationError,
  errors.ClosedConnectionError,
  errors.ConnectionError,
  errors.DrainingConnectionError,
  errors.NoRespondersError,
  errors.PermissionViolationError,
  errors.ProtocolError,
  errors.RequestError,
  errors.TimeoutError,
  errors.UserAuthenticationExpiredError,
];

/** `log_unavailable` for a failure of the connection or the server while `doing`; otherwise the error itself. */
export function natsFailure(error: unknown, doing: string): unknown {
  if (!(error instanceof Error)) return error;
  // Not exported by the library; thrown when nobody answers on a JetStream subject.
  if (error.name === "JetStreamNotEnabled") {
    return unavailable(
      doing,
      "nobody answers for JetStream; is it enabled (nats-server -js), and does the stream exist?",
      error,
    );
  }
  if (error instanceof errors.TimeoutError)
    return unavailable(doing, "no answer in time; it may or may not have been done", error);
  return kinds.some((kind) => error instanceof kind)
    ? unavailable(doing, error.message, error)
    : error;
}

/** The error for a store that cannot be reached or does not answer: the same call may succeed later. */
export function unavailable(doing: string, why: string, cause?: unknown): SwitchboardError {
  return new SwitchboardError(
    "log_unavailable",
    `${doing}: ${why}`,
    {},
    cause === undefined ? {} : { cause },
  );
}

/** The code of the JetStream API error that is, or caused, `error`; undefined if there is none. */
function apiCode(error: unknown): number | undefined {
  const cause = error instanceof SwitchboardError ? error.cause : error;
  return cause instanceof JetStreamApiError ? cause.code : undefined;
}

/** True if a condition on a subject's last sequence did not hold. */
export function isWrongSequence(error: unknown): boolean {
  const code = apiCode(error);
  return (
    code === JetStreamApiCodes.StreamWrongLastSequence ||
    code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
  );
}

export function isStreamNotFound(error: unknown): boolean {
  return apiCode(error) === JetStreamApiCodes.StreamNotFound;
}

/** The library names no constants for these. */
const streamNotExpected = 10060;
const sequenceNotFound = 10043;

/** True if the message that was to be deleted is not there (any more). */
export function isMessageGone(error: unknown): boolean {
  const code = apiCode(error);
  return code === sequenceNotFound || code === JetStreamApiCodes.NoMessageFound;
}

/** True if a message was refused by a stream because it was meant for another. */
export function isWrongStream(error: unknown): boolean {
  return apiCode(error) === streamNotExpected;
}

/** True if nobody took the message: it is not stored. */
export function isNoResponders(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof errors.NoRespondersError) return true;
  return false;
}
