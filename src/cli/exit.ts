/** How a command ends that has said everything itself. */

/** 0: done. 1: failed on the way. 2: called wrongly, or wrongly configured. */
export type ExitCode = 0 | 1 | 2;

/** Thrown by a command: the process ends with `code`, and nothing more is said. */
export class CommandFailed extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode) {
    super(`the command failed with ${code}`);
    this.code = code;
  }
}
