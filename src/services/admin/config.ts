/** The admin's part of the config, `services.admin`. */
import { z } from "zod";

export const configSchema = z.strictObject({
  maxInspections: z
    .int()
    .min(1)
    .max(100)
    .default(4)
    .describe(
      "Most connections that one console may inspect at once, those it waits for included; one more: conflict. Default 4",
    ),
  inspectedFramesPerSecond: z
    .int()
    .min(1)
    .max(100_000)
    .default(200)
    .describe(
      "Most frames of one inspected connection that are shown a second, in bursts of two seconds' worth; the others are counted. Default 200",
    ),
});

export type AdminConfig = z.output<typeof configSchema>;
