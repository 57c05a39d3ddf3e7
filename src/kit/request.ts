/** HTTP requests and answers as services see them. */
import type { Contract, Route, RouteBody, RouteParams } from "../contract/index.ts";
import { type ErrorCode, errors } from "../wire/errors.ts";
import { printJson } from "../wire/print-json.ts";
import type { Principal } from "./principal.ts";

/** A request to a route whose parameters and body have been validated. */
export interface RouteRequest<C extends Contract, N extends keyof C["routes"]> {
  readonly params: RouteParams<C, N>;
  readonly body: RouteBody<C, N>;
  /** The JSON text that `body` was parsed from, for relaying parts of it with their spelling; empty where the route declares no body. */
  readonly text: string;
  readonly principal: Principal;
  /** The request itself; its body has been read where the route declares one. */
  readonly request: Request;
}

/** Extra headers and status of an answer. */
export interface AnswerInit {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `{"data": …}`, status 200 unless told otherwise. A `RawJson` in it keeps its spelling. */
export function dataAnswer(data: unknown, init: AnswerInit = {}): Response {
  return jsonAnswer({ data }, init.status ?? 200, init.headers);
}

/** An answer of another form. A `RawJson` in it keeps its spelling. */
export function bareAnswer(json: object, init: AnswerInit = {}): Response {
  return jsonAnswer(json, init.status ?? 200, init.headers);
}

/** `{"error":{"code","message"}}` with the status of the code. */
export function errorAnswer(
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return jsonAnswer({ error: { code, message } }, errors[code].status, headers);
}

/** The answer to a request that failed on a route: in the route's own form, where it has one. */
export function routeErrorAnswer(
  route: { readonly errorBody?: Route["errorBody"] | undefined },
  code: ErrorCode,
  message: string,
): Response {
  return route.errorBody === undefined
    ? errorAnswer(code, message)
    : jsonAnswer(route.errorBody({ code, message }), errors[code].status, {});
}

function jsonAnswer(
  json: object,
  status: number,
  headers: Readonly<Record<string, string>> | undefined,
): Response {
  const text = printJson(json);
  const length = String(Buffer.byteLength(text));
  return new Response(text, {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-length": length,
      ...headers,
    },
  });
}
