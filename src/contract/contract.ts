/** A contract: everything about a service that its clients can see. */
import type { z } from "zod";
import type { Codec } from "./codec.ts";
import type { ServiceLimits } from "./limits.ts";
import type { InMessages, OutMessages } from "./message.ts";
import type { Routes } from "./route.ts";

/**
 * The declared face of a service, the source of its types, validation and documentation. Browser-safe.
 *
 * Write it with `defineContract`, which keeps the literal types.
 */
export interface Contract {
  /** Lower-case; names the service in the config, in logs, metrics, roles (`NAME.role`) and the engine's subjects. */
  readonly name: string;
  readonly doc: string;
  /** `websocket`: JSON text frames named by `codec`. `socketio`: Socket.IO events, the message's name is the event. */
  readonly transport: "websocket" | "socketio";
  /**
   * WebSocket paths; `:name` stands for one segment, whatever it is, where no literal path fits. A path may be shared by services that
   * have `opensWith`. For `socketio`: the Socket.IO path.
   */
  readonly paths: readonly `/${string}`[];
  /** How messages are named in text frames; unused with `socketio`. */
  readonly codec?: Codec;
  readonly in: InMessages;
  readonly out: OutMessages;
  /**
   * The messages that may come first. A connection whose first message is none of these, or does not fit its schema, is
   * closed with 1000 `invalid message type`. Absent: the path alone decides, and the service has the connection from its opening.
   */
  readonly opensWith?: readonly string[];
  /**
   * The paths on which `opensWith` decides; on the others, where no other service is, the service has a connection from its opening.
   * Absent: all.
   */
  readonly opensAt?: readonly `/${string}`[];
  /**
   * Where, with auth on, a connection's token comes from. `connection` (default): header, query, subprotocol or Socket.IO
   * handshake; without a good one it is closed with 4401. `message`: the service finds out in its protocol and sets the connection's `principal`.
   */
  readonly auth?: "connection" | "message";
  /**
   * Only the server's own pages, and pages of origins that `cors.origins` names, may use its WebSocket paths and routes; `*` names
   * none. With auth off the request must also call the server by an IP address, as localhost, or by a name that `cors.origins` or
   * `allowedHosts` has. Requests that no browser sends are not affected otherwise. Not for Socket.IO. Default: as `cors.origins` says.
   */
  readonly sameOrigin?: true;
  readonly routes: Routes;
  /** Role → what it allows. */
  readonly roles: Readonly<Record<string, string>>;
  /** Limits of this service that differ from the common defaults. */
  readonly limits?: ServiceLimits;
}

/** Declares a contract and keeps its literal types. */
export function defineContract<const C extends Contract>(contract: C): C {
  return contract;
}

/** A validated message as the handler gets it. */
export type Incoming<C extends Contract, N extends keyof C["in"]> = z.output<C["in"][N]["schema"]>;

/** A message as the service hands it in. */
export type Outgoing<C extends Contract, N extends keyof C["out"]> = z.input<C["out"][N]["schema"]>;

/** Validated path and query parameters of a route. */
export type RouteParams<C extends Contract, N extends keyof C["routes"]> = z.output<
  C["routes"][N]["params"]
>;

/** Validated body of a route; undefined where the route has none. */
export type RouteBody<C extends Contract, N extends keyof C["routes"]> = C["routes"][N] extends {
  readonly body: infer B extends z.ZodType;
}
  ? z.output<B>
  : undefined;
