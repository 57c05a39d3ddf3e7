/** The users of this node: which monitor each has queried, and who hears of which command. */
import type { Connection, ServiceContext, Topic } from "../../kit/index.ts";
import type { DevicesConfig } from "./config.ts";
import type { DevicesContract } from "./contract.ts";
import type { Outcome } from "./idempotency-keys.ts";

type Context = ServiceContext<DevicesContract, DevicesConfig>;

/** What a user has queried last. */
export interface User {
  readonly monitorId: string;
  readonly subject: string;
  /** Hears of all commands of the monitor. */
  readonly watches: boolean;
}

/** A command's sender hears of it, and so does who sent it again with its key; of a monitor's commands all who watch. */
export class Users {
  readonly #context: Context;
  readonly #users = new Map<Connection, User>();
  readonly #byId = new Map<string, Connection>();
  /** By command, until its end: a connection that has gone meanwhile is sent nothing. */
  readonly #listeners = new Map<string, Set<Connection>>();

  constructor(context: Context) {
    this.#context = context;
  }

  of(connection: Connection): User | undefined {
    return this.#users.get(connection);
  }

  /** The connection's commands go to this monitor from now on. */
  query(connection: Connection, monitorId: string, subject: string, watch: boolean): void {
    const before = this.#users.get(connection);
    if (before?.watches === true) this.#watchers(before.subject).leave(connection);
    const watches = watch || this.#context.config.answers === "all";
    if (watches) this.#watchers(subject).join(connection);
    this.#users.set(connection, { monitorId, subject, watches });
    this.#byId.set(connection.id, connection);
  }

  forget(connection: Connection): void {
    this.#users.delete(connection);
    this.#byId.delete(connection.id);
  }

  /** The server has the command. Its sender, if it is here, hears so, and then what becomes of it. */
  accepted(commandId: string, sender: string | null): void {
    const connection = sender === null ? undefined : this.#byId.get(sender);
    if (connection !== undefined) this.acceptedAgain(commandId, connection, undefined, true);
  }

  /** The same for a connection that has sent a command again which the server has had before: `outcome` is what was told since. */
  acceptedAgain(
    commandId: string,
    connection: Connection,
    outcome: Outcome | undefined,
    isOpen: boolean,
  ): void {
    this.#context.send(connection, "command ok", { reason: "Command ok", command_id: commandId });
    if (outcome !== undefined) this.#tell([connection], undefined, commandId, outcome);
    if (!isOpen) return;
    const listeners = this.#listeners.get(commandId);
    if (listeners === undefined) this.#listeners.set(commandId, new Set([connection]));
    else listeners.add(connection);
  }

  /** Tells everyone on this node whom it concerns, each once. */
  tell(subject: string, commandId: string, outcome: Outcome): void {
    const others = [...(this.#listeners.get(commandId) ?? [])].filter((connection) => {
      const user = this.#users.get(connection);
      return user?.watches !== true || user.subject !== subject;
    });
    this.#tell(others, subject, commandId, outcome);
  }

  /** Nothing more will be told of it. */
  over(commandId: string): void {
    this.#listeners.delete(commandId);
  }

  #tell(
    connections: readonly Connection[],
    watched: string | undefined,
    commandId: string,
    outcome: Outcome,
  ): void {
    const context = this.#context;
    const watchers = watched === undefined ? undefined : this.#watchers(watched);
    const late = outcome.late ? { late: true as const } : {};
    if (outcome.done) {
      const payload = { reason: "Command finish" as const, command_id: commandId, ...late };
      watchers?.publishHere("command finish", payload);
      for (const connection of connections) context.send(connection, "command finish", payload);
    } else {
      const payload = { reason: outcome.reason, command_id: commandId, ...late };
      watchers?.publishHere("command failed", payload);
      for (const connection of connections) context.send(connection, "command failed", payload);
    }
  }

  #watchers(subject: string): Topic<DevicesContract> {
    return this.#context.topic(subject);
  }
}
