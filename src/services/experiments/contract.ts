/** The experiments' contract: publishers store samples and logs, subscribers watch the variables that they choose. */
import { z } from "zod";
import {
  type Codec,
  defineContract,
  dictionary,
  parseLenient,
  printJson,
  type Route,
} from "../../contract/index.ts";

/** The chain of whoever names none. */
export const defaultChain = "chain_default";

/** Longest name that can be allowed; `services.experiments.maxNameLength` says what is. */
const maxNameLength = 10_000;

/** Most chains, and most variables of a chain, in one message. */
const maxChains = 10_000;
const maxVariables = 100_000;

/** Most variables of a chain that one message resumes; further ones come in another. */
const maxSince = 25_000;

/** Longest token, id of a run, and `after`. */
const maxTokenLength = 1 << 16;
const maxRunLength = 1000;
const maxXidLength = 100;

/** More than any frame has: text is kept up to `services.experiments.maxLogBytes`. */
const maxOutputLength = 1 << 28;

const xid = z
  .string()
  .min(1)
  .max(maxXidLength)
  .describe("Which experiment; one that nobody has heard of is empty");

const name = z.string().max(maxNameLength);

const chain = name.default(defaultChain);

/** Which run of a publisher a post is of; any scalar will do. */
const runPart = z.union([z.string().max(maxRunLength), z.number(), z.boolean()]).nullish();

const index = z.int().min(0);

const maxPoints = z.int().min(1).max(100_000);

/** Frames to subscribers are wrapped; the finish echo, which is the publisher's, is not. A name may come as `type` too. */
const codec: Codec = {
  parse: parseLenient,
  large: {
    lenient: true,
    keeps: [
      ["data", "*", "data", "*"],
      ["data", "data", "*", "data", "*"],
    ],
  },
  nameOf(json) {
    if (typeof json !== "object" || json === null) return undefined;
    const { action, type } = json as Record<string, unknown>;
    return [action, type].find((name) => typeof name === "string");
  },
  print(name, payload) {
    const message = { action: name, ...payload };
    return printJson(name === "experiment:control" ? message : { message });
  },
};

const statusError: NonNullable<Route["errorBody"]> = ({ code, message }) => ({
  status: "error",
  code,
  message,
});

const publish = ["experiments.publish"];
const subscribe = ["experiments.subscribe"];

/** What is asked for of one chain, or no longer. */
const variables = { chain, variables: z.array(name).max(maxVariables) };

const wish = z
  .object({
    data: z
      .array(
        z.object({
          ...variables,
          since: dictionary(index, { max: maxSince, maxKeyLength: maxNameLength })
            .nullish()
            .describe("Variable → the index of the first sample wanted"),
          max_points: maxPoints.nullish().describe("Most points of initial data for each variable"),
        }),
      )
      .max(maxChains)
      .nullish(),
    summary: z.boolean().nullish().describe("The diagnostics, now and as samples arrive"),
  })
  .refine(
    ({ data, summary }) => Array.isArray(data) || summary === true,
    "expected `data`, a list, or `summary`: true",
  );

const farewell = z
  .object({
    data: z.array(z.object(variables)).max(maxChains).nullish(),
    summary: z.boolean().nullish(),
  })
  .refine(
    ({ data, summary }) => Array.isArray(data) || summary === true,
    "expected `data`, a list, or `summary`: true",
  );

export const experimentsContract = defineContract({
  name: "experiments",
  doc: "Samples of running experiments: stored by variable, and sent to who has asked for the variable.",
  transport: "websocket",
  paths: [
    "/mcmc/ws/sub/object/:xid",
    "/experiments/:xid",
    "/mcmc/ws/pub/object/:xid",
    "/experiments/:xid/publish",
  ],
  codec,
  auth: "message",
  in: {
    authorization: {
      roles: "open",
      doc: "A subscriber says who it is: the log, the names and, if it has ended, the end are the answer. A publisher may say so as well.",
      schema: z.object({
        token: z.string().max(maxTokenLength).nullish(),
        epoch: z
          .boolean()
          .nullish()
          .describe("A subscriber wants to be told the epoch with the first message"),
      }),
      errors: ["unauthenticated", "forbidden", "wrong_state"],
    },
    subscribe: {
      roles: subscribe,
      doc: "Asks for variables: the samples so far, then each later one. Or for the summary.",
      schema: wish,
      errors: ["wrong_state", "over_capacity"],
    },
    unsubscribe: {
      roles: subscribe,
      doc: "Forgets variables, or the summary, at once.",
      schema: farewell,
      errors: ["wrong_state"],
    },
    "experiment:event": {
      doc: "A publisher's samples: `[{chain, data: {variable: [values]}}]`, or an older logger's `{data: [{variable: value}]}`.",
      schema: z.object({ data: z.unknown() }),
      roles: publish,
      errors: ["wrong_state", "too_large", "over_capacity"],
    },
    "experiment:output": {
      doc: "A publisher's log text.",
      schema: z.object({ data: z.string().max(maxOutputLength) }),
      roles: publish,
      errors: ["wrong_state"],
    },
    "experiment:error": {
      doc: "The experiment has failed.",
      schema: z.object({ data: z.unknown() }),
      roles: publish,
      errors: ["wrong_state", "too_large"],
    },
    "experiment:control": {
      doc: "The experiment has ended; echoed when everything before it is stored.",
      schema: z.object({ data: z.literal("finish") }),
      roles: publish,
      errors: ["wrong_state"],
    },
  },
  out: {
    "experiment:output": {
      doc: "Log text; the first message is all of it so far.",
      delivery: "all",
      schema: z.object({
        data: z.unknown(),
        epoch: z
          .exactOptional(z.string())
          .describe(
            "If asked for: while it is the same, indices of samples and the log go on; else all is new",
          ),
      }),
    },
    names: {
      doc: "Variables that you were not told of yet.",
      delivery: "all",
      schema: z.object({
        data: z.array(z.object({ chain: z.string(), names: z.array(z.string()) })),
      }),
    },
    "experiment:event": {
      doc: "Samples, in order: by variable the values, and the index of the first of them.",
      delivery: "all",
      schema: z.object({
        data: z.array(
          z.object({
            chain: z.string(),
            data: z.record(z.string(), z.unknown()),
            from: z.record(z.string(), index),
            at: z
              .exactOptional(z.record(z.string(), z.array(index)))
              .describe("Of thinned variables: the index of each value"),
          }),
        ),
      }),
    },
    "experiment:finish": {
      doc: "The experiment has ended.",
      delivery: "all",
      schema: z.object({}),
    },
    "experiment:error": {
      doc: "The experiment has failed.",
      delivery: "all",
      schema: z.object({ data: z.unknown() }),
    },
    summary: {
      doc: "Diagnostics over all chains of each numeric variable.",
      delivery: "latest",
      schema: z.object({ data: z.record(z.string(), z.unknown()) }),
    },
    "experiment:control": {
      doc: "To the publisher: everything before its `finish` is stored.",
      delivery: "all",
      schema: z.object({ data: z.literal("finish") }),
    },
  },
  routes: {
    post: {
      method: "POST",
      path: "/api/object/:xid",
      doc: "A publisher's samples, log text or update. Samples that are stored already are passed over.",
      params: z.object({ xid }),
      body: z.object({
        payload: z.looseObject({
          object_type: z.enum([
            "experiment.protobuf_message",
            "experiment.text_message",
            "experiment",
          ]),
          batch_id: runPart,
          run_id: runPart,
        }),
      }),
      lenientBody: true,
      keeps: [["payload", "logs", "vars", "*", "*"]],
      errorBody: statusError,
      roles: publish,
      errors: ["too_large", "over_capacity"],
    },
    object: {
      method: "GET",
      path: "/api/object/:xid",
      doc: "What the publisher's library asks before it begins.",
      params: z.object({ xid }),
      errorBody: statusError,
      roles: publish,
    },
    list: {
      method: "GET",
      path: "/experiments",
      doc: "The experiments by id.",
      params: z.object({
        after: z.string().max(maxXidLength).default("").describe("Only ids behind this one"),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(1000)
          .default(1000)
          .describe("Most entries; fewer: there are no more"),
      }),
      roles: subscribe,
    },
    remove: {
      method: "DELETE",
      path: "/experiments/:xid",
      doc: "Removes an experiment. Who watches it is closed with 1000.",
      params: z.object({ xid }),
      roles: ["experiments.remove"],
      errors: ["not_found"],
    },
    variables: {
      method: "GET",
      path: "/experiments/:xid/variables",
      doc: "The names of its variables, by chain.",
      params: z.object({ xid }),
      roles: subscribe,
    },
    samples: {
      method: "GET",
      path: "/experiments/:xid/samples",
      doc: "Samples of one variable, streamed: a list, or CSV with the index of each. Thinned for a chart if asked for.",
      params: z.object({
        xid,
        chain,
        variable: name,
        format: z.enum(["json", "csv"]).default("json"),
        from: z.coerce.number().pipe(index).default(0).describe("Index of the first sample wanted"),
        to: z
          .exactOptional(z.coerce.number().pipe(index))
          .describe("Index behind the last sample wanted; default: all that are stored"),
        max_points: z
          .exactOptional(z.coerce.number().pipe(maxPoints))
          .describe(
            "Most samples of the answer, those that show the shape; its JSON then has the index of each beside `data`, as `at`",
          ),
      }),
      roles: subscribe,
      errors: ["not_found", "over_capacity"],
    },
    summary: {
      method: "GET",
      path: "/experiments/:xid/summary",
      doc: "Diagnostics over all chains of each numeric variable.",
      params: z.object({ xid }),
      roles: subscribe,
      errors: ["over_capacity"],
    },
  },
  roles: {
    "experiments.subscribe": "may watch every experiment",
    "experiments.publish": "may store samples and log text of every experiment",
    "experiments.remove": "may remove experiments",
  },
  limits: { maxFrameBytes: 16 << 20, maxBodyBytes: 256 << 20 },
});

/** The contract's type, for the service's parts. */
export type ExperimentsContract = typeof experimentsContract;
