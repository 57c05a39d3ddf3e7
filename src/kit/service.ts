/** What a service is made of, and what it is handed. */
import type { z } from "zod";
import type { Contract, Incoming, Outgoing } from "../contract/index.ts";
import type { CloseName } from "../wire/close-codes.ts";
import type { SwitchboardError } from "../wire/error.ts";
import type { Clock } from "./clock.ts";
import type { Closed, Connection } from "./connection.ts";
import type { Bus, Leases, Log, LogOptions, Session } from "./engine.ts";
import type { Logger } from "./logger.ts";
import type { Principal } from "./principal.ts";
import type { RouteRequest } from "./request.ts";
import type { ServerView } from "./server-view.ts";
import type { Topic } from "./topic.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** Everything that a service may touch. It holds no timer, socket, file or global of its own. */
export interface ServiceContext<C extends Contract, Config> {
  readonly config: Config;
  /**
   * Timers made here end with the service: they are cancelled before its background work is waited for, which must not wait for one.
   * What a timer's call throws is logged and counted as `internal`.
   */
  readonly clock: Clock;
  readonly logger: Logger;
  /** A new UUIDv7: unique, and sorted by the time of its making within this node. */
  newId(): string;
  /** The service's log, named after it, opened at the first call. */
  log(options?: LogOptions): Promise<Log>;
  /** Keys start with the service's name and a dot, by convention of the services. */
  readonly leases: Leases;
  readonly bus: Bus;
  readonly session: Session;
  readonly authEnabled: boolean;
  /**
   * Who holds a token that came in a message (`auth: "message"`); the service then sets the connection's `principal`. Rejects with
   * `unauthenticated`. With auth off every token is `anybody`'s.
   */
  authenticate(token: string): Promise<Principal>;
  topic(name: string): Topic<C>;
  /** Queues a message for one connection. A client that is too slow for it is closed with 4408. */
  send<N extends keyof C["out"] & string>(
    connection: Connection,
    name: N,
    payload: Outgoing<C, N>,
  ): void;
  /** Tells the sender of its error, if it asked to be told, and counts it. Never closes. */
  reportError(connection: Connection, error: SwitchboardError): void;
  /** Closes behind everything that was sent. */
  close(connection: Connection, name: CloseName, reason: string): void;
  /** Where long work of the service asks for each of its slices. */
  readonly turns: TurnQueue;
  /**
   * Runs work that no message waits for; a failure is logged and counted as `internal`, never lost. The service's stop
   * waits for it.
   */
  background(work: () => Promise<void>): void;
}

/** A message that did not pass: unknown, not fitting its schema, or not allowed. `payload` is what came, unchecked. */
export interface InvalidMessage {
  readonly name: string | undefined;
  readonly payload: unknown;
  readonly error: SwitchboardError;
}

/**
 * The handlers of a service. A handler may throw a `SwitchboardError`: `forbidden` closes with 4403 (with auth off, it is only told), `unauthenticated` with 4401,
 * `over_capacity`, `log_unavailable` and `log_closed` with 1013, `lease_lost` with 1012; any other is told to a sender who asked for errors
 * and closes nothing. Anything else that is thrown is our fault: logged with an incident id, closed with 1011.
 */
export interface ServiceHandlers<C extends Contract> {
  /** The connection belongs to the service now: at its opening, or just before its first message (`opensWith`). */
  opened?(connection: Connection): void | Promise<void>;
  /** By message name. `text` is the frame as it came, for relaying parts of it with their spelling. */
  readonly on: {
    readonly [N in keyof C["in"]]: (
      connection: Connection,
      message: Incoming<C, N>,
      text: string,
    ) => void | Promise<void>;
  };
  /** What the protocol says to do about a bad message, beside counting it. Default, and after the answer `tell`: a sender who asked is told. */
  invalid?(connection: Connection, invalid: InvalidMessage): void | Promise<void> | "tell";
  /** What the protocol says to a sender whose role does not allow the message, before it is closed with 4403; default: nothing. */
  forbidden?(connection: Connection, forbidden: InvalidMessage): void;
  /** Called once, after the last message; never inside the call that closed the connection. */
  closed?(connection: Connection, closed: Closed): void | Promise<void>;
  readonly routes: {
    readonly [N in keyof C["routes"]]: (
      request: RouteRequest<C, N>,
    ) => Response | Promise<Response>;
  };
  /** Ends what the service does beside its connections. Those have been closed before. */
  stop?(): Promise<void>;
}

/** A service that has not been started. */
export interface Service<C extends Contract, ConfigSchema extends z.ZodType> {
  readonly contract: C;
  /** The service's part of the config, `services.NAME`; every key with a default and a description. */
  readonly config: ConfigSchema;
  /** The directory whose files are served at `/`, to anybody, for pages that have to come from this origin; undefined: none. One service can have one. */
  pages?(config: z.output<ConfigSchema>): string | undefined;
  /** Names that tokens have for roles of the contract, where the config gives them others. Default: the contract's own. */
  roleNames?(config: z.output<ConfigSchema>): Readonly<Record<string, string>>;
  /**
   * Called once at the start of the server, before it listens. `server` is for the service that shows the server to its operators, and
   * still empty then; undefined where a service runs by itself. What serves clients has no business with it.
   */
  start(
    context: ServiceContext<C, z.output<ConfigSchema>>,
    server?: ServerView,
  ): Promise<ServiceHandlers<C>>;
}

/** A service of any contract, for whoever runs them all. */
export type AnyService = Pick<Service<Contract, z.ZodType>, "contract" | "config"> & {
  pages?(config: never): string | undefined;
  roleNames?(config: never): Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: the context and handlers are contravariant in their contract; only `defineService` sees it
  start(context: any, server?: ServerView): Promise<any>;
};

/** Declares a service; the types of its handlers come from its contract. */
export function defineService<C extends Contract, ConfigSchema extends z.ZodType>(
  service: Service<C, ConfigSchema>,
): Service<C, ConfigSchema> {
  return service;
}
