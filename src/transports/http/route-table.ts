/** The paths that are served: the gateway's own, and those of every service's contract, as one kind of thing. */

import type { Access, Limits, Route } from "../../contract/index.ts";
import { hasRole, type Principal } from "../../kit/principal.ts";
import type { RunningService } from "../../kit/running-service.ts";
import { SwitchboardError } from "../../wire/error.ts";

/**
 * `data`: what a page of a foreign origin may not have. `page`: files of a page, which other sites may link to. `probe`: says only
 * whether the server is up, to everybody.
 */
export type RouteKind = "data" | "page" | "probe";

/** A path that belongs to no service. */
export interface HttpOperation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Without parameters; it may end in `/*`, and is then tried after all others. */
  readonly path: `/${string}`;
  /** Who may call it while auth is on. */
  readonly roles: Exclude<Access, "any">;
  readonly kind: RouteKind;
  answer(request: Request): Response | Promise<Response>;
}

/** A request on its way to whoever answers it. */
interface RoutedRequest {
  /** Path and query parameters together; a path parameter wins. */
  readonly params: Record<string, string>;
  /** The parsed body, where the route reads one and the caller has shown who it is. */
  readonly body: unknown;
  /** The text that `body` was parsed from. */
  readonly text: string;
  readonly principal: Principal | undefined;
  readonly request: Request;
}

/** One method on one path. */
export interface ServedRoute {
  readonly method: HttpOperation["method"];
  readonly path: `/${string}`;
  /** Never asks for a token. */
  readonly open: boolean;
  readonly kind: RouteKind;
  /** For the server's own pages only; see the contract's. */
  readonly sameOrigin: boolean;
  /** The JSON body is read before `answer`. */
  readonly readsBody: boolean;
  /** As the contract's. */
  readonly lenientBody: boolean;
  readonly keeps?: Route["keeps"] | undefined;
  readonly errorBody?: Route["errorBody"] | undefined;
  readonly limits: Pick<
    Limits,
    | "maxBodyBytes"
    | "maxUnauthenticatedBytes"
    | "maxJsonValues"
    | "maxJsonDepth"
    | "requestTimeoutMs"
  >;
  /** Rejects with a SwitchboardError, or with what is our fault. */
  answer(routed: RoutedRequest): Promise<Response>;
}

/**
 * Everything that is served, in the order in which it is to be tried: the gateway's paths, the services' in the order of their
 * contracts, then what ends in `/*`. Throws `TypeError` if two have the same method and path.
 */
export function routeTable(
  services: readonly RunningService[],
  operations: readonly HttpOperation[],
  limits: Limits,
): ServedRoute[] {
  const own = operations.map((operation) => ownRoute(operation, limits));
  const isLast = (route: ServedRoute) => route.path.endsWith("/*");
  const table = [
    ...own.filter((route) => !isLast(route)),
    ...services.flatMap(serviceRoutes),
    ...own.filter(isLast),
  ];
  const seen = new Set<string>();
  for (const { method, path } of table) {
    const key = `${method} ${path.replaceAll(/:[^/]+/g, ":")}`;
    if (seen.has(key)) throw new TypeError(`${method} ${path} is served twice`);
    seen.add(key);
  }
  return table;
}

function ownRoute(
  { method, path, roles, kind, answer }: HttpOperation,
  limits: Limits,
): ServedRoute {
  return {
    method,
    path,
    open: roles === "open",
    kind,
    sameOrigin: false,
    readsBody: false,
    lenientBody: false,
    limits,
    async answer({ principal, request }) {
      if (roles !== "open") demandRole(principal, roles, `${method} ${path}`);
      return await answer(request);
    },
  };
}

function serviceRoutes(service: RunningService): ServedRoute[] {
  return Object.entries(service.contract.routes).map(([name, route]) => ({
    method: route.method,
    path: route.path,
    open: route.roles === "open",
    kind: "data" as const,
    sameOrigin: service.contract.sameOrigin === true,
    readsBody: route.body !== undefined,
    lenientBody: route.lenientBody === true,
    keeps: route.keeps,
    errorBody: route.errorBody,
    limits: {
      ...service.limits,
      maxJsonValues: Math.max(service.limits.maxJsonValues, route.maxJsonValues ?? 0),
    },
    answer: ({ params, body, text, principal, request }) =>
      service.respond(name, route, params, body, principal, request, text),
  }));
}

function demandRole(
  principal: Principal | undefined,
  roles: readonly string[],
  what: string,
): void {
  if (principal === undefined) {
    throw new SwitchboardError(
      "unauthenticated",
      "no token: send it as `Authorization: Bearer TOKEN` or `?token=TOKEN`",
    );
  }
  if (!hasRole(principal, roles))
    throw new SwitchboardError("forbidden", `${what} needs the role ${roles.join(" or ")}`);
}
