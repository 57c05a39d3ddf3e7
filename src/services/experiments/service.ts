/** The experiments service: thin handlers over the library, the writer and the subscribers' feeds. */
import {
  bareAnswer,
  type Connection,
  dataAnswer,
  defineService,
  hasRole,
  pathParams,
  RawJson,
  rawTree,
  SwitchboardError,
} from "../../kit/index.ts";
import { configSchema } from "./config.ts";
import { experimentsContract } from "./contract.ts";
import { exportPoints, exportSamples } from "./export.ts";
import { Feed } from "./feed.ts";
import { Library } from "./library.ts";
import { listExperiments } from "./listing.ts";
import { framePost, postOf, type Word, wordsOf } from "./post.ts";
import { tokenOf } from "./subjects.ts";
import { Subscribers } from "./subscribers.ts";
import { SummaryBoard } from "./summary-board.ts";
import { sweep } from "./sweep.ts";
import { Writer } from "./writer.ts";

/** Who is at a path: a subscriber, or a publisher. */
interface Visitor {
  readonly xid: string;
  readonly publishes: boolean;
}

export const experiments = defineService({
  contract: experimentsContract,
  config: configSchema,
  async start(context) {
    const { config, clock } = context;
    const log = await context.log();
    const library = await Library.open({
      log,
      maxExperiments: config.maxExperiments,
      maxAwaitedExperiments: config.maxAwaitedExperiments,
      maxKnownVariables: config.maxKnownVariables,
    });
    const writer = new Writer(library, config, context.turns);
    const summaries = new SummaryBoard(context, library);
    const subscribers = new Subscribers({
      clock,
      authorizationMs: config.authorizationMs,
      late: (connection) =>
        context.close(
          connection,
          "unauthenticated",
          `no authorization within ${config.authorizationMs} ms`,
        ),
    });
    const visitors = new WeakMap<Connection, Visitor>();

    /** The experiment that a publisher publishes to. */
    const published = (connection: Connection): string => {
      const visitor = visitors.get(connection);
      if (visitor?.publishes === true) return visitor.xid;
      throw new SwitchboardError(
        "wrong_state",
        "this address is for subscribers: publish at /mcmc/ws/pub/object/XID",
      );
    };

    const feedOf = (connection: Connection): Feed => {
      const feed = subscribers.feedOf(connection);
      if (feed !== undefined) return feed;
      throw new SwitchboardError(
        "wrong_state",
        "send authorization first, at an address for subscribers",
      );
    };

    const say = (connection: Connection, word: Word) => writer.say(published(connection), [word]);

    /** Shows who it is; throws `unauthenticated` or `forbidden`. */
    const identify = async (
      connection: Connection,
      token: string | null | undefined,
      role: string,
    ) => {
      const principal = await context.authenticate(token ?? "");
      if (context.authEnabled && !hasRole(principal, [role])) {
        throw new SwitchboardError(
          "forbidden",
          `this needs the role ${role}; the token has ${principal.roles.join(", ") || "none"}`,
        );
      }
      connection.principal = principal;
    };

    return {
      opened(connection) {
        const visitor = visitorAt(connection.opening.path);
        if (visitor === undefined) {
          context.close(
            connection,
            "badMessage",
            "no experiment is named here: connect to /experiments/XID",
          );
          return;
        }
        visitors.set(connection, visitor);
        if (!visitor.publishes) subscribers.opened(connection);
      },
      on: {
        async authorization(connection, { token, epoch }) {
          const visitor = visitors.get(connection);
          if (visitor === undefined) return;
          if (subscribers.feedOf(connection) !== undefined)
            throw new SwitchboardError(
              "wrong_state",
              "this connection has been authorized already",
            );
          await identify(
            connection,
            token,
            visitor.publishes ? "experiments.publish" : "experiments.subscribe",
          );
          if (visitor.publishes) return;
          subscribers.admitted(connection);
          await library.look(visitor.xid, async (experiment) => {
            if (connection.isClosed) return;
            library.demandWatchable(experiment);
            const feed = new Feed({ context, library, experiment, connection });
            subscribers.begun(connection, feed);
            await feed.greet(epoch === true);
          });
        },
        async subscribe(connection, { data, summary }) {
          const feed = feedOf(connection);
          try {
            await feed.subscribe(data ?? []);
          } catch (error) {
            if (!(error instanceof SwitchboardError)) throw error;
            // Too many: no reason to close.
            context.reportError(connection, error);
            return;
          }
          if (summary === true && !connection.isClosed)
            summaries.watch(feed.experiment, connection);
        },
        unsubscribe(connection, { data, summary }) {
          const feed = feedOf(connection);
          feed.unsubscribe(data ?? []);
          if (summary === true) summaries.unwatch(feed.experiment, connection);
        },
        async "experiment:event"(connection, { data }, text) {
          const xid = published(connection);
          await writer.store(xid, await framePost(data, text, context.turns));
        },
        "experiment:output": (connection, { data }) =>
          say(connection, { say: "output", text: data }),
        "experiment:error": (connection, _message, text) =>
          say(connection, { say: "error", data: new RawJson(dataIn(text)) }),
        async "experiment:control"(connection, { data }) {
          await say(connection, { say: "finish" });
          context.send(connection, "experiment:control", { data });
        },
      },
      closed(connection) {
        const feed = subscribers.feedOf(connection);
        if (feed !== undefined) summaries.unwatch(feed.experiment, connection);
        subscribers.closed(connection);
      },
      routes: {
        async post({ params: { xid }, body: { payload }, text }) {
          if (payload.object_type === "experiment.protobuf_message")
            await writer.store(xid, postOf(payload, text));
          else if (payload.object_type === "experiment.text_message")
            await writer.say(xid, wordsOf(payload, text));
          else tokenOf(xid);
          return bareAnswer({ status: "ok", data: null });
        },
        object({ params: { xid } }) {
          tokenOf(xid);
          return bareAnswer({ status: "ok", data: { short_id: xid, experiment_id: xid } });
        },
        list: async ({ params }) => dataAnswer(await listExperiments(library, params)),
        async remove({ params: { xid } }) {
          const existed = await writer.remove(xid);
          context.background(() => sweep(log, xid));
          if (!existed) throw new SwitchboardError("not_found", `no experiment ${xid}`);
          return dataAnswer(null);
        },
        variables: ({ params: { xid } }) =>
          library.look(xid, (experiment) => dataAnswer(experiment.namesFrom(0))),
        async samples({ params: { xid, chain, variable, format, from, to, max_points } }) {
          const subject = await library.look(
            xid,
            (experiment) => experiment.variable(chain, variable)?.subject,
          );
          if (subject === undefined)
            throw new SwitchboardError(
              "not_found",
              `experiment ${xid} has no ${variable} in ${chain}`,
            );
          const type =
            format === "json" ? "application/json; charset=utf-8" : "text/csv; charset=utf-8";
          const span = { from, to: to ?? Number.POSITIVE_INFINITY };
          const body =
            max_points === undefined
              ? exportSamples({ log, subject, span, format, turns: context.turns })
              : await exportPoints({
                  log,
                  subject,
                  span,
                  format,
                  variable,
                  maxPoints: max_points,
                  maxSamples: config.maxThinnedSamples,
                  turns: context.turns,
                });
          return new Response(body, { headers: { "content-type": type } });
        },
        summary: async ({ params: { xid } }) => dataAnswer(await summaries.of(xid)),
      },
      async stop() {
        await summaries.stop();
        await library.stop();
      },
    };
  },
});

/** Undefined for a path that names no experiment. */
function visitorAt(path: string): Visitor | undefined {
  for (const pattern of experimentsContract.paths) {
    const xid = pathParams(pattern, path)?.xid;
    if (xid === undefined) continue;
    try {
      tokenOf(xid);
      return { xid, publishes: pattern.includes("pub") };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function dataIn(text: string): string {
  const data = rawTree(text, 1).get("data");
  return typeof data === "string" ? data : "null";
}
