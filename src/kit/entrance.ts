/** The services behind one WebSocket path: finds out whose connection it is by its first message. */
import type { Limits } from "../contract/index.ts";
import { isSwitchboardError, SwitchboardError } from "../wire/error.ts";
import { demandJsonBounds } from "../wire/json-meter.ts";
import { printJson } from "../wire/print-json.ts";
import type { Closed, Connection, Receiver } from "./connection.ts";
import { Encoded } from "./encoded.ts";
import type { CheckedMessage, RunningService } from "./running-service.ts";
import { Tally } from "./tally.ts";

/** Takes the connections of one path. One that has not said whose it is belongs to the entrance. */
export class Entrance implements Receiver {
  readonly services: readonly RunningService[];
  /** Connections that have said nothing yet. */
  readonly connections = new Set<Connection>();
  readonly tally = new Tally();
  /** Of a connection that may become any of its services': the largest limit of each kind. */
  readonly limits: Limits;
  /** One of them is for the server's own pages only. */
  readonly sameOrigin: boolean;
  readonly #authEnabled: boolean;

  /** Of several services each must say what it opens with. */
  constructor(services: readonly RunningService[], authEnabled: boolean) {
    if (
      services.length > 1 &&
      services.some((service) => service.contract.opensWith === undefined)
    ) {
      throw new TypeError(
        `only services with opensWith can share a path: ${services.map((service) => service.contract.name).join(", ")}`,
      );
    }
    this.services = services;
    this.sameOrigin = services.some(({ contract }) => contract.sameOrigin === true);
    this.limits = largest(services.map((service) => service.limits));
    this.#authEnabled = authEnabled;
  }

  /** A connection has been opened. */
  open(connection: Connection): void {
    const only = this.services[0];
    if (
      only !== undefined &&
      this.services.length === 1 &&
      !asksFirst(only, connection.opening.path)
    ) {
      if (this.#admit(connection, only)) connection.handOver(() => only.open(connection));
      return;
    }
    this.connections.add(connection);
  }

  text(connection: Connection, text: string): void | Promise<void> {
    let json: unknown;
    try {
      demandJsonBounds(text, this.limits);
      json = JSON.parse(text);
    } catch (error) {
      return this.#refuse(connection, isSwitchboardError(error) ? error : this.#unknownMessage());
    }
    const owner = this.#ownerOf(json);
    if (owner === undefined) return this.#refuse(connection, this.#unknownMessage());
    const { service, message } = owner;
    this.connections.delete(connection);
    if (!this.#admit(connection, service)) return;
    const first = () =>
      connection.isClosedByServer ? undefined : service.first(connection, text, message);
    const opening = service.open(connection, text);
    return opening instanceof Promise ? opening.then(first) : first();
  }

  /** The service whose message this is, and the message; undefined: it is nobody's. */
  #ownerOf(
    json: unknown,
  ): { readonly service: RunningService; readonly message: CheckedMessage } | undefined {
    for (const service of this.services) {
      const message = service.opensWith(json);
      if (message !== undefined) return { service, message };
    }
    return undefined;
  }

  event(): void {
    throw new TypeError("events belong to transports without shared paths");
  }

  closed(connection: Connection, closed: Closed): void {
    this.connections.delete(connection);
    this.tally.closes.add(String(closed.code));
  }

  failed(connection: Connection, error: unknown): void {
    const service = this.services[0];
    if (service !== undefined) service.failed(connection, error);
    else connection.close("internal", "no service");
  }

  caughtUp(): void {}

  #admit(connection: Connection, service: RunningService): boolean {
    if (
      !this.#authEnabled ||
      connection.principal !== undefined ||
      service.contract.auth === "message"
    )
      return true;
    connection.close(
      "unauthenticated",
      "no token: send it as Authorization: Bearer, ?token= or the subprotocol switchboard.token.TOKEN",
    );
    return false;
  }

  #unknownMessage(): SwitchboardError {
    const takes = new Set(this.services.flatMap((service) => service.contract.opensWith ?? []));
    return new SwitchboardError(
      "unknown_message",
      `a first message must be one of ${[...takes].join(", ")}, with all its fields`,
    );
  }

  #refuse(connection: Connection, { code, message }: SwitchboardError): void {
    this.tally.errors.add(code);
    if (connection.opening.wantsErrors) {
      const payload = { type: "error", code, message };
      connection.deliver(new Encoded("error", payload, null, () => printJson(payload)));
    }
    connection.close("done", "invalid message type");
  }
}

/** Whether the first message of a connection to this path decides if it is the service's. */
function asksFirst({ contract: { opensWith, opensAt } }: RunningService, path: string): boolean {
  return opensWith !== undefined && (opensAt === undefined || opensAt.some((at) => at === path));
}

function largest(limits: readonly Limits[]): Limits {
  const [first] = limits;
  if (first === undefined) throw new TypeError("an entrance needs a service");
  const most = (of: (limits: Limits) => number) => Math.max(...limits.map(of));
  return {
    ...first,
    maxFrameBytes: most((of) => of.maxFrameBytes),
    maxQueueBytes: most((of) => of.maxQueueBytes),
    maxQueueMessages: most((of) => of.maxQueueMessages),
    maxInbox: most((of) => of.maxInbox),
    maxJsonValues: most((of) => of.maxJsonValues),
    maxJsonDepth: most((of) => of.maxJsonDepth),
    messagesPerSecond: limits.some((of) => of.messagesPerSecond === null)
      ? null
      : most((of) => of.messagesPerSecond ?? 0),
  };
}
