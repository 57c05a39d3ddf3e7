/** The devices' contract: users send commands to monitors. */
import { z } from "zod";
import { defineContract } from "../../contract/index.ts";

/** Longest `wait_ms` and `answer_ms`: 30 days. */
const maxDelayMs = 2_592_000_000;

/** Longest id of a monitor or command; what an id is, the config and the server say. */
const maxIdLength = 1000;

/** More than `services.devices.maxCommandLength` can be: that is what bounds it, with `too_large`. */
const maxCommandLength = 1 << 20;

/** More than any frame has: a long reason is cut, not refused. */
const maxReasonLength = 1 << 28;

const monitorId = z
  .string()
  .max(maxIdLength)
  .describe("Which monitor; as the config's monitorIdPattern says, by default 32 characters");

const commandId = z.exactOptional(z.string()).describe("UUIDv7 of the command");

const status = z.enum(["queued", "sent", "done", "failed", "expired", "cancelled"]);

/** A command, as it is sent over Socket.IO and HTTP alike. */
const newCommand = z.object({
  command: z.string().min(1).max(maxCommandLength),
  wait_ms: z
    .int()
    .min(0)
    .max(maxDelayMs)
    .nullish()
    .describe("How long it may wait for the monitor; 0: fail at once if it is away"),
  answer_ms: z
    .int()
    .min(1)
    .max(maxDelayMs)
    .nullish()
    .describe("How long the monitor may take to answer"),
  retry: z
    .boolean()
    .nullish()
    .describe("Hand it over again on the next `con` if the monitor drops with it"),
  idempotency_key: z
    .string()
    .min(1)
    .max(200)
    .nullish()
    .describe("The same key again, for this monitor, gives the first one's answer"),
});

/** Which command an answer is about; without it the oldest one unanswered. */
const answeredId = z
  .string()
  .max(maxIdLength)
  .nullish()
  .describe("The command_id of `command do`; absent: the oldest command without an answer");

const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(1000)
  .default(1000)
  .describe("Most entries; fewer than this many: there are no more");

export const devicesContract = defineContract({
  name: "devices",
  doc: "Users send commands to monitors and hear what became of them.",
  transport: "socketio",
  paths: ["/socket.io/"],
  in: {
    query: {
      doc: "A user says to which monitor its commands go. Any well-formed id will do, connected or not.",
      schema: z.object({
        monitor_id: monitorId,
        watch: z.boolean().nullish().describe("Hear of all commands of this monitor"),
      }),
      roles: ["devices.user"],
      errors: ["forbidden"],
    },
    "command send": {
      doc: "A user sends a command to the monitor that it has queried.",
      schema: newCommand,
      roles: ["devices.user"],
      errors: ["wrong_state", "too_large", "over_capacity"],
    },
    con: {
      doc: "A monitor says who it is, and is handed the commands that wait for it.",
      schema: z.object({ monitor_id: monitorId }),
      roles: ["devices.monitor"],
      errors: ["forbidden", "conflict"],
    },
    "command done": {
      doc: "A monitor has done a command. Any payload will do that has no other command_id than a string.",
      schema: z.preprocess(
        (payload) => (isRecord(payload) ? payload : {}),
        z.object({ command_id: answeredId }),
      ),
      roles: ["devices.monitor"],
      errors: ["wrong_state"],
    },
    "command error": {
      doc: "A monitor has not done a command, and says why.",
      schema: z.object({ reason: z.string().max(maxReasonLength), command_id: answeredId }),
      roles: ["devices.monitor"],
      errors: ["wrong_state"],
    },
  },
  out: {
    "query ok": {
      doc: "Commands may be sent now.",
      delivery: "all",
      schema: z.object({ reason: z.literal("Query ok") }),
    },
    "query failed": {
      doc: "Bad id, or not allowed; the connection closes.",
      delivery: "all",
      schema: z.object({ reason: z.string() }),
    },
    "command ok": {
      doc: "The server has the command. Comes before anything else about it.",
      delivery: "all",
      schema: z.object({ reason: z.literal("Command ok"), command_id: z.string() }),
    },
    "command finish": {
      doc: "The monitor has done the command.",
      delivery: "all",
      schema: z.object({
        reason: z.literal("Command finish"),
        command_id: z.string(),
        late: z.exactOptional(z.literal(true)).describe("After it had expired"),
      }),
    },
    "command failed": {
      doc: "The command was refused, failed, has expired or was cancelled.",
      delivery: "all",
      schema: z.object({
        reason: z.string(),
        command_id: commandId,
        late: z.exactOptional(z.literal(true)).describe("After it had expired"),
      }),
    },
    "con ok": {
      doc: "Commands may come now.",
      delivery: "all",
      schema: z.object({ reason: z.literal("Connection ok") }),
    },
    "con failed": {
      doc: "Bad id, not allowed, or held by a monitor that is alive; the connection closes.",
      delivery: "all",
      schema: z.object({ reason: z.string() }),
    },
    "command do": {
      doc: "Do this.",
      delivery: "all",
      schema: z.object({ command: z.string(), command_id: z.string() }),
    },
  },
  routes: {
    sendCommand: {
      method: "POST",
      path: "/devices/:monitor_id/commands",
      doc: "Sends a command; answers 201 with its command_id. What became of it: see the list.",
      params: z.object({ monitor_id: monitorId }),
      body: newCommand,
      roles: ["devices.user"],
      errors: ["forbidden", "too_large", "over_capacity"],
    },
    commands: {
      method: "GET",
      path: "/devices/:monitor_id/commands",
      doc: "The monitor's commands in the order of sending.",
      params: z.object({
        monitor_id: monitorId,
        status: status.optional().describe("Only those of this status now"),
        after: z.coerce.number().int().min(0).default(0).describe("Only those after this `offset`"),
        limit,
      }),
      roles: ["devices.user"],
      errors: ["forbidden"],
    },
    cancelCommand: {
      method: "DELETE",
      path: "/devices/:monitor_id/commands/:id",
      doc: "Cancels a command that was not yet sent.",
      params: z.object({ monitor_id: monitorId, id: z.string().max(maxIdLength) }),
      roles: ["devices.user"],
      errors: ["forbidden", "not_found", "conflict"],
    },
    devices: {
      method: "GET",
      path: "/devices",
      doc: "The monitors that are connected, by id: since when, when last heard (ms since 1970), and their commands without an end.",
      params: z.object({
        after: z
          .string()
          .max(maxIdLength)
          .default("")
          .describe("Only ids behind this one; not with another order than `id`"),
        away: z
          .enum(["0", "1", "only"])
          .default("0")
          .describe(
            "1: also those that are away and have commands without an end; `since` is null then. only: those alone",
          ),
        order: z
          .enum(["id", "oldest_command"])
          .default("id")
          .describe(
            "oldest_command: only those with commands without an end, those first whose `oldest_command` has waited longest: since `sent_at`, or since `queued_at` where there is none",
          ),
        limit,
      }),
      roles: ["devices.user"],
    },
  },
  roles: {
    "devices.user":
      "may send commands to the monitors in the token's claim `monitors` (all, where it has none), and see theirs",
    "devices.monitor":
      "may be the monitors in the token's claim `monitors` (any, where it has none)",
  },
});

/** The contract's type, for the service's parts. */
export type DevicesContract = typeof devicesContract;

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
