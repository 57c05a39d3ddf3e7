/** The crowd's contract: workers write counterfactuals and rank them; their dashboard is live. */
import { z } from "zod";
import { type Codec, defineContract, printJson } from "../../contract/index.ts";

/** The packets of Mephisto's browser client. */
const packetTypes: readonly string[] = ["alive", "heartbeat", "mephisto_bound_live_update"];

/** How a message travels to a Mephisto client; without it, it goes as it stands. */
const packet = z.exactOptional(
  z.object({
    subject_id: z.string().nullable().describe("The agent"),
    update_id: z
      .string()
      .describe("New for each live update: the client drops one that it has seen"),
    client_timestamp: z.number().describe("The server's time in seconds"),
  }),
);

/** Packets are named by `packet_type`, all else by `message`; a name of the one is none of the other. */
const codec: Codec = {
  nameOf(json) {
    if (typeof json !== "object" || json === null) return undefined;
    const { packet_type, message } = json as Record<string, unknown>;
    if (packet_type !== undefined) return packetTypes.find((type) => type === packet_type);
    return typeof message === "string" && !packetTypes.includes(message) ? message : undefined;
  },
  print(name, payload) {
    const { packet, ...message } = payload as Record<string, unknown> & {
      packet?: z.output<typeof packetSchema>;
    };
    if (name === "error")
      return printJson({ message: name, code: message.code, detail: message.message });
    if (packet === undefined) return printJson({ message: name, ...message });
    const { subject_id, update_id, client_timestamp } = packet;
    if (name === "heartbeat" || name === "update_status")
      return printJson({ packet_type: name, subject_id, data: message, client_timestamp });
    return printJson({
      packet_type: "client_bound_live_update",
      subject_id,
      data: { message: name, ...message, update_id },
      client_timestamp,
    });
  },
};

const packetSchema = packet.unwrap();

/** Their parts are looked at by the service: a client must not be closed for what its page puts into the first of them. */
const anyPacket = z.object({
  subject_id: z.unknown().optional(),
  data: z.unknown().optional(),
  client_timestamp: z.unknown().optional(),
});

/** More than `services.crowd.maxTextLength` can be: that is what bounds a text, with `too_large`. */
const text = z.string().max(1 << 20);

/** Most indices of a ranking, and most CADs of an original. */
const maxCads = 1000;

/** Most sentences of a body; of a study, `services.crowd.maxSentences` says. */
const maxSentences = 1_000_000;

const permutation = z
  .union([z.array(z.number()).max(maxCads), z.string().max(10 * maxCads)], {
    error: 'expected a list of indices, or them in a string such as "2,0,1"',
  })
  .describe("At place k the index of the sentence at rank k; the last is the best");

const feedback = z.object({ feedback: text });

const worker = ["crowd.worker"];
const requester = ["crowd.requester"];

const workerId = z.string().min(1).max(200);

const studyIdProblem = "expected 1 to 64 letters, digits, dots, - or _";

const studyId = z
  .string()
  .max(64, studyIdProblem)
  .regex(/^[A-Za-z0-9_.-]+$/, studyIdProblem)
  .describe("Which study");

const format = z.enum(["json", "csv"]).default("json");

const stage = z.enum(["CAD", "RANKING"]);

const stats = z.object({
  num_cads: z.int(),
  num_rankings: z.int(),
  num_first_place: z.int().describe("Rankings whose best is a CAD of the worker"),
  history: z
    .array(
      z.looseObject({
        stage,
        finished_time: z.string().describe("UTC, as Fri 20 Nov 2026, 11:05AM"),
      }),
    )
    .describe("Completed units, oldest first, without skips"),
});

const agentId = z.string().max(1000).describe("The agent, by its unguessable id");

export const crowdContract = defineContract({
  name: "crowd",
  doc: "Workers write counterfactuals (CADs) of sentences and rank those of others; each sees live what became of theirs.",
  transport: "websocket",
  paths: ["/", "/crowd"],
  codec,
  opensWith: ["alive", "heartbeat", "mephisto_bound_live_update"],
  opensAt: ["/"],
  auth: "message",
  in: {
    alive: {
      roles: "open",
      doc: "A Mephisto client is there; answered with `update_status`.",
      schema: anyPacket,
      errors: ["not_found"],
    },
    heartbeat: {
      roles: "open",
      doc: "A Mephisto client asks whether the server is there; answered with `heartbeat`.",
      schema: anyPacket,
    },
    mephisto_bound_live_update: {
      roles: "open",
      doc: "One of the messages below, in a Mephisto client's packet: `data` is the message and its `update_id`.",
      schema: anyPacket,
      errors: ["unknown_message", "not_found", "wrong_state", "conflict", "too_large"],
    },
    get_worker_stats: {
      doc: "Asks for the worker's statistics.",
      schema: z.object({}),
      roles: worker,
      errors: ["wrong_state"],
    },
    set_feedback: {
      doc: "Stores feedback. No reply.",
      schema: feedback,
      roles: worker,
      errors: ["wrong_state", "too_large"],
    },
    submit_feedback: {
      doc: "The same, as the web app says it.",
      schema: feedback,
      roles: worker,
      errors: ["wrong_state", "too_large"],
    },
    set_cad: {
      doc: "Saves the unit's draft. No reply.",
      schema: z.object({ cad: text }),
      roles: worker,
      errors: ["wrong_state", "conflict", "too_large"],
    },
    set_permutation: {
      doc: "Saves the unit's draft. No reply.",
      schema: z.object({ permutation }),
      roles: worker,
      errors: ["wrong_state", "conflict"],
    },
    get_unit: {
      doc: "Asks for the connection's unit with its draft; for a new one, where it has none that is open.",
      schema: z.object({}),
      roles: worker,
      errors: ["wrong_state"],
    },
    submit: {
      doc: "Completes the unit: with what is in the message, else with the draft.",
      schema: z.object({
        cad: text.nullish(),
        explanation: text.nullish().describe("A skip"),
        permutation: permutation.nullish(),
      }),
      roles: worker,
      errors: ["wrong_state", "conflict", "too_large"],
    },
  },
  out: {
    set_worker_stats: {
      doc: "The worker's statistics: asked for, or because they have changed.",
      delivery: "latest",
      schema: z.object({ stats, packet }),
    },
    set_unit: {
      doc: "The answer to `get_unit`; null and the reason when there is nothing to do.",
      delivery: "all",
      schema: z.object({
        unit: z.looseObject({ unit: z.string(), stage }).nullable(),
        reason: z.exactOptional(z.string()),
        packet,
      }),
    },
    submitted: {
      doc: "The answer to `submit`: the unit is completed, and stored.",
      delivery: "all",
      schema: z.object({ unit: z.string(), status: z.literal("Submitted!"), packet }),
    },
    update_status: {
      doc: "To a Mephisto client, on `alive`.",
      delivery: "all",
      schema: z.object({ status: z.string(), packet }),
    },
    heartbeat: {
      doc: "To a Mephisto client, on its heartbeat: its own clock in ms.",
      delivery: "all",
      schema: z.object({ last_mephisto_ping: z.number(), status: z.string(), packet }),
    },
  },
  routes: {
    taskConfig: {
      method: "GET",
      path: "/task_config.json",
      doc: "What a Mephisto page asks first.",
      params: z.object({}),
      roles: "open",
    },
    requestAgent: {
      method: "POST",
      path: "/request_agent",
      doc: "A Mephisto page asks for a unit: a new one, or for the same agent_registration_id the same again.",
      params: z.object({
        study: studyId
          .optional()
          .describe("Only units of this study; absent: of any, in the order of loading"),
      }),
      body: z.object({
        provider_data: z.object({
          worker_name: workerId,
          agent_registration_id: z.string().max(1000).nullish(),
        }),
      }),
      roles: worker,
      errors: ["over_capacity"],
    },
    submitTask: {
      method: "POST",
      path: "/submit_task",
      doc: "Completes an agent's unit: a CAD, the explanation of a skip, or a permutation. Answered when it is stored.",
      params: z.object({}),
      body: z.object({
        USED_AGENT_ID: agentId,
        final_data: z.object({
          cad: text.nullish(),
          explanation: text.nullish().describe("A skip"),
          permutation: permutation.nullish(),
        }),
      }),
      roles: "open",
      errors: ["not_found", "conflict", "too_large"],
    },
    submitOnboarding: {
      method: "POST",
      path: "/submit_onboarding",
      doc: "Accepted, without effect: there is no onboarding here.",
      params: z.object({}),
      roles: "open",
    },
    submitMetadata: {
      method: "POST",
      path: "/submit_metadata",
      doc: "Accepted, without effect.",
      params: z.object({}),
      roles: "open",
    },
    logError: {
      method: "POST",
      path: "/log_error",
      doc: "Accepted, and counted in the log.",
      params: z.object({}),
      roles: "open",
    },
    load: {
      method: "POST",
      path: "/crowd/studies",
      doc: "Loads a study; 201 with its id and counts.",
      params: z.object({}),
      body: z.object({
        id: studyId.optional().describe("Absent: a new one"),
        sentences: z
          .array(
            z.object({
              original_id: z.string().min(1).max(200),
              original: text.min(1),
              cads: z.array(text.min(1)).max(maxCads),
            }),
          )
          .min(1)
          .max(maxSentences),
        max_cads: z
          .int()
          .min(0)
          .max(1000)
          .default(4)
          .describe("CADs that each original shall have"),
        sentences_per_ranking: z
          .int()
          .min(1)
          .max(1000)
          .default(4)
          .describe("CADs that an original must have to be ranked"),
        rankings_per_original: z
          .int()
          .min(0)
          .max(1000)
          .default(2)
          .describe("Rankings that each original shall have"),
      }),
      roles: requester,
      errors: ["conflict", "too_large", "over_capacity"],
    },
    studies: {
      method: "GET",
      path: "/crowd/studies",
      doc: "The studies in the order of loading.",
      params: z.object({}),
      roles: requester,
    },
    study: {
      method: "GET",
      path: "/crowd/studies/:id",
      doc: "A study's progress: of each stage the units wanted so far, free to be given out, open (with a worker) and done.",
      params: z.object({ id: studyId }),
      roles: requester,
      errors: ["not_found"],
    },
    export: {
      method: "GET",
      path: "/crowd/studies/:id/export",
      doc: "All of a study: units, CADs, rankings, feedback, results.",
      params: z.object({ id: studyId, format }),
      roles: requester,
      errors: ["not_found"],
    },
    bonuses: {
      method: "GET",
      path: "/crowd/studies/:id/bonuses",
      doc: "The bonuses that are due or paid: unit, worker, kind, share, paid.",
      params: z.object({ id: studyId, format }),
      roles: requester,
      errors: ["not_found"],
    },
    payBonus: {
      method: "POST",
      path: "/crowd/studies/:id/bonuses/:unit/paid",
      doc: "Marks a unit's bonus as paid; again, changes nothing.",
      params: z.object({ id: studyId, unit: z.string().max(200) }),
      roles: requester,
      errors: ["not_found"],
    },
    workerStats: {
      method: "GET",
      path: "/crowd/workers/:id/stats",
      doc: "A worker's statistics; of one that nobody has heard of, zeros.",
      params: z.object({ id: workerId }),
      roles: [...worker, ...requester],
    },
    deleteWorker: {
      method: "DELETE",
      path: "/crowd/workers/:id",
      doc: "Deletes a worker's data: name, units, CADs, rankings, feedback. Its units are asked for anew.",
      params: z.object({ id: workerId }),
      roles: requester,
    },
  },
  roles: {
    "crowd.worker": "may work, as any worker, and see workers' statistics",
    "crowd.requester": "may load studies, export them, pay bonuses and delete workers",
  },
});

/** The contract's type, for the service's parts. */
export type CrowdContract = typeof crowdContract;
