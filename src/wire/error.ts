/** The error that crosses layers: a code out of the one table, a message for a person, and details for the program. */
import { type ErrorCode, errors } from "./errors.ts";

/**
 * Every failure that Switchboard reports. `code` is stable and documented in `errors.ts`; `message` names what was wrong,
 * the value and the remedy; `details` carries what a program needs to go on (for example `last` of a `log_conflict`).
 */
export class SwitchboardError extends Error {
  override readonly name = "SwitchboardError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** HTTP status that goes with the code. */
  get status(): number {
    return errors[this.code].status;
  }
}

/** True for a SwitchboardError with one of these codes (any code if none is given). */
export function isSwitchboardError(
  error: unknown,
  ...codes: readonly ErrorCode[]
): error is SwitchboardError {
  return error instanceof SwitchboardError && (codes.length === 0 || codes.includes(error.code));
}

/** What there is to say of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
