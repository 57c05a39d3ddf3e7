/** A simulated client, and the scene that it is part of. */

/** What the summary says of one client. */
export interface Participant {
  /** Who it is: `player ann`. */
  readonly name: string;
  /** What it has seen, in a few words. */
  saw(): string;
  /** What it should have seen and has not, or has seen and should not have; empty if all is well. */
  missed(): readonly string[];
}

/** The participants of one service, and what they do together. */
export interface Scene {
  /** The service's name. */
  readonly service: string;
  /** What happens here, for somebody who sees it for the first time. */
  readonly about: string;
  /** A command to try beside it, as it is typed into a terminal. */
  readonly command: string;
  readonly participants: readonly Participant[];
  /** Plays until the setting ends, and until what was begun by then has come to its end. Rejects if it cannot go on. */
  play(): Promise<void>;
  /** What is going on, in one line. */
  line(): string;
}
