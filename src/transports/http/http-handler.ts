/** Answers HTTP requests: the services' routes and the gateway's own. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener, RequestError } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono, type HonoRequest } from "hono";
import { cors } from "hono/cors";
import { TrieRouter } from "hono/router/trie-router";
import type { Limits } from "../../contract/index.ts";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Logger } from "../../kit/logger.ts";
import type { OriginGuard } from "../../kit/origin-guard.ts";
import { errorAnswer, routeErrorAnswer } from "../../kit/request.ts";
import type { RunningService } from "../../kit/running-service.ts";
import { TurnQueue } from "../../kit/turn-queue.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { OpenRates } from "./open-rates.ts";
import { type RouteAnswerParts, routeAnswer } from "./route-answer.ts";
import { type HttpOperation, routeTable, type ServedRoute } from "./route-table.ts";

export type { HttpOperation };

/** What the handler is made of. */
export interface HttpParts extends Omit<RouteAnswerParts, "rates" | "turns"> {
  readonly services: readonly RunningService[];
  /** Of the gateway's own paths; a service's routes have the service's. */
  readonly limits: Limits;
  /** Refuses pages of foreign origins, and hosts that are not the server's. */
  readonly guard: OriginGuard;
  /** Of the bytes of answers that clients have not read yet. */
  readonly answers: ByteBudget;
  readonly logger: Logger;
  readonly operations: readonly HttpOperation[];
  /** Names an incident. */
  newId(): string;
}

/** Answers one request. `takesWebSockets`: whether a path, of the listener it came to, is one of WebSockets. */
export type HttpHandler = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  takesWebSockets?: (path: string) => boolean,
) => void;

interface Bindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly takesWebSockets: (path: string) => boolean;
  /** `GET /path` of the route that has it; absent while none has. */
  route?: string;
}

type App = { Bindings: Bindings };

/** How long a browser may remember what a preflight said. */
const preflightMaxAgeSeconds = 600;

/** Longest piece of a path that an error repeats. */
const maxShownLength = 100;

/**
 * Answers every request, errors as `{"error":{"code","message"}}` with the status of the code. HEAD is answered as GET without a body.
 *
 * A declared JSON body is read whatever its Content-Type, once the caller has shown who it is. Where a route declares none, the
 * `Request` that the service gets has the body, unread; reading it throws `too_large` beyond `maxBodyBytes` all the same. The
 * request's signal is aborted when the client goes, the time is up or the answer has been sent. Time counts from the last byte of the request until
 * the answer begins; what streams afterwards may take as long as it moves.
 *
 * An open route takes bodies up to `maxUnauthenticatedBytes`. Requests without a good token are within a rate for each address; over it
 * they get 429 `over_rate`. A GET of a path of WebSockets that is not served gets 426.
 */
export function createHttpHandler(parts: HttpParts): HttpHandler {
  const app = new Hono<App>();
  const routeParts = {
    ...parts,
    rates: new OpenRates(parts.limits.openRequestsPerSecondPerAddress, parts.clock),
    turns: new TurnQueue(),
  };
  const writer = new AnswerWriter(parts);
  const table = routeTable(parts.services, parts.operations, parts.limits);
  app.use(async (c, next) => {
    const fault = addressFault(c.req.url);
    if (fault !== undefined) c.res = errorAnswer("bad_message", fault);
    else if (hasLostItsUpgrade(c.req, c.env)) c.res = upgradeRequired(c.req.path);
    else await next();
    c.res = withCommonHeaders(c.res);
    parts.logger.debug(
      { method: c.req.method, path: c.req.path, status: c.res.status },
      "request answered",
    );
  });
  const routes = new TrieRouter<ServedRoute>();
  guardPages(app, parts.guard, routes);
  const methods = new TrieRouter<string>();
  for (const route of table) {
    methods.add("ALL", route.path, route.method);
    routes.add(route.method, route.path, route);
    app.on(route.method, route.path, async (c) => {
      c.env.route = `${route.method} ${route.path}`;
      const response = await routeAnswer(routeParts, route, {
        raw: c.req.raw,
        url: c.req.url,
        pathParams: c.req.param(),
        ...c.env,
      });
      // A route for all paths has nothing at this one.
      return response.status === 404 && route.path.endsWith("/*") && lacksUpgrade(c.req, c.env)
        ? upgradeRequired(c.req.path)
        : response;
    });
  }
  app.notFound((c) =>
    unserved(
      c.req,
      methods.match("ALL", c.req.path)[0].map(([method]) => method),
      c.env,
    ),
  );
  const ourFault = (error: unknown): Response => {
    const incident = parts.newId();
    parts.logger.error({ incident, err: error }, "internal error");
    return errorAnswer("internal", `our fault: look for incident ${incident} in the log`);
  };
  app.onError(ourFault);
  const respond = async (request: Request, bindings: Bindings): Promise<Response> => {
    const response = await app.fetch(request, bindings);
    await writer.write(response, bindings);
    return RESPONSE_ALREADY_SENT;
  };
  const options = {
    // The library can put its own Request and Response in the place of the global ones.
    overrideGlobalObjects: false,
    // `RequestTurns` ends the bodies of all requests.
    autoCleanupIncoming: false,
    // HTTP/1.0 clients need not say which host they mean.
    hostname: "localhost",
  };
  return (incoming, outgoing, takesWebSockets = () => false) => {
    const failed = (error: unknown): Response | undefined => {
      if (outgoing.destroyed || outgoing.headersSent) {
        if (!outgoing.destroyed) ourFault(error);
        outgoing.destroy();
        return undefined;
      }
      const answer =
        error instanceof RequestError
          ? errorAnswer("bad_message", `the request is malformed: ${error.message}`)
          : ourFault(error);
      parts.requests.add("none", answer.status);
      return answer;
    };
    const listener = getRequestListener(
      (request) => respond(request, { incoming, outgoing, takesWebSockets }),
      { ...options, errorHandler: failed },
    );
    void listener(incoming, outgoing);
  };
}

/** Refuses what the guard refuses, preflights included, and tells browsers which pages may read the answers. */
function guardPages(app: Hono<App>, guard: OriginGuard, routes: TrieRouter<ServedRoute>): void {
  const routeOf = (c: Context<App>): ServedRoute | undefined => {
    const asked =
      c.req.method === "OPTIONS" ? c.req.header("access-control-request-method") : c.req.method;
    return routes.match(asked === "HEAD" ? "GET" : (asked ?? ""), c.req.path)[0][0]?.[0];
  };
  const preflight = {
    allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    maxAge: preflightMaxAgeSeconds,
  };
  const forAll = cors({ origin: "*", ...preflight });
  const forSome = cors({
    origin: (origin, c) =>
      origin !== "" && guard.allows(origin, c.req.header("host"), routeOf(c)) ? origin : null,
    ...preflight,
  });
  app.use((c, next) => {
    const route = routeOf(c);
    const refused =
      route?.kind === "probe"
        ? undefined
        : guard.refusal(c.env.incoming, {
            sameOrigin: route?.sameOrigin === true,
            isPage: route?.kind === "page",
          });
    if (refused !== undefined) {
      const answer = routeErrorAnswer(route ?? {}, refused.code, refused.message);
      answer.headers.append("vary", "Origin");
      return Promise.resolve(answer);
    }
    const isForAll = guard.allowsAll && route?.sameOrigin !== true;
    return (isForAll ? forAll : forSome)(c, next);
  });
}

function unserved(request: HonoRequest, served: readonly string[], bindings: Bindings): Response {
  const { method, path } = request;
  if (served.length === 0) {
    if (lacksUpgrade(request, bindings)) return upgradeRequired(path);
    return errorAnswer("not_found", `there is nothing at ${shown(path)}`);
  }
  const allow = [
    ...new Set([...served, ...(served.includes("GET") ? ["HEAD"] : []), "OPTIONS"]),
  ].join(", ");
  return errorAnswer("method_not_allowed", `${shown(path)} takes ${allow}, not ${method}`, {
    allow,
  });
}

/** Whether a plain GET goes to a path of WebSockets. */
function lacksUpgrade({ method, path }: HonoRequest, { takesWebSockets }: Bindings): boolean {
  return method === "GET" && takesWebSockets(path);
}

/** Whether it is a WebSocket client's, and a proxy has taken its Upgrade away. */
function hasLostItsUpgrade(request: HonoRequest, bindings: Bindings): boolean {
  return request.header("sec-websocket-key") !== undefined && lacksUpgrade(request, bindings);
}

function upgradeRequired(path: string): Response {
  return errorAnswer(
    "upgrade_required",
    `${shown(path)} takes WebSockets: send Upgrade: websocket and Connection: Upgrade by HTTP/1.1, ` +
      "and let proxies on the way pass both on",
    { upgrade: "websocket", connection: "Upgrade" },
  );
}

function shown(path: string): string {
  return path.length > maxShownLength ? `${path.slice(0, maxShownLength)}…` : path;
}

function withCommonHeaders(response: Response): Response {
  // A copy: headers of some answers (a redirect) cannot be changed.
  const copy = new Response(response.body, response);
  copy.headers.set("x-content-type-options", "nosniff");
  if (!copy.headers.has("cache-control")) copy.headers.set("cache-control", "no-store");
  if (copy.status === 401) copy.headers.set("www-authenticate", "Bearer");
  return copy;
}

/** What is wrong with an address; undefined if nothing is. */
function addressFault(url: string): string | undefined {
  if (!URL.canParse(url)) return "the address is not a URL";
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    return "the address has a user name or a password: send a token as `Authorization: Bearer`";
  }
  try {
    decodeURIComponent(url);
    return undefined;
  } catch {
    return "the address has a % that is not followed by the code of a UTF-8 character";
  }
}
