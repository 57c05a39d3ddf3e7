/** Answers a request to one route: who asks, the body, the time it may take. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ReadableStream } from "node:stream/web";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Clock } from "../../kit/clock.ts";
import { tokenOf } from "../../kit/credentials.ts";
import { type Authenticator, anybody, type Principal } from "../../kit/principal.ts";
import { routeErrorAnswer } from "../../kit/request.ts";
import type { TurnQueue } from "../../kit/turn-queue.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import type { OpenRates } from "./open-rates.ts";
import { type BodyBounds, BodyReceipt, boundedBody, hasBody, readJson } from "./request-body.ts";
import type { RequestCount } from "./request-count.ts";
import type { ServedRoute } from "./route-table.ts";
import { withinTime } from "./time-limit.ts";

/** What answering needs. */
export interface RouteAnswerParts {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  /** Of the bytes of bodies that have been received and not yet handled. */
  readonly input: ByteBudget;
  readonly rates: OpenRates;
  readonly requests: RequestCount;
  /** Where reading large bodies asks for each slice. */
  readonly turns: TurnQueue;
}

/** A request that has found its route. */
export interface MatchedRequest {
  /** As the library has it. */
  readonly raw: Request;
  readonly url: string;
  readonly pathParams: Readonly<Record<string, string>>;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * The answer of the route, or the error that stands in its way. A HEAD has no body, and what the
 * route made for one is let go of unread. The service's request is aborted when the client goes, the
 * time is up or the answer has been sent.
 */
export async function routeAnswer(
  parts: RouteAnswerParts,
  route: ServedRoute,
  matched: MatchedRequest,
): Promise<Response> {
  const { requestTimeoutMs } = route.limits;
  const expired = () =>
    routeErrorAnswer(
      route,
      "timeout",
      `no answer within ${requestTimeoutMs} ms (limits.requestTimeoutMs): try again later`,
    );
  const work = (progressed: () => void) => workOn(parts, route, matched, progressed);
  try {
    const response = await withinTime(parts.clock, requestTimeoutMs, work, expired);
    if (matched.incoming.method !== "HEAD") return response;
    response.body?.cancel().catch(() => {});
    return new Response(null, response);
  } catch (error) {
    if (!isSwitchboardError(error)) throw error;
    if (typeof error.details.limit === "string") parts.requests.limited(error.details.limit);
    const answer = routeErrorAnswer(route, error.code, error.message);
    if (error.code === "over_rate" || error.code === "over_capacity")
      answer.headers.set("retry-after", "1");
    return answer;
  }
}

async function workOn(
  parts: RouteAnswerParts,
  route: ServedRoute,
  { raw, url, pathParams, incoming, outgoing }: MatchedRequest,
  progressed: () => void,
): Promise<Response> {
  // However it ends: the client goes, or an answer has been sent, which may be that the time is up.
  const ended = new AbortController();
  outgoing.once("close", () => ended.abort());
  const address = incoming.socket.remoteAddress ?? "unknown";
  const principal = await caller(parts, route, incoming, address);
  const receipt = new BodyReceipt(parts.input, address);
  try {
    const body = hasBody(incoming)
      ? boundedBody(incoming, bodyBounds(route), receipt, progressed)
      : undefined;
    const mayAsk = route.open || principal !== undefined;
    const read =
      route.readsBody && mayAsk
        ? await readJson(body ?? nothing(), {
            lenient: route.lenientBody,
            keeps: route.keeps ?? [],
            bounds: route.limits,
            take: (length) => parts.turns.take(length),
          })
        : undefined;
    return await route.answer({
      params: { ...queryOf(url), ...pathParams },
      body: read?.json,
      text: read?.text ?? "",
      principal,
      request: requestFor(raw, url, ended.signal, route, body),
    });
  } finally {
    receipt.release();
  }
}

/** Who asks. Requests without a good token are within a rate, on open routes and on all others. */
async function caller(
  { authenticator, rates }: RouteAnswerParts,
  { open, kind }: ServedRoute,
  incoming: IncomingMessage,
  address: string,
): Promise<Principal | undefined> {
  if (open) {
    rates.demand(kind, address);
    return undefined;
  }
  try {
    const principal = await identify(authenticator, incoming);
    if (principal === undefined) rates.demand("data", address);
    return principal;
  } catch (error) {
    if (isSwitchboardError(error, "unauthenticated")) rates.demand("data", address);
    throw error;
  }
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

/** A body is read where the caller has shown who it is, or where the route never asks. */
function bodyBounds({ open, limits }: ServedRoute): BodyBounds {
  const { maxBodyBytes, maxUnauthenticatedBytes } = limits;
  return !open || maxBodyBytes <= maxUnauthenticatedBytes
    ? { maxBytes: maxBodyBytes, limit: "maxBodyBytes" }
    : { maxBytes: maxUnauthenticatedBytes, limit: "maxUnauthenticatedBytes" };
}

/** The query's parameters, the last of equal names, without the token. */
function queryOf(url: string): Record<string, string> {
  const { searchParams } = new URL(url);
  searchParams.delete("token");
  return Object.fromEntries(searchParams);
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

function requestFor(
  raw: Request,
  url: string,
  signal: AbortSignal,
  route: ServedRoute,
  body: AsyncIterable<Uint8Array> | undefined,
): Request {
  const { method } = route;
  const init = { method, headers: raw.headers, signal };
  if (body === undefined || route.readsBody || method === "GET") return new Request(url, init);
  return new Request(url, {
    ...init,
    body: ReadableStream.from(body),
    duplex: "half",
  } as RequestInit);
}
