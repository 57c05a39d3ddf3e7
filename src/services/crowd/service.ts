/** The crowd, served: workers write and rank counterfactuals, requesters load studies and read what became of them. */
import { randomUUID } from "node:crypto";
import {
  bareAnswer,
  dataAnswer,
  defineService,
  Projection,
  SwitchboardError,
} from "../../kit/index.ts";
import { Book } from "./book.ts";
import { configSchema } from "./config.ts";
import { crowdContract } from "./contract.ts";
import { workerRef } from "./crowd-event.ts";
import { csv } from "./csv.ts";
import { Decisions } from "./decisions.ts";
import { Desk } from "./desk.ts";
import { Live, nothingToDo } from "./live.ts";
import { Presence } from "./presence.ts";
import { type BonusLine, bonusesOf, progressOf } from "./results.ts";
import { statsOf } from "./stats.ts";
import { Studies } from "./studies.ts";
import { isOpen, type Study } from "./study.ts";
import { exportCsv, exportJson } from "./study-export.ts";
import { unitData } from "./unit-data.ts";

/** What the client calls itself in its versions 2.0.3 and 2.0.4; at another word it warns. */
const packetVersion = "2.0.3";

const submitted = { status: "Submitted!" };

export const crowd = defineService({
  contract: crowdContract,
  config: configSchema,
  pages: ({ taskDir }) => taskDir,
  async start(context) {
    const { config, clock, leases, newId } = context;
    const log = await context.log();
    // While the rest is being made, what the book tells of concerns nobody: there are no sockets yet.
    let presence: Presence | undefined;
    let live: Live | undefined;
    const book = new Book(
      (worker) => live?.push(worker),
      (agent) => presence?.forget(agent),
    );
    const projection = await Projection.open(log, book);
    const here = await Presence.open({
      leases,
      clock,
      unitTimeoutMs: config.unitTimeoutMs,
      isOpen: (id) => isOpen(book.agent(id)),
    });
    const decisions = new Decisions(log, book);
    const studies = new Studies(log, book, decisions, config);
    const desk = new Desk({
      log,
      book,
      decisions,
      presence: here,
      config,
      newId,
      newSecret: randomUUID,
    });
    const sockets = new Live({ context, book, desk, presence: here });
    presence = here;
    live = sockets;

    const countsOf = (study: Study) => ({
      id: study.id,
      sentences: study.originals.length,
      cads: study.originals.reduce((sum, { cads }) => sum + cads.size, 0),
      max_cads: study.settings.maxCads,
      sentences_per_ranking: study.settings.sentencesPerRanking,
      rankings_per_original: study.settings.rankingsPerOriginal,
      CAD: progressOf(study, "CAD", (unit) => here.isAbandoned(unit)),
      RANKING: progressOf(study, "RANKING", (unit) => here.isAbandoned(unit)),
    });

    const bonusRow = ({ unit, kind, share, paid }: BonusLine) => ({
      unit: unit.id,
      worker: book.worker(unit.agent.worker)?.name ?? null,
      kind,
      share,
      paid,
    });

    return {
      opened: (connection) => sockets.open(connection),
      closed: (connection) => sockets.close(connection),
      on: {
        alive: (connection, packet) => sockets.alive(connection, packet),
        heartbeat: (connection, packet) => sockets.heartbeat(connection, packet),
        mephisto_bound_live_update: (connection, packet) => sockets.liveUpdate(connection, packet),
        get_worker_stats: (connection, message) =>
          sockets.plain(connection, "get_worker_stats", message),
        set_feedback: (connection, message) => sockets.plain(connection, "set_feedback", message),
        submit_feedback: (connection, message) =>
          sockets.plain(connection, "submit_feedback", message),
        set_cad: (connection, message) => sockets.plain(connection, "set_cad", message),
        set_permutation: (connection, message) =>
          sockets.plain(connection, "set_permutation", message),
        get_unit: (connection, message) => sockets.plain(connection, "get_unit", message),
        submit: (connection, message) => sockets.plain(connection, "submit", message),
      },
      routes: {
        taskConfig: () => bareAnswer({ mephisto_task_version: packetVersion }),
        async requestAgent({ params, body }) {
          const { worker_name: worker, agent_registration_id: registration } = body.provider_data;
          const agent = await desk.request({
            worker,
            registration: registration ?? undefined,
            study: params.study,
          });
          const requestId = agent?.unit.id ?? newId();
          return bareAnswer({
            packet_type: "agent_details",
            subject_id: requestId,
            data: {
              request_id: requestId,
              worker_id: worker,
              agent_id: agent?.id ?? null,
              init_task_data: agent === undefined ? null : unitData(agent),
              failure_reason: agent === undefined ? nothingToDo : null,
            },
          });
        },
        async submitTask({ body }) {
          const agent = await desk.agent(body.USED_AGENT_ID);
          if (agent === undefined)
            throw new SwitchboardError(
              "not_found",
              "no agent has that USED_AGENT_ID: ask for one with POST /request_agent",
            );
          await desk.submit(agent, body.final_data);
          return bareAnswer(submitted);
        },
        submitOnboarding: () => bareAnswer(submitted),
        submitMetadata: () => bareAnswer(submitted),
        logError() {
          context.logger.warn({}, "a worker's page has reported an error");
          return bareAnswer(submitted);
        },
        async load({ body }) {
          const study = await studies.load({ ...body, id: body.id ?? newId() });
          return dataAnswer(countsOf(study), { status: 201 });
        },
        studies: () => dataAnswer([...book.studies.values()].map(countsOf)),
        study: async ({ params }) => dataAnswer(countsOf(await studies.study(params.id))),
        async export({ params: { id, format } }) {
          const study = await studies.study(id);
          return format === "csv"
            ? csvAnswer(exportCsv(study, book), `${id}.csv`)
            : dataAnswer(exportJson(study, book));
        },
        async bonuses({ params: { id, format } }) {
          const rows = bonusesOf(await studies.study(id)).map(bonusRow);
          return format === "csv"
            ? csvAnswer(csv(["unit", "worker", "kind", "share", "paid"], rows), `${id}-bonuses.csv`)
            : dataAnswer(rows);
        },
        async payBonus({ params: { id, unit } }) {
          const { kind, share } = await studies.pay(id, unit);
          return dataAnswer({ unit, kind, share, paid: true });
        },
        workerStats: ({ params }) =>
          dataAnswer(statsOf(book.worker(workerRef(params.id)), config.maxHistory)),
        deleteWorker: async ({ params }) => dataAnswer(await studies.deleteWorker(params.id)),
      },
      async stop() {
        here.stop();
        await projection.close();
      },
    };
  },
});

function csvAnswer(text: string, name: string): Response {
  return new Response(text, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}"`,
      "content-length": String(Buffer.byteLength(text)),
    },
  });
}
