/** What to tell a publisher whose connection is over for good, and what to do about it. Pure. */
import type { Ending } from "../../client/index.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { SwitchboardError } from "../../wire/error.ts";

const tokenCodes: readonly number[] = [closeCodes.unauthenticated.code, closeCodes.forbidden.code];

/** With another token it may go well. */
export function isTokenRefused({ loss, error }: Ending): boolean {
  return error?.code === "unauthenticated" || tokenCodes.includes(loss?.code ?? 0);
}

/** The error that the command ends with. `outbox`: the file of `--outbox`, where it was given. */
export function endingFailure(ending: Ending, outbox?: string): SwitchboardError {
  const { loss, error } = ending;
  const reason =
    loss?.reason || error?.message || `it was closed with ${loss?.code ?? "no reason"}`;
  if (loss?.code === closeCodes.forbidden.code) {
    return new SwitchboardError(
      "forbidden",
      `the token may not publish this: ${reason} (it needs the role experiments.publish)`,
    );
  }
  if (isTokenRefused(ending)) {
    return new SwitchboardError(
      "unauthenticated",
      `the server did not take the token: ${reason} (--token or SWITCHBOARD_TOKEN gives one)`,
    );
  }
  // The store is another experiment's: the command was called wrongly.
  if (error?.code === "conflict") {
    return new SwitchboardError(
      "bad_config",
      `--outbox ${outbox}: ${error.message}`,
      {},
      { cause: error },
    );
  }
  return error ?? new SwitchboardError("connection_closed", reason);
}
