/** Named fan-out groups of connections. */

import type { Contract, Outgoing } from "../contract/index.ts";
import { maxSubjectLength, subjectToken } from "../wire/subject.ts";
import type { Connection, Group } from "./connection.ts";
import { Encoded, encode } from "./encoded.ts";
import type { Bus, Subscription } from "./engine.ts";

/**
 * All connections of this node, and with `publish` of all nodes, that joined one name.
 *
 * Order: messages published by one node reach each connection in the order of publishing. Delivery between nodes is at
 * most once: what must not be lost goes through the log. A connection leaves by itself when it ends.
 */
export interface Topic<C extends Contract> {
  readonly name: string;
  /** How many connections of this node are in it. */
  readonly size: number;
  /** Does nothing for a connection that is in it, or that has ended. */
  join(connection: Connection): void;
  leave(connection: Connection): void;
  /** To every connection in it, on all nodes. */
  publish<N extends keyof C["out"] & string>(name: N, payload: Outgoing<C, N>): void;
  /** To those of this node: for what every node finds out by itself, from a log or from leases. */
  publishHere<N extends keyof C["out"] & string>(name: N, payload: Outgoing<C, N>): void;
  [Symbol.iterator](): IterableIterator<Connection>;
}

/** What goes over the bus: a header, a line feed, and the message's text as it was encoded. */
interface Header {
  readonly session: string;
  readonly topic: string;
  readonly name: string;
  readonly latestKey: string | null;
}

/** The topics of one service on one node. A topic exists while it has members. */
export class Topics {
  readonly #contract: Contract;
  readonly #bus: Bus | undefined;
  readonly #session: string;
  readonly #members = new Map<string, Members>();
  #subscription: Subscription | undefined;

  /** `bus`: undefined where there is only one node. */
  constructor(contract: Contract, bus: Bus | undefined, session: string) {
    this.#contract = contract;
    this.#bus = bus;
    this.#session = session;
  }

  async start(): Promise<void> {
    this.#subscription = await this.#bus?.subscribe(`topic.${this.#contract.name}.`, (data) =>
      this.#fromBus(data),
    );
  }

  stop(): void {
    this.#subscription?.stop();
  }

  get size(): number {
    return this.#members.size;
  }

  /** The topic of a name; it costs nothing until somebody joins. */
  topic<C extends Contract>(name: string): Topic<C> {
    const members = this.#members;
    const publishHere = (message: string, payload: object) =>
      this.#deliver(name, encode(this.#contract, message, payload));
    return {
      name,
      get size() {
        return members.get(name)?.connections.size ?? 0;
      },
      join: (connection) => this.#join(name, connection),
      leave: (connection) => members.get(name)?.leave(connection),
      publishHere,
      publish: (message, payload) =>
        this.#publish(name, encode(this.#contract, message, payload as object)),
      [Symbol.iterator]: () => (members.get(name)?.connections ?? new Set<Connection>()).values(),
    } as Topic<C>;
  }

  #join(name: string, connection: Connection): void {
    if (connection.isClosed) return;
    let members = this.#members.get(name);
    if (members === undefined) {
      members = new Members(() => this.#members.delete(name));
      this.#members.set(name, members);
    }
    members.connections.add(connection);
    connection.joined(members);
  }

  #deliver(name: string, message: Encoded): void {
    const members = this.#members.get(name);
    if (members === undefined) return;
    for (const connection of members.connections) connection.deliver(message);
  }

  #publish(name: string, message: Encoded): void {
    this.#deliver(name, message);
    if (this.#bus === undefined) return;
    const header: Header = {
      session: this.#session,
      topic: name,
      name: message.name,
      latestKey: message.latestKey,
    };
    // Only the order hangs on the subject, so that the long names of two topics may share one: the header has the name.
    const subject = `topic.${this.#contract.name}.${subjectToken(name)}`.slice(0, maxSubjectLength);
    this.#bus.publish(subject, `${JSON.stringify(header)}\n${message.text}`);
  }

  #fromBus(data: string): void {
    const lineFeed = data.indexOf("\n");
    const header = JSON.parse(data.slice(0, lineFeed)) as Header;
    if (header.session === this.#session || !this.#members.has(header.topic)) return;
    const text = data.slice(lineFeed + 1);
    const payload = this.#contract.transport === "socketio" ? (JSON.parse(text) as object) : {};
    this.#deliver(header.topic, new Encoded(header.name, payload, header.latestKey, () => text));
  }
}

/** The members of one topic, as long as there are any. */
class Members implements Group {
  readonly connections = new Set<Connection>();
  readonly #emptied: () => void;

  constructor(emptied: () => void) {
    this.#emptied = emptied;
  }

  leave(connection: Connection): void {
    connection.left(this);
    this.drop(connection);
  }

  drop(connection: Connection): void {
    if (this.connections.delete(connection) && this.connections.size === 0) this.#emptied();
  }
}
