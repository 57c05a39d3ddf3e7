/** The devices' part of the config, `services.devices`. */
import { z } from "zod";

const ms = z.int().min(0).max(2_592_000_000);
const count = z.int().min(1);

export const configSchema = z.strictObject({
  monitorIdPattern: z
    .string()
    .refine(isPattern, "expected a regular expression")
    .default("^.{32}$")
    .describe(
      "Regular expression (flags su) for a monitor_id. Default ^.{32}$: exactly 32 characters",
    ),
  answers: z
    .enum(["sender", "all"])
    .default("sender")
    .describe(
      "Who hears what became of a command: its sender and who watches, or all users of the monitor, as in the original",
    ),
  waitMs: ms
    .default(60_000)
    .describe(
      "How long a command waits for its monitor, where it has no wait_ms of its own. Default 60 s",
    ),
  answerMs: ms
    .min(1)
    .default(600_000)
    .describe(
      "How long a monitor may take to answer a command, where it has no answer_ms of its own. Default 600 s",
    ),
  retries: z
    .int()
    .min(0)
    .max(1000)
    .default(3)
    .describe(
      "How often a command sent with retry is handed over again after its monitor has dropped. Default 3",
    ),
  restartGraceMs: ms
    .default(60_000)
    .describe(
      "After a restart, how long a monitor may stay away before the commands in its hands count as dropped. Default 60 s",
    ),
  probeMs: ms
    .min(1)
    .default(2000)
    .describe("How long the holder of a monitor_id may take to show that it is alive. Default 2 s"),
  takeoverMs: ms
    .default(15_000)
    .describe(
      "How long a monitor's return waits for a node that holds its id and does not answer; longer than a session. Default 15 s",
    ),
  handOverMs: ms
    .default(5000)
    .describe(
      "The least a command waits if its monitor is connected, however short its wait_ms: the time to hand it over. Default 5 s",
    ),
  maxCommandLength: count
    .max(150_000)
    .default(100_000)
    .describe("Longest command, in UTF-16 units; over it: too_large. Default 100,000"),
  maxReasonLength: count
    .max(150_000)
    .default(100_000)
    .describe(
      "Longest reason of a monitor, in UTF-16 units; what is longer is cut off. Default 100,000",
    ),
  maxQueued: count
    .default(1000)
    .describe("Most commands that may wait for one monitor; over it: over_capacity. Default 1,000"),
  maxUnanswered: count
    .default(10_000)
    .describe(
      "Most commands in one monitor's hands; at it expired ones lose their place, or further ones wait. Default 10,000",
    ),
  maxCommands: count
    .default(100_000)
    .describe(
      "Most commands of all monitors without an end; over it: over_capacity. Default 100,000",
    ),
  maxHeldLength: count
    .default(64 << 20)
    .describe(
      "Most UTF-16 units of all commands that may have to be handed over yet; over it: over_capacity. Default 64 Mi",
    ),
  idempotencyMs: ms
    .default(86_400_000)
    .describe("How long an idempotency_key is remembered. Default 24 h"),
  maxIdempotencyKeys: count
    .default(100_000)
    .describe("Most keys remembered; over it the oldest is forgotten. Default 100,000"),
});

/** The config, resolved. */
export type DevicesConfig = z.output<typeof configSchema>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "su");
    return true;
  } catch {
    return false;
  }
}
