/** What a command sees of the world. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly folder: string;
  /** Puts out a result: a line on standard output. */
  print(line: string): void;
  /** Says something about it: a line on standard error. */
  remark(line: string): void;
}
