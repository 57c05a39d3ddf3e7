/** The crowd's part of the config, `services.crowd`. */
import { z } from "zod";

const count = z.int().min(1);

export const configSchema = z.strictObject({
  taskDir: z.exactOptional(
    z
      .string()
      .min(1)
      .describe(
        "Directory of the page that workers open, served at / to anybody; absent: nothing is served there",
      ),
  ),
  unitTimeoutMs: z
    .int()
    .min(1)
    .max(2_592_000_000)
    .default(1_800_000)
    .describe(
      "After so long without a socket and without a submit a unit is given to someone else. Default 1,800 s",
    ),
  maxStudies: count.default(1000).describe("Most studies; over it: over_capacity. Default 1,000"),
  maxSentences: count
    .default(20_000)
    .describe("Most sentences of a study; over it: too_large. Default 20,000"),
  maxWorkers: count
    .default(100_000)
    .describe("Most workers with data; over it: over_capacity. Default 100,000"),
  maxTextLength: count
    .max(60_000)
    .default(10_000)
    .describe(
      "Longest sentence, CAD, explanation or feedback, in UTF-16 units; over it: too_large. Default 10,000",
    ),
  maxDrafts: count
    .default(10_000)
    .describe("Most drafts stored of one unit and worker; later ones are refused. Default 10,000"),
  maxFeedback: count
    .default(1000)
    .describe("Most feedback texts stored of one worker; later ones are refused. Default 1,000"),
  maxHistory: count
    .default(1000)
    .describe("Most units in a worker's history: the newest. Default 1,000"),
  maxWaitingUpdates: count
    .default(100)
    .describe(
      "Most live updates of a socket that wait for a packet which says whose they are; later ones are dropped. Default 100",
    ),
  maxUpdateIds: count
    .default(1000)
    .describe(
      "Most update_ids remembered of an agent; beyond it the oldest is forgotten. Default 1,000",
    ),
});

/** The config, resolved. */
export type CrowdConfig = z.output<typeof configSchema>;
