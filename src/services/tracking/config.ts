/** The tracking's part of the config, `services.tracking`. */
import { z } from "zod";

const count = z.int().min(1);

export const configSchema = z.strictObject({
  clientRole: z
    .string()
    .min(1)
    .default("tracking.client")
    .describe("With auth on, the role that clients need. Default tracking.client"),
  processorRole: z
    .string()
    .min(1)
    .default("tracking.processor")
    .describe("With auth on, the role that processors need. Default tracking.processor"),
  httpAuth: z
    .boolean()
    .default(false)
    .describe(
      "With auth on, whether GET /timelines and /objectIds need a token with clientRole. Default false, as in the original",
    ),
  trackingTimeoutMs: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "Objects that are older are stopped. Default null: they are tracked until somebody stops them",
    ),
  maxObjects: count
    .default(10_000)
    .describe("Most objects tracked at once; over it: over_capacity. Default 10,000"),
  maxCameras: count
    .default(1000)
    .describe("Most processors, over all nodes; over it: close 1013. Default 1,000"),
  maxImageLength: count
    .default(16 << 20)
    .describe(
      "Longest image of an object, in UTF-16 units of its JSON; over it: too_large. Default 16 Mi",
    ),
  maxFeatureMapLength: count
    .default(16 << 20)
    .describe(
      "Longest feature map of an object, in UTF-16 units of its JSON; over it: too_large. Default 16 Mi",
    ),
  maxHeldLength: count
    .default(256 << 20)
    .describe(
      "Most UTF-16 units of the images and feature maps of all tracked objects; over it: over_capacity. Default 256 Mi",
    ),
  maxTimelineEntries: count
    .max(1_000_000)
    .default(100_000)
    .describe(
      "Newest entries that an object's timeline shows; older ones are removed, a thousand at a time. Default 100,000",
    ),
  maxFrameIds: count
    .default(5000)
    .describe(
      "Newest frame ids of a camera whose spelling is remembered, for start. Default 5,000: almost three minutes of 30 frames a second",
    ),
});

/** The config, resolved. */
export type TrackingConfig = z.output<typeof configSchema>;
