/** What `GET /crowd/studies` says of a study. Pure. */

/** How many units of a stage there are; `wanted` is the sum of the others. */
export interface StageCounts {
  readonly wanted: number;
  /** Could be given out now. */
  readonly free: number;
  /** With a worker. */
  readonly open: number;
  readonly done: number;
}

export interface StudyCounts {
  readonly id: string;
  readonly sentences: number;
  readonly cads: number;
  readonly max_cads: number;
  readonly sentences_per_ranking: number;
  readonly rankings_per_original: number;
  readonly CAD: StageCounts;
  readonly RANKING: StageCounts;
}

/** Changes whenever something was given out or completed. */
export function versionOf({ CAD, RANKING }: StudyCounts): string {
  return JSON.stringify(
    [CAD, RANKING].map(({ wanted, free, open, done }) => [wanted, free, open, done]),
  );
}
