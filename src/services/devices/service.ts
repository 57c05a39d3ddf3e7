/** The devices service: thin handlers over the monitors, the users and the dispatch between them. */
import {
  type Connection,
  closeCodes,
  dataAnswer,
  defineService,
  isSwitchboardError,
  mayTouch,
  type Principal,
  SwitchboardError,
} from "../../kit/index.ts";
import { configSchema } from "./config.ts";
import { devicesContract } from "./contract.ts";
import { listDevices } from "./device-list.ts";
import { Dispatch } from "./dispatch.ts";
import { listCommands, statusOf } from "./history.ts";
import { leasePrefix, MonitorIds } from "./monitor-id.ts";
import { Monitors } from "./monitors.ts";
import { NodeCalls } from "./node-calls.ts";
import { Roster } from "./roster.ts";
import { Users } from "./users.ts";

const invalidId = "Invalid monitor_id";
const invalidCommand = "Invalid command";

export const devices = defineService({
  contract: devicesContract,
  config: configSchema,
  async start(context) {
    const { config, leases } = context;
    const session = context.session.id;
    const ids = new MonitorIds(config.monitorIdPattern);
    const roster = new Roster();
    const users = new Users(context);
    const monitors = new Monitors({
      leases,
      session,
      clock: context.clock,
      probeMs: config.probeMs,
      takeoverMs: config.takeoverMs,
      calls: { ask: (...asked) => calls.ask(...asked) },
      caughtUp: (subject) => dispatch.caughtUp(subject),
      seated({ connection, lease }) {
        context.send(connection, "con ok", { reason: "Connection ok" });
        dispatch.rosterChanged(roster.apply({ key: lease.key, holder: lease }));
      },
      dropped: (subject) => dispatch.dropped(subject),
      evicted(connection, why) {
        if (why === "stolen")
          context.close(
            connection,
            "replaced",
            "the same monitor has come back on another connection",
          );
        else
          context.close(
            connection,
            "restarting",
            "this server lost its place in the cluster: come back",
          );
      },
    });
    const dispatch = await Dispatch.open({
      context,
      log: await context.log(),
      roster,
      monitors,
      users,
    });
    const calls = await NodeCalls.open({
      bus: context.bus,
      session,
      clock: context.clock,
      newId: context.newId,
      background: context.background,
      async answer(question) {
        if (question.ask === "alive") return { alive: await monitors.isAlive(question.connection) };
        return { heard: monitors.lastHeard(question.connections) };
      },
    });
    const watch = await leases.watch(leasePrefix, (change) =>
      dispatch.rosterChanged(roster.apply(change)),
    );

    /** Throws `forbidden` where the token is limited to other monitors. */
    const demandMonitor = (principal: Principal | undefined, monitorId: string) => {
      if (principal !== undefined && !mayTouch(principal, "monitors", monitorId)) {
        throw new SwitchboardError("forbidden", `this token is not for monitor ${monitorId}`);
      }
    };

    const failQuery = (connection: Connection, reason: string) => {
      context.send(connection, "query failed", { reason });
      context.close(connection, "done", reason);
    };

    const failCon = (connection: Connection, reason: string) => {
      context.send(connection, "con failed", { reason });
      context.close(connection, "done", reason);
    };

    /** Tells, in the protocol's words, somebody who may not do what it asked for. The kit then closes. */
    const tellForbidden = (connection: Connection, name: string | undefined, reason: string) => {
      if (name === "query") context.send(connection, "query failed", { reason });
      if (name === "con") context.send(connection, "con failed", { reason });
      if (name === "command send") context.send(connection, "command failed", { reason });
    };

    /** The subject of a monitor that the connection may be or talk to; undefined after it has been told that it may not. */
    const admitted = (
      connection: Connection,
      name: "query" | "con",
      monitorId: string,
    ): string | undefined => {
      const subject = ids.subject(monitorId);
      if (subject === undefined) {
        if (name === "query") failQuery(connection, invalidId);
        else failCon(connection, invalidId);
        return undefined;
      }
      try {
        demandMonitor(connection.principal, monitorId);
      } catch (error) {
        tellForbidden(connection, name, String((error as Error).message));
        throw error;
      }
      return subject;
    };

    /** A bad message of that name, in the original's words where it has some. */
    const tellInvalid = (
      connection: Connection,
      name: string | undefined,
      payload: unknown,
      error: SwitchboardError,
    ) => {
      if (name === "query")
        failQuery(connection, hasText(payload, "monitor_id") ? error.message : invalidId);
      if (name === "con") failCon(connection, invalidId);
      if (name === "command send") {
        context.send(connection, "command failed", {
          reason: hasText(payload, "command") ? error.message : invalidCommand,
        });
      }
    };

    const heard = async (holder: string, connections: readonly string[]) => {
      if (holder === session) return monitors.lastHeard(connections);
      return (await calls.ask(holder, { ask: "heard", connections }, config.probeMs))?.heard ?? {};
    };

    const answer = async (
      connection: Connection,
      commandId: string | null | undefined,
      failure: string | undefined,
    ) => {
      const seat = monitors.of(connection);
      if (seat === undefined)
        throw new SwitchboardError(
          "wrong_state",
          "only a monitor answers commands: send con first",
        );
      const isWanted = () => !connection.isClosedByServer;
      const known = await dispatch.answer(
        seat.subject,
        { commandId: commandId ?? undefined, failure },
        isWanted,
      );
      if (!known)
        throw new SwitchboardError("wrong_state", "that command is not in this monitor's hands");
    };

    /** The subject of an address; throws `bad_message` or `forbidden`. */
    const addressed = (principal: Principal, monitorId: string): string => {
      const subject = ids.subject(monitorId);
      if (subject === undefined)
        throw new SwitchboardError(
          "bad_message",
          `${invalidId}: ${monitorId} (services.devices.monitorIdPattern)`,
        );
      demandMonitor(principal, monitorId);
      return subject;
    };

    return {
      on: {
        query(connection, { monitor_id, watch: watches }) {
          const subject = admitted(connection, "query", monitor_id);
          if (subject === undefined) return;
          users.query(connection, monitor_id, subject, watches === true);
          context.send(connection, "query ok", { reason: "Query ok" });
        },
        async "command send"(connection, message) {
          const user = users.of(connection);
          try {
            if (user === undefined)
              throw new SwitchboardError(
                "wrong_state",
                "wrong_state: send query first, to say to which monitor",
              );
            await dispatch.send(user.subject, message, connection);
          } catch (error) {
            if (!isSwitchboardError(error, "wrong_state", "too_large", "over_capacity", "conflict"))
              throw error;
            context.send(connection, "command failed", { reason: error.message });
            context.reportError(connection, error);
          }
        },
        async con(connection, { monitor_id }) {
          const subject = admitted(connection, "con", monitor_id);
          if (subject === undefined) return;
          const before = monitors.of(connection);
          if (before !== undefined && before.subject !== subject)
            await monitors.leave(connection, true);
          if (before?.subject === subject)
            context.send(connection, "con ok", { reason: "Connection ok" });
          else if (!(await monitors.register(connection, monitor_id, subject)))
            failCon(connection, "monitor_id already registered");
        },
        "command done": (connection, { command_id }) => answer(connection, command_id, undefined),
        "command error": (connection, { command_id, reason }) =>
          answer(connection, command_id, reason.slice(0, config.maxReasonLength)),
      },
      invalid: (connection, { name, payload, error }) =>
        tellInvalid(connection, name, payload, error),
      forbidden: (connection, { name, error }) => tellForbidden(connection, name, error.message),
      async closed(connection, { code, byServer }) {
        users.forget(connection);
        // The monitors of a server that restarts keep what is in their hands.
        await monitors.leave(connection, !(byServer && code === closeCodes.restarting.code));
      },
      routes: {
        async sendCommand({ params, body, principal }) {
          const subject = addressed(principal, params.monitor_id);
          return dataAnswer(
            { command_id: await dispatch.send(subject, body, undefined) },
            { status: 201 },
          );
        },
        async commands({ params: { monitor_id, status, after, limit }, principal }) {
          const subject = addressed(principal, monitor_id);
          return dataAnswer(
            await listCommands(await context.log(), subject, { status, after, limit }),
          );
        },
        async cancelCommand({ params: { monitor_id, id }, principal }) {
          const subject = addressed(principal, monitor_id);
          if (await dispatch.cancel(subject, id))
            return dataAnswer({ command_id: id, status: "cancelled" });
          const status = await statusOf(await context.log(), subject, id);
          if (status === undefined)
            throw new SwitchboardError("not_found", `no command ${id} was sent to this monitor`);
          throw new SwitchboardError(
            "conflict",
            `command ${id} is ${status}: only what is queued can be cancelled`,
          );
        },
        async devices({ params, principal }) {
          if (params.after !== "" && params.order !== "id") {
            throw new SwitchboardError(
              "bad_message",
              `after goes with order=id only: in the order ${params.order} no id is behind another`,
            );
          }
          const sources = {
            roster,
            openSubjects: () => dispatch.openSubjects(),
            open: (subject: string) => dispatch.openCommands(subject),
            maySee: (monitorId: string) => mayTouch(principal, "monitors", monitorId),
            heard,
          };
          return dataAnswer(await listDevices(params, sources));
        },
      },
      async stop() {
        watch.stop();
        calls.stop();
        await dispatch.stop();
      },
    };
  },
});

/** Whether a payload has a non-empty text under this name: then it is another field that is wrong. */
function hasText(payload: unknown, name: string): boolean {
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, name))
    return false;
  const text = (payload as Record<string, unknown>)[name];
  return typeof text === "string" && text !== "";
}
