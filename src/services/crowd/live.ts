/** What comes in over sockets, plain or in Mephisto's packets, and what goes out. */
import {
  type Connection,
  hasRole,
  type ServiceContext,
  SwitchboardError,
  validate,
} from "../../kit/index.ts";
import type { Book } from "./book.ts";
import type { CrowdConfig } from "./config.ts";
import { type CrowdContract, crowdContract } from "./contract.ts";
import { workerRef } from "./crowd-event.ts";
import type { Desk } from "./desk.ts";
import type { Presence } from "./presence.ts";
import type { Given } from "./rules.ts";
import { type Socket, Sockets, type Update } from "./sockets.ts";
import { statsOf } from "./stats.ts";
import { type Agent, isHolder, isOpen } from "./study.ts";
import { unitData } from "./unit-data.ts";

type Context = ServiceContext<CrowdContract, CrowdConfig>;

/** A packet as it came; nothing in it is checked. */
interface Packet {
  readonly subject_id?: unknown;
  readonly data?: unknown;
  readonly client_timestamp?: unknown;
}

/** The messages that travel in live updates. */
const messageNames = [
  "get_worker_stats",
  "set_feedback",
  "submit_feedback",
  "set_cad",
  "set_permutation",
  "get_unit",
  "submit",
] as const satisfies readonly (keyof CrowdContract["in"])[];

/** Where plain sockets come. */
const plainPath = "/crowd";

/** Why there is no unit. */
export const nothingToDo = "There is nothing to do for you at the moment. Thank you!";

/** What is made of these. */
export interface LiveParts {
  readonly context: Context;
  readonly book: Book;
  readonly desk: Desk;
  readonly presence: Presence;
}

export class Live {
  readonly #parts: LiveParts;
  readonly #sockets: Sockets;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#sockets = new Sockets(parts.context.config.maxUpdateIds);
  }

  /** A plain socket says in its address whose it is; with auth on it has to have a token for that. */
  async open(connection: Connection): Promise<void> {
    const { context, desk } = this.#parts;
    const socket = this.#sockets.open(connection, connection.opening.path !== plainPath);
    if (socket.isMephisto) return;
    demandWorker(connection, context.authEnabled);
    const query = new URLSearchParams(connection.opening.query);
    const worker = query.get("worker") ?? "";
    if (worker === "" || worker.length > 200) {
      throw new SwitchboardError(
        "bad_message",
        "the address needs ?worker=, of 1 to 200 characters: connect again with it",
      );
    }
    socket.worker = worker;
    socket.study = query.get("study") ?? undefined;
    context.topic(workerRef(worker)).join(connection);
    const unit = query.get("unit") ?? "";
    if (unit === "") return;
    const agent = await desk.agentOf(worker, unit);
    if (agent === undefined)
      throw new SwitchboardError(
        "not_found",
        `the worker has no unit ${unit.slice(0, 100)}: the socket is without one`,
      );
    await this.#bind(socket, agent);
  }

  async close(connection: Connection): Promise<void> {
    await this.#sockets.close(connection)?.leave?.();
  }

  /** A message as it stands. */
  async plain(
    connection: Connection,
    name: (typeof messageNames)[number],
    message: unknown,
  ): Promise<void> {
    const socket = this.#socket(connection);
    if (socket.isMephisto)
      throw new SwitchboardError(
        "wrong_state",
        `${name} comes in a packet here; as it stands it comes at ${plainPath}`,
      );
    await this.#act(socket, { name, message, update: undefined, at: undefined });
  }

  /** A sign of life: answered with the client's own clock, by which it finds out whether the server is there. */
  async heartbeat(connection: Connection, packet: Packet): Promise<void> {
    const { context } = this.#parts;
    const socket = this.#packets(connection, "heartbeat");
    const seconds =
      typeof packet.client_timestamp === "number"
        ? packet.client_timestamp
        : context.clock.now() / 1000;
    const subject =
      socket.agent?.id ?? (typeof packet.subject_id === "string" ? packet.subject_id : null);
    context.send(connection, "heartbeat", {
      last_mephisto_ping: seconds * 1000,
      status: statusOf(socket.agent),
      packet: this.#envelope(subject),
    });
    await this.#knowWhose(socket, packet);
  }

  async alive(connection: Connection, packet: Packet): Promise<void> {
    const socket = this.#packets(connection, "alive");
    await this.#take(socket, packet, {
      name: "alive",
      message: {},
      update: undefined,
      at: undefined,
    });
  }

  async liveUpdate(connection: Connection, packet: Packet): Promise<void> {
    const socket = this.#packets(connection, "mephisto_bound_live_update");
    const { data, client_timestamp: at } = packet;
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      throw new SwitchboardError(
        "bad_message",
        "the packet's `data` must be an object: the message and its update_id",
      );
    }
    const { message: name, update_id: update } = data as Record<string, unknown>;
    if (!messageNames.some((known) => known === name)) {
      const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 100)) : "nothing";
      throw new SwitchboardError(
        "unknown_message",
        `the live update's message is ${shown}: crowd takes ${messageNames.join(", ")}`,
      );
    }
    await this.#take(socket, packet, {
      name: String(name),
      message: data,
      update: typeof update === "string" ? update : undefined,
      at: typeof at === "number" ? at : undefined,
    });
  }

  /** A worker's numbers have changed: all sockets of the worker on this node are told. */
  push(ref: string): void {
    for (const connection of this.#parts.context.topic(ref)) {
      const socket = this.#sockets.of(connection);
      if (socket !== undefined) this.#sendStats(socket);
    }
  }

  #socket(connection: Connection): Socket {
    const socket = this.#sockets.of(connection);
    if (socket === undefined) throw new TypeError("a message of a socket that was not opened");
    return socket;
  }

  #packets(connection: Connection, name: string): Socket {
    const socket = this.#socket(connection);
    if (!socket.isMephisto)
      throw new SwitchboardError(
        "wrong_state",
        `${name} is a packet: packets come at /, messages as they stand here`,
      );
    return socket;
  }

  async #take(socket: Socket, packet: Packet, update: Update): Promise<void> {
    await this.#knowWhose(socket, packet);
    if (socket.agent !== undefined) return this.#once(socket, socket.agent, update);
    const { maxWaitingUpdates } = this.#parts.context.config;
    if (socket.waiting.length < maxWaitingUpdates) socket.waiting.push(update);
    else
      throw new SwitchboardError(
        "conflict",
        `${maxWaitingUpdates} updates wait for a subject_id (services.crowd.maxWaitingUpdates)`,
      );
  }

  /** The first packet that names its agent says whose the socket is; what has waited for it is done then, in the order of its coming. */
  async #knowWhose(socket: Socket, { subject_id }: Packet): Promise<void> {
    if (socket.agent !== undefined || typeof subject_id !== "string" || subject_id === "") return;
    const { desk, book, context } = this.#parts;
    const agent = subject_id.length > 100 ? undefined : await desk.agent(subject_id);
    if (agent === undefined)
      throw new SwitchboardError(
        "not_found",
        "no agent has that subject_id: ask for one with POST /request_agent",
      );
    socket.connection.principal ??= {
      name: `agent of unit ${agent.unit.id}`,
      roles: ["crowd.worker"],
      only: {},
    };
    socket.worker = book.worker(agent.worker)?.name;
    await this.#bind(socket, agent);
    context.topic(agent.worker).join(socket.connection);
    for (const update of socket.waiting.splice(0)) {
      try {
        await this.#once(socket, agent, update);
      } catch (error) {
        if (!(error instanceof SwitchboardError)) throw error;
        context.reportError(socket.connection, error);
      }
    }
  }

  async #bind(socket: Socket, agent: Agent): Promise<void> {
    this.#sockets.bind(socket, agent);
    const { context, presence } = this.#parts;
    const { connection } = socket;
    const before = socket.leave;
    socket.leave = await presence.arrive(agent.id, connection.id, () => {
      context.close(
        connection,
        "restarting",
        "this server lost its place in the cluster: come back",
      );
    });
    await before?.();
  }

  /** An update that was there before, over whichever socket of the agent, has no effect. */
  async #once(socket: Socket, agent: Agent, update: Update): Promise<void> {
    if (update.update !== undefined && !this.#sockets.isNew(agent, update.update)) return;
    try {
      await this.#act(socket, update);
    } catch (error) {
      if (update.update !== undefined) this.#sockets.forgetUpdate(agent, update.update);
      throw error;
    }
  }

  async #act(socket: Socket, { name, message, update, at }: Update): Promise<void> {
    const { desk, context } = this.#parts;
    const stamp = { update, at };
    if (name === "alive") {
      const status = statusOf(socket.agent);
      context.send(socket.connection, "update_status", {
        status,
        packet: this.#envelope(socket.agent?.id ?? null),
      });
    } else if (name === "get_worker_stats") {
      demandName(socket);
      this.#sendStats(socket);
    } else if (name === "set_feedback" || name === "submit_feedback") {
      await desk.feedback(demandName(socket), socket.agent, checked(name, message).feedback, stamp);
    } else if (name === "set_cad") {
      await desk.draft(demandAgent(socket), { cad: checked(name, message).cad }, stamp);
    } else if (name === "set_permutation") {
      await desk.draft(
        demandAgent(socket),
        { permutation: checked(name, message).permutation },
        stamp,
      );
    } else if (name === "get_unit") {
      await this.#giveUnit(socket);
    } else if (name === "submit") {
      const agent = demandAgent(socket);
      await desk.submit(agent, workToSubmit(checked(name, message), agent));
      context.send(socket.connection, "submitted", {
        unit: agent.unit.id,
        status: "Submitted!",
        ...this.#packet(socket),
      });
    }
  }

  async #giveUnit(socket: Socket): Promise<void> {
    const { desk, context } = this.#parts;
    const worker = demandName(socket);
    const present = socket.agent;
    const agent =
      isOpen(present) || socket.isMephisto ? present : await desk.continue(worker, socket.study);
    if (agent !== undefined && agent !== present) await this.#bind(socket, agent);
    if (agent === undefined)
      context.send(socket.connection, "set_unit", {
        unit: null,
        reason: nothingToDo,
        ...this.#packet(socket),
      });
    else
      context.send(socket.connection, "set_unit", {
        unit: { unit: agent.unit.id, ...unitData(agent) },
        ...this.#packet(socket),
      });
  }

  #sendStats(socket: Socket): void {
    const { context, book } = this.#parts;
    const ref = socket.agent?.worker ?? workerRef(socket.worker ?? "");
    const stats = statsOf(book.worker(ref), context.config.maxHistory);
    context.send(socket.connection, "set_worker_stats", { stats, ...this.#packet(socket) });
  }

  /** How a message goes to this socket. */
  #packet(socket: Socket) {
    return socket.isMephisto ? { packet: this.#envelope(socket.agent?.id ?? null) } : {};
  }

  #envelope(subject: string | null) {
    const { context } = this.#parts;
    return {
      subject_id: subject,
      update_id: context.newId(),
      client_timestamp: context.clock.now() / 1000,
    };
  }
}

/** The message, checked as it would be if it had come as it stands. */
function checked<
  N extends "set_feedback" | "submit_feedback" | "set_cad" | "set_permutation" | "submit",
>(name: N, message: unknown) {
  const { schema } = crowdContract.in[name];
  return validate(schema, message, name) as ReturnType<CrowdContract["in"][N]["schema"]["parse"]>;
}

/** What is in the message, else the draft. */
function workToSubmit(given: Given, { draft }: Agent): Given {
  const hasOwn = [given.cad, given.explanation, given.permutation].some(
    (field) => field !== undefined && field !== null,
  );
  if (hasOwn) return given;
  if (draft === undefined)
    throw new SwitchboardError(
      "wrong_state",
      "there is no draft to submit: send set_cad or set_permutation first",
    );
  return draft;
}

/** What a Mephisto client is told of its agent. */
function statusOf(agent: Agent | undefined): string {
  return agent === undefined || isHolder(agent) ? "in task" : "expired";
}

function demandName({ worker }: Socket): string {
  if (worker === undefined)
    throw new SwitchboardError(
      "wrong_state",
      "this socket does not say whose it is: connect with ?worker=",
    );
  return worker;
}

function demandAgent({ agent }: Socket): Agent {
  if (agent === undefined)
    throw new SwitchboardError(
      "wrong_state",
      "this socket has no unit: connect with ?unit=, or send get_unit",
    );
  return agent;
}

/** Also a socket that says nothing must show who it is: it is told things unasked. */
function demandWorker({ principal }: Connection, authEnabled: boolean): void {
  if (!authEnabled) return;
  if (principal === undefined)
    throw new SwitchboardError("unauthenticated", "no token: connect again with one");
  if (!hasRole(principal, ["crowd.worker"]))
    throw new SwitchboardError("forbidden", "the dashboard needs the role crowd.worker");
}
