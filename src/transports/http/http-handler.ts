/** Answers HTTP requests: the services' routes and the gateway's own. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ReadableStream } from "node:stream/web";
import { getRequestListener, RequestError } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { TrieRouter } from "hono/router/trie-router";
import type { Limits } from "../../contract/index.ts";
import type { Clock } from "../../kit/clock.ts";
import { tokenOf } from "../../kit/credentials.ts";
import type { Logger } from "../../kit/logger.ts";
import type { OriginGuard } from "../../kit/origin-guard.ts";
import { type Authenticator, anybody, type Principal } from "../../kit/principal.ts";
import { errorAnswer, routeErrorAnswer } from "../../kit/request.ts";
import type { RunningService } from "../../kit/running-service.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import { boundedBody, hasBody, readJson } from "./request-body.ts";
import type { RequestCount } from "./request-count.ts";
import { type HttpOperation, routeTable, type ServedRoute } from "./route-table.ts";
import { withinTime } from "./time-limit.ts";

export type { HttpOperation };

/** What the handler is made of. */
export interface HttpParts {
  readonly services: readonly RunningService[];
  readonly authenticator: Authenticator;
  /** Of the gateway's own paths; a service's routes have the service's. */
  readonly limits: Limits;
  /** Refuses pages of foreign origins, and hosts that are not the server's. */
  readonly guard: OriginGuard;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requests: RequestCount;
  readonly operations: readonly HttpOperation[];
  /** Names an incident. */
  newId(): string;
}

type App = {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse };
  Variables: { route: string };
};

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
 * A stream that fails in the middle of an answer is logged, and the connection cut off, so that no client takes the part for the whole.
 */
export function createHttpHandler(
  parts: HttpParts,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const app = new Hono<App>();
  const table = routeTable(parts.services, parts.operations, parts.limits);
  app.use(async (c, next) => {
    if (isWellFormed(c.req.url)) await next();
    else
      c.res = errorAnswer(
        "bad_message",
        "the address has a % that is not followed by the code of a UTF-8 character",
      );
    c.res = withCommonHeaders(c.res);
    parts.requests.add(c.get("route") ?? "none", c.res.status);
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
    app.on(route.method, route.path, (c) => answer(parts, route, c));
  }
  app.notFound((c) =>
    unserved(
      c.req,
      methods.match("ALL", c.req.path)[0].map(([method]) => method),
    ),
  );
  const ourFault = (error: unknown): Response => {
    const incident = parts.newId();
    parts.logger.error({ incident, err: error }, "internal error");
    return errorAnswer("internal", `our fault: look for incident ${incident} in the log`);
  };
  app.onError(ourFault);
  const listener = getRequestListener(
    (request, env) => app.fetch(request, env as App["Bindings"]),
    {
      // The library can put its own Request and Response in the place of the global ones.
      overrideGlobalObjects: false,
      // HTTP/1.0 clients need not say which host they mean.
      hostname: "localhost",
      errorHandler: (error) => {
        const answer =
          error instanceof RequestError
            ? errorAnswer("bad_message", `the request is malformed: ${error.message}`)
            : ourFault(error);
        parts.requests.add("none", answer.status);
        return answer;
      },
    },
  );
  return (incoming, outgoing) => void listener(incoming, outgoing);
}

async function answer(parts: HttpParts, route: ServedRoute, c: Context<App>): Promise<Response> {
  c.set("route", `${route.method} ${route.path}`);
  const { clock, logger } = parts;
  const { incoming, outgoing } = c.env;
  const { maxBodyBytes, requestTimeoutMs } = route.limits;
  // However it ends: the client goes, or an answer has been sent, which may be that the time is up.
  const ended = new AbortController();
  outgoing.once("close", () => ended.abort());
  const work = async (progressed: () => void): Promise<Response> => {
    const principal = route.open ? undefined : await identify(parts.authenticator, incoming);
    const body = hasBody(incoming) ? boundedBody(incoming, maxBodyBytes, progressed) : undefined;
    const mayAsk = route.open || principal !== undefined;
    const read =
      route.readsBody && mayAsk ? await readJson(body ?? nothing(), route.lenientBody) : undefined;
    const response = await route.answer({
      params: { ...queryOf(c.req.url), ...c.req.param() },
      body: read?.json,
      text: read?.text ?? "",
      principal,
      request: requestFor(c, ended.signal, route, body),
    });
    return cutOffOnFailure(response, (error) => {
      logger.error({ route: c.get("route"), err: error }, "an answer's stream failed");
      outgoing.destroy();
    });
  };
  const expired = () =>
    routeErrorAnswer(
      route,
      "timeout",
      `no answer within ${requestTimeoutMs} ms (limits.requestTimeoutMs): try again later`,
    );
  try {
    return await withinTime(clock, requestTimeoutMs, work, expired);
  } catch (error) {
    if (!isSwitchboardError(error)) throw error;
    return routeErrorAnswer(route, error.code, error.message);
  }
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

async function identify(
  authenticator: Authenticator,
  { headers, url = "/" }: IncomingMessage,
): Promise<Principal | undefined> {
  if (!authenticator.enabled) return anybody;
  const mark = url.indexOf("?");
  const token = tokenOf({
    authorization: headers.authorization,
    query: mark < 0 ? "" : url.slice(mark),
  });
  return token === undefined ? undefined : await authenticator.authenticate(token);
}

/** The query's parameters, the last of equal names, without the token. */
function queryOf(url: string): Record<string, string> {
  const { searchParams } = new URL(url);
  searchParams.delete("token");
  return Object.fromEntries(searchParams);
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

function requestFor(
  c: Context<App>,
  signal: AbortSignal,
  route: ServedRoute,
  body: AsyncIterable<Uint8Array> | undefined,
): Request {
  const { method } = route;
  const init = { method, headers: c.req.raw.headers, signal };
  if (body === undefined || route.readsBody || method === "GET")
    return new Request(c.req.url, init);
  return new Request(c.req.url, {
    ...init,
    body: ReadableStream.from(body),
    duplex: "half",
  } as RequestInit);
}

/** Answers of the kit say how long they are; all others may be streams, and fail. */
function cutOffOnFailure(response: Response, failed: (error: unknown) => void): Response {
  const { body } = response;
  if (body === null || response.headers.has("content-length")) return response;
  const pieces = async function* () {
    try {
      yield* body;
    } catch (error) {
      failed(error);
    }
  };
  return new Response(ReadableStream.from(pieces()) as unknown as BodyInit, response);
}

function unserved(
  { method, path }: { readonly method: string; readonly path: string },
  served: readonly string[],
): Response {
  const shown = path.length > maxShownLength ? `${path.slice(0, maxShownLength)}…` : path;
  if (served.length === 0) return errorAnswer("not_found", `there is nothing at ${shown}`);
  const allow = [
    ...new Set([...served, ...(served.includes("GET") ? ["HEAD"] : []), "OPTIONS"]),
  ].join(", ");
  return errorAnswer("method_not_allowed", `${shown} takes ${allow}, not ${method}`, { allow });
}

function withCommonHeaders(response: Response): Response {
  // A copy: headers of some answers (a redirect) cannot be changed.
  const copy = new Response(response.body, response);
  copy.headers.set("x-content-type-options", "nosniff");
  if (!copy.headers.has("cache-control")) copy.headers.set("cache-control", "no-store");
  if (copy.status === 401) copy.headers.set("www-authenticate", "Bearer");
  return copy;
}

/** Whether every escape in the address is one. */
function isWellFormed(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
