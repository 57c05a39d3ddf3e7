/** The schema of the data file, as the steps that lead to it. */

/**
 * Step n brings a file of format n (its `user_version`) to n + 1. Never change a step that was released; append one.
 * A file of a higher format than there are steps is refused with `data_version`.
 */
export const migrations: readonly string[] = [
  // One row about the file; `clean`: it was closed properly; `touches`: changed to find out whether it can be.
  // And one row for each log, whose tables are made when it is first opened (log-table.ts).
  // `head`: the newest offset ever given; `events`: how many rows there are; `floor`: the newest offset that retention dropped.
  `
  CREATE TABLE store (starts INTEGER NOT NULL, boot TEXT NOT NULL, clean INTEGER NOT NULL, touches INTEGER NOT NULL);
  INSERT INTO store VALUES (0, '', 1, 0);
  CREATE TABLE logs (
    name TEXT PRIMARY KEY,
    epoch TEXT NOT NULL,
    synced INTEGER NOT NULL,
    head INTEGER NOT NULL,
    events INTEGER NOT NULL,
    floor INTEGER NOT NULL
  );
  `,
  // One row: the run (one opening of the file) and how many commits there were in all runs (commit-record.ts).
  // Does nothing where it has been done, so that a file may be marked with an older format by hand.
  `
  CREATE TABLE IF NOT EXISTS commits (run TEXT NOT NULL, count INTEGER NOT NULL);
  INSERT INTO commits SELECT '', 0 WHERE NOT EXISTS (SELECT 1 FROM commits);
  `,
];
