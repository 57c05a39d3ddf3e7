/** The open sockets of workers: whose each is, which updates it has had, what waits for knowing whose it is. */
import type { Connection } from "../../kit/index.ts";
import type { Agent } from "./study.ts";

/** A plain socket, or one of a Mephisto client. */
export interface Socket {
  readonly connection: Connection;
  readonly isMephisto: boolean;
  /** The worker's id, once it is known. */
  worker: string | undefined;
  /** The study that units are asked for from, where the client has named one. */
  study: string | undefined;
  agent: Agent | undefined;
  /** Gives up its part in the presence of its agent. */
  leave: (() => Promise<void>) | undefined;
  /** Live updates that came before a packet which says whose they are. */
  readonly waiting: Update[];
}

/** A live update: the message, and what came with it. */
export interface Update {
  readonly name: string;
  readonly message: unknown;
  readonly update: string | undefined;
  readonly at: number | undefined;
}

/** What of this node's memory belongs to an agent, while it has a socket here. */
interface Memory {
  readonly updates: Set<string>;
  sockets: number;
}

export class Sockets {
  readonly #sockets = new Map<Connection, Socket>();
  readonly #agents = new Map<string, Memory>();
  readonly #maxUpdateIds: number;

  constructor(maxUpdateIds: number) {
    this.#maxUpdateIds = maxUpdateIds;
  }

  open(connection: Connection, isMephisto: boolean): Socket {
    const socket: Socket = {
      connection,
      isMephisto,
      worker: undefined,
      study: undefined,
      agent: undefined,
      leave: undefined,
      waiting: [],
    };
    this.#sockets.set(connection, socket);
    return socket;
  }

  of(connection: Connection): Socket | undefined {
    return this.#sockets.get(connection);
  }

  /** The socket is this agent's from now on. */
  bind(socket: Socket, agent: Agent): void {
    this.#release(socket);
    socket.agent = agent;
    const memory = this.#agents.get(agent.id) ?? { updates: new Set(), sockets: 0 };
    memory.sockets++;
    this.#agents.set(agent.id, memory);
  }

  /** Remembers an update_id, for all sockets of the agent here; false if it was there already. */
  isNew(agent: Agent, update: string): boolean {
    const updates = this.#agents.get(agent.id)?.updates;
    if (updates === undefined) return true;
    if (updates.has(update)) return false;
    updates.add(update);
    for (const oldest of updates) {
      if (updates.size <= this.#maxUpdateIds) break;
      updates.delete(oldest);
    }
    return true;
  }

  /** What came with this update_id had no effect: it may come again. */
  forgetUpdate(agent: Agent, update: string): void {
    this.#agents.get(agent.id)?.updates.delete(update);
  }

  close(connection: Connection): Socket | undefined {
    const socket = this.#sockets.get(connection);
    this.#sockets.delete(connection);
    if (socket !== undefined) this.#release(socket);
    return socket;
  }

  #release({ agent }: Socket): void {
    const memory = agent === undefined ? undefined : this.#agents.get(agent.id);
    if (agent === undefined || memory === undefined) return;
    memory.sockets--;
    if (memory.sockets === 0) this.#agents.delete(agent.id);
  }
}
