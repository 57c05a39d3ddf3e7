/** The experiments' part of the config, `services.experiments`. */
import { z } from "zod";

const count = z.int().min(1);
const bytes = z.int().min(1);

export const configSchema = z.strictObject({
  authorizationMs: z
    .int()
    .min(1)
    .max(600_000)
    .default(10_000)
    .describe(
      "How long a subscriber may take to send `authorization`, with auth off as well; over it: close 4401. Default 10 s",
    ),
  gatherMs: z
    .int()
    .min(0)
    .max(10_000)
    .default(250)
    .describe(
      "How long new samples may wait for more, so that frames are worth their envelope; the first after a pause do not. Default 250 ms",
    ),
  maxHeldBytes: bytes
    .default(1 << 20)
    .describe(
      "Most bytes of new samples and log text held for a slow subscriber; beyond it they are read from the log again. Default 1 MiB",
    ),
  maxSubscriptions: count
    .default(10_000)
    .describe(
      "Most variables a connection may be subscribed to; over it: over_capacity. Default 10,000",
    ),
  maxThinnedSamples: count
    .default(10_000_000)
    .describe(
      "Most samples of a variable that are thinned for one subscription or request (8 bytes each); over it: over_capacity. Default 10,000,000",
    ),
  maxVariables: count
    .default(100_000)
    .describe(
      "Most variables of an experiment, over all chains; over it: over_capacity. Default 100,000",
    ),
  maxNameLength: count
    .max(10_000)
    .default(1000)
    .describe("Longest name of a variable or chain; over it: bad_message. Default 1,000"),
  maxValueBytes: bytes
    .max(256 << 10)
    .default(256 << 10)
    .describe(
      "Longest value, printed as JSON; over it: too_large. Default 256 KiB, which is the most that fits beside others",
    ),
  maxRuns: count
    .default(1000)
    .describe(
      "Most runs (batch_id and run_id) that may publish to one variable; over it: over_capacity. Default 1,000",
    ),
  maxLogBytes: bytes
    .default(64 << 20)
    .describe(
      "Most log text kept of an experiment; a last line says so, and what follows is not kept. Default 64 MiB",
    ),
  maxWaitingBytes: bytes
    .default(512 << 20)
    .describe(
      "Most bytes of posts that are being stored or wait for that (one always may); over it: over_capacity. Default 512 MiB",
    ),
  maxExperiments: count
    .default(1000)
    .describe(
      "Most experiments in memory; idle ones are forgotten and read again when asked for, if all are busy: over_capacity. Default 1,000",
    ),
  maxAwaitedExperiments: count
    .default(1000)
    .describe(
      "Most experiments that are watched though nobody has published to them; they do not count for maxExperiments. Over it: over_capacity for whoever watches one more. Default 1,000",
    ),
  maxKnownVariables: count
    .default(500_000)
    .describe(
      "Most variables of all experiments in memory before idle experiments are forgotten. Default 500,000",
    ),
  maxSummarySamples: count
    .default(10_000_000)
    .describe(
      "Most samples of an experiment that are summarised (8 bytes each); over it: over_capacity. Default 10,000,000",
    ),
  summaryMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(500)
    .describe("The least time between two summaries. Default 500 ms"),
});

/** The config, resolved. */
export type ExperimentsConfig = z.output<typeof configSchema>;
