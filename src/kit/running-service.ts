/** A started service: validates what comes in, calls the handlers, deals with what they throw. */
import {
  type Access,
  type Contract,
  demandAccess,
  demandBounds,
  endAtFirstIssue,
  type InMessage,
  type Limits,
  parseFirst,
  type Route,
} from "../contract/index.ts";
import { isSwitchboardError, SwitchboardError } from "../wire/error.ts";
import type { ErrorCode } from "../wire/errors.ts";
import { demandJsonBounds, demandValueBounds } from "../wire/json-meter.ts";
import { readSlices } from "../wire/json-slices.ts";
import type { Clock } from "./clock.ts";
import { OwnedClock } from "./clock.ts";
import type { Closed, Connection, Receiver } from "./connection.ts";
import { Encoded, encode } from "./encoded.ts";
import type { Engine } from "./engine.ts";
import { type Logger, withFields } from "./logger.ts";
import { anybody, hasRole, nobody, type Principal } from "./principal.ts";
import { type RouteRequest, routeErrorAnswer } from "./request.ts";
import type { ServerView, ServiceView } from "./server-view.ts";
import type { AnyService, InvalidMessage, ServiceContext, ServiceHandlers } from "./service.ts";
import { Tally } from "./tally.ts";
import { Topics } from "./topic.ts";
import { TurnQueue } from "./turn-queue.ts";
import { validate } from "./validate.ts";

/** What a service is started with. */
export interface ServiceParts {
  readonly config: unknown;
  readonly limits: Limits;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Without the service's name: each line of the service gets it as `service`. */
  readonly logger: Logger;
  readonly authEnabled: boolean;
  /** Finds out who holds a token; absent where auth is off. */
  readonly authenticate?: (token: string) => Promise<Principal>;
  newId(): string;
  /** What the service may see of the server as a whole; absent where there is none around it. */
  readonly server?: ServerView;
}

/** The store cannot take it: nothing the client can do but come back. */
const storeErrors: ReadonlySet<ErrorCode> = new Set(["log_unavailable", "log_closed"]);

/** Longer frames are read in slices. */
const smallLength = 128 << 10;

/** Any handlers, called by name. */
type Handlers = {
  opened?(connection: Connection): void | Promise<void>;
  on: Record<
    string,
    (connection: Connection, message: unknown, text: string) => void | Promise<void>
  >;
  invalid?(connection: Connection, invalid: InvalidMessage): void | Promise<void> | "tell";
  forbidden?(connection: Connection, forbidden: InvalidMessage): void;
  closed?(connection: Connection, closed: Closed): void | Promise<void>;
  routes: Record<string, (request: RouteRequest<Contract, string>) => Response | Promise<Response>>;
  stop?(): Promise<void>;
};

/** A message that fits its schema: as it came, and what the schema makes of it. */
export interface CheckedMessage {
  readonly name: string;
  readonly json: unknown;
  readonly message: unknown;
}

/** One service in operation on this node. It is the receiver of its connections' messages. */
export class RunningService implements Receiver, ServiceView {
  readonly contract: Contract;
  readonly limits: Limits;
  readonly tally = new Tally();
  readonly connections = new Set<Connection>();
  readonly #parts: ServiceParts;
  readonly #clock: OwnedClock;
  readonly #topics: Topics;
  readonly #background = new Set<Promise<void>>();
  readonly #turns = new TurnQueue();
  readonly #onOpen = new Set<(connection: Connection, first: string | undefined) => void>();
  /** Role of the contract → its name in tokens, where the config gives it another. */
  #roleNames: Readonly<Record<string, string>> = {};
  #handlers: Handlers = { on: {}, routes: {} };

  private constructor(contract: Contract, parts: ServiceParts) {
    this.contract = contract;
    this.limits = parts.limits;
    this.#parts = parts;
    this.#clock = new OwnedClock(parts.clock, (error) => this.#incident(error, {}));
    this.#topics = new Topics(
      contract,
      parts.engine.kind === "nats" ? parts.engine.bus : undefined,
      parts.engine.session.id,
    );
  }

  /**
   * Rejects with a `TypeError` for a contract that does not say who may do what (`demandAccess`), or
   * that takes something without a bound (`demandBounds`). Rejects with what the service's own start
   * rejects with; its timers and background work have then ended.
   */
  static async start(service: AnyService, parts: ServiceParts): Promise<RunningService> {
    demandAccess(service.contract);
    demandBounds(service.contract);
    endAtFirstIssue(service.contract);
    const running = new RunningService(service.contract, parts);
    running.#roleNames = service.roleNames?.(parts.config as never) ?? {};
    await running.#topics.start();
    try {
      const handlers: ServiceHandlers<Contract> = await service.start(
        running.#context(),
        parts.server,
      );
      running.#handlers = handlers as Handlers;
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  }

  /** `latest` messages that slow clients did not get, of all connections since the start. */
  get skipped(): number {
    let skipped = this.tally.skipped;
    for (const connection of this.connections) skipped += connection.skipped;
    return skipped;
  }

  /** Number of topics that have members on this node. */
  get topicCount(): number {
    return this.#topics.size;
  }

  /** The connections have been closed; ends timers, background work and the service itself. */
  async stop(): Promise<void> {
    this.#clock.release();
    await this.#idle();
    try {
      await this.#handlers.stop?.();
      await this.#idle();
    } finally {
      this.#clock.end();
      this.#topics.stop();
    }
  }

  // A connection's life.

  onOpen(listener: (connection: Connection, first: string | undefined) => void): () => void {
    this.#onOpen.add(listener);
    return () => this.#onOpen.delete(listener);
  }

  /**
   * Takes a connection over; what `opened` does is done before its first message is looked at. `first`: the message that made it this
   * service's, where one did; it is not handled here.
   */
  open(connection: Connection, first?: string): void | Promise<void> {
    connection.receiver = this;
    this.connections.add(connection);
    for (const tell of this.#onOpen) tell(connection, first);
    return this.#handlers.opened?.(connection);
  }

  text(connection: Connection, text: string): void | Promise<void> {
    if (text.length > smallLength) return this.#largeText(connection, text);
    const codec = this.contract.codec;
    let read: { readonly json: unknown; readonly text: string };
    try {
      demandJsonBounds(text, this.limits);
      read = codec?.parse === undefined ? { json: JSON.parse(text), text } : codec.parse(text);
    } catch (error) {
      return this.#unread(connection, error);
    }
    return this.#message(connection, codec?.nameOf(read.json), read.json, read.text);
  }

  /** Reads a frame without holding the loop. */
  async #largeText(connection: Connection, text: string): Promise<void> {
    const codec = this.contract.codec;
    let read: { readonly json: unknown; readonly text: string };
    try {
      const options = { ...codec?.large, bounds: this.limits };
      read = await readSlices(text, options, (length) => this.#turns.take(length));
    } catch (error) {
      return this.#unread(connection, error);
    }
    const own = codec?.large?.keeps === undefined ? text : read.text;
    return this.#message(connection, codec?.nameOf(read.json), read.json, own);
  }

  /** A frame could not be read. */
  #unread(connection: Connection, error: unknown): void | Promise<void> {
    return this.#invalid(
      connection,
      undefined,
      undefined,
      isSwitchboardError(error)
        ? error
        : new SwitchboardError("bad_json", "the frame is not JSON: send one JSON object as text"),
    );
  }

  event(connection: Connection, name: string, payload: unknown): void | Promise<void> {
    try {
      demandValueBounds(payload, this.limits);
    } catch (error) {
      if (!isSwitchboardError(error)) throw error;
      return this.#invalid(connection, name, undefined, error);
    }
    return this.#message(connection, name, payload, "");
  }

  closed(connection: Connection, closed: Closed): void | Promise<void> {
    this.connections.delete(connection);
    this.tally.closes.add(String(closed.code));
    this.tally.skipped += connection.skipped;
    return this.#handlers.closed?.(connection, closed);
  }

  failed(connection: Connection, error: unknown): void {
    if (isSwitchboardError(error)) {
      this.#failedWith(connection, error);
      return;
    }
    const incident = this.#incident(error, { connection: connection.id });
    connection.close("internal", `incident ${incident}`);
  }

  caughtUp(connection: Connection, skipped: number): void {
    const print = this.#printer("skipped", { count: skipped });
    if (print !== undefined) connection.deliver(new Encoded("skipped", {}, "skipped", print));
  }

  /** The message that a parsed first frame is, if it makes a connection this service's; else undefined. */
  opensWith(json: unknown): CheckedMessage | undefined {
    const name = this.contract.codec?.nameOf(json);
    if (name === undefined || !this.contract.opensWith?.includes(name)) return undefined;
    const declared = this.#declared(name);
    const parsed = declared === undefined ? undefined : parseFirst(declared.schema, json);
    return parsed?.success === true ? { name, json, message: parsed.data } : undefined;
  }

  /** Handles the message that made the connection this service's. */
  first(connection: Connection, text: string, first: CheckedMessage): void | Promise<void> {
    const declared = this.#declared(first.name);
    // A codec that reads in its own way gives the handler another text.
    if (declared === undefined || this.contract.codec?.parse !== undefined)
      return this.text(connection, text);
    return this.#handle(connection, declared, first, text);
  }

  // HTTP.

  /** Answers a request to one of the contract's routes; always resolves, errors are answers too. */
  async respond(
    name: string,
    route: Route,
    params: Record<string, string>,
    body: unknown,
    principal: Principal | undefined,
    request: Request,
    text = "",
  ): Promise<Response> {
    try {
      const caller = this.#callerOf(
        principal,
        route.roles,
        `${route.method} ${route.path}`,
        "send it as `Authorization: Bearer TOKEN` or `?token=TOKEN`",
      );
      const handler = this.#handlers.routes[name];
      if (handler === undefined)
        throw new TypeError(`${this.contract.name} has no handler for route ${name}`);
      return await handler({
        params: validate(route.params, params, "the address") as never,
        body: (route.body && validate(route.body, body, "the body")) as never,
        text,
        principal: caller,
        request,
      });
    } catch (error) {
      if (!isSwitchboardError(error)) {
        return routeErrorAnswer(
          route,
          "internal",
          `our fault: look for incident ${this.#incident(error, { route: name })} in the log`,
        );
      }
      this.tally.errors.add(error.code);
      return routeErrorAnswer(route, error.code, error.message);
    }
  }

  #context(): ServiceContext<Contract, unknown> {
    const { config, engine, logger, authEnabled, authenticate, newId } = this.#parts;
    return {
      config,
      clock: this.#clock,
      logger: withFields(logger, { service: this.contract.name }),
      newId,
      log: (options) => engine.log(this.contract.name, options),
      leases: engine.leases,
      bus: engine.bus,
      session: engine.session,
      authEnabled,
      authenticate: async (token) =>
        authenticate === undefined ? anybody : await authenticate(token),
      topic: (name) => this.#topics.topic(name),
      send: (connection, name, payload) =>
        connection.deliver(encode(this.contract, name, payload as object)),
      reportError: (connection, error) => this.#report(connection, error),
      close: (connection, name, reason) => connection.close(name, reason),
      turns: this.#turns,
      background: (work) => this.#startBackground(work),
    };
  }

  /** Work may start more work. */
  async #idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  #startBackground(work: () => Promise<void>): void {
    // In an async function also what `work` throws at once is a rejection.
    const running = (async () => work())()
      .catch((error: unknown) => {
        if (isSwitchboardError(error, "log_closed")) return;
        this.#incident(error, {});
      })
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  #message(
    connection: Connection,
    name: string | undefined,
    payload: unknown,
    text: string,
  ): void | Promise<void> {
    const declared = name === undefined ? undefined : this.#declared(name);
    if (name === undefined || declared === undefined) {
      const known = Object.keys(this.contract.in).join(", ");
      const what =
        name === undefined
          ? "the message has no type"
          : `no message is called ${JSON.stringify(name.slice(0, 100))}`;
      return this.#invalid(
        connection,
        name,
        payload,
        new SwitchboardError("unknown_message", `${what}: ${this.contract.name} takes ${known}`),
      );
    }
    let message: unknown;
    try {
      message = validate(declared.schema, payload, name);
    } catch (error) {
      if (!isSwitchboardError(error)) throw error;
      return this.#invalid(connection, name, payload, error);
    }
    return this.#handle(connection, declared, { name, json: payload, message }, text);
  }

  /** Checks the sender's role, and calls the handler with a message that fits its schema. */
  #handle(
    connection: Connection,
    declared: InMessage,
    { name, json, message }: CheckedMessage,
    text: string,
  ): void | Promise<void> {
    try {
      this.#callerOf(connection.principal, declared.roles, name, "connect again with one");
    } catch (error) {
      if (isSwitchboardError(error, "forbidden"))
        this.#handlers.forbidden?.(connection, { name, payload: json, error });
      throw error;
    }
    this.tally.received.add(name);
    return this.#handlers.on[name]?.(connection, message, text);
  }

  #declared(name: string): InMessage | undefined {
    return Object.hasOwn(this.contract.in, name) ? this.contract.in[name] : undefined;
  }

  /** Who sends a message or calls a route. Throws `unauthenticated` or `forbidden` if that is not allowed. */
  #callerOf(
    principal: Principal | undefined,
    access: Access,
    what: string,
    remedy: string,
  ): Principal {
    if (!this.#parts.authEnabled) return principal ?? anybody;
    if (access === "open") return principal ?? nobody;
    if (principal === undefined)
      throw new SwitchboardError("unauthenticated", `${what} needs a token: ${remedy}`);
    if (access === "any") return principal;
    const roles = access.map((role) => this.#roleNames[role] ?? role);
    if (hasRole(principal, roles)) return principal;
    throw new SwitchboardError(
      "forbidden",
      `${what} needs the role ${roles.join(" or ")}; this token has ${principal.roles.join(", ") || "none"}`,
    );
  }

  #invalid(
    connection: Connection,
    name: string | undefined,
    payload: unknown,
    error: SwitchboardError,
  ): void | Promise<void> {
    this.#countError(connection, error);
    const done =
      this.#handlers.invalid === undefined
        ? "tell"
        : this.#handlers.invalid(connection, { name, payload, error });
    if (done !== "tell") return done;
    this.#tell(connection, error);
  }

  #countError(connection: Connection, error: SwitchboardError): void {
    this.tally.errors.add(error.code);
    this.#parts.logger.debug(
      { service: this.contract.name, connection: connection.id, code: error.code },
      "message refused",
    );
  }

  #report(connection: Connection, error: SwitchboardError): void {
    this.#countError(connection, error);
    this.#tell(connection, error);
  }

  #tell(connection: Connection, error: SwitchboardError): void {
    if (!connection.opening.wantsErrors) return;
    const print = this.#printer("error", { code: error.code, message: error.message });
    if (print !== undefined) connection.deliver(new Encoded("error", {}, null, print));
  }

  /** Prints what the kit itself tells a client; undefined for a transport that has no text frames. */
  #printer(name: string, payload: object): (() => string) | undefined {
    const { codec } = this.contract;
    return codec === undefined ? undefined : () => codec.print(name, payload);
  }

  #failedWith(connection: Connection, error: SwitchboardError): void {
    this.#report(connection, error);
    if (error.code === "unauthenticated") connection.close("unauthenticated", error.message);
    else if (error.code === "forbidden" && this.#parts.authEnabled)
      connection.close("forbidden", error.message);
    else if (error.code === "lease_lost")
      connection.close("restarting", "this node lost its lease: come back");
    else if (error.code === "over_capacity") connection.close("overCapacity", error.message);
    else if (storeErrors.has(error.code))
      connection.close("overCapacity", "cannot store now: come back later");
  }

  #incident(error: unknown, fields: object): string {
    const incident = this.#parts.newId();
    this.tally.errors.add("internal");
    this.#parts.logger.error(
      { service: this.contract.name, incident, err: error, ...fields },
      "internal error",
    );
    return incident;
  }
}
