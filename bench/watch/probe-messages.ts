/** What the bench and the probe in the server's process say to each other. */

export interface ProbeQuestion {
  readonly id: number;
  /**
   * `holds`: only for how long the event loop was held since the last question. `figures`: memory
   * after a garbage collection, and handles. `objects`: these and all objects by constructor.
   */
  readonly ask: "holds" | "figures" | "objects";
}

interface ProcessFigures {
  /** After garbage collection. */
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffers: number;
  /** What keeps the event loop alive, by kind: `TCPSocketWrap`, `Timeout` and so on. */
  readonly resources: Readonly<Record<string, number>>;
}

export interface ObjectCounts {
  readonly counts: Readonly<Record<string, number>>;
  /** Of all maps and sets together. */
  readonly entries: number;
  /** Of the largest map or set. */
  readonly largest: number;
}

export interface ProbeAnswer {
  readonly id: number;
  /** The longest time that the event loop was held since the question before. */
  readonly maxHoldMs: number;
  /** Why there is no answer. */
  readonly failure?: string;
  readonly figures?: ProcessFigures;
  readonly objects?: ObjectCounts;
}
