/** What a command sees of the world. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly folder: string;
  /** Puts out a result: a line on standard output. */
  print(line: string): void;
  /** Puts out a piece of a result as it is; resolves when more may come. */
  write(piece: string | Uint8Array): Promise<void>;
  /** Says something about it: a line on standard error. */
  remark(line: string): void;
  /** Standard error, if it is a terminal: shows a line in the place of the one shown before; an empty one clears it. */
  readonly progress: ((line: string) => void) | undefined;
  /** From here on, output that nobody reads holds the exit for at most this long. Without it, the exit waits for the reader. */
  leaveWithin(ms: number): void;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array>;
  /**
   * Aborted at the first SIGINT or SIGTERM, and when nobody reads standard error any more; from this call on those do not end the process, but
   * a second signal does.
   */
  interrupted(): AbortSignal;
  /** Aborted when nobody reads standard output or standard error any more; from this call on that does not end the process. */
  unread(): AbortSignal;
}
