/** The web console over HTTP. */
import { fileURLToPath } from "node:url";
import { errorAnswer } from "../kit/request.ts";
import { appAnswer, type HttpOperation } from "../transports/http/index.ts";

/** Where the build leaves the console, beside the built gateway. */
const builtConsole = fileURLToPath(new URL("../console", import.meta.url));

/** Scripts, styles and sockets of this origin only; images also from memory, where pages paint them. */
const policy = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const missing =
  "The web console has not been built. Run `npm run build:console` in Switchboard's folder (npm start does it by itself), then reload this page.";

/**
 * `/console/…`, to anybody: the page asks for a token itself. `start`: the address `/` is free, and a browser that asks for it is led here; others
 * are told that nothing is there.
 */
export function consolePages({
  start,
  directory = builtConsole,
}: {
  readonly start: boolean;
  readonly directory?: string;
}): HttpOperation[] {
  const app = { directory, base: "/console/", policy, missing } as const;
  const pages: HttpOperation = {
    method: "GET",
    path: "/console/*",
    roles: "open",
    kind: "page",
    answer: (request) => appAnswer(app, request),
  };
  return start
    ? [{ method: "GET", path: "/", roles: "open", kind: "page", answer: startAnswer }, pages]
    : [pages];
}

function startAnswer(request: Request): Response {
  const isBrowser = request.headers.get("accept")?.includes("text/html") ?? false;
  const vary = { vary: "accept" };
  return isBrowser
    ? new Response(null, { status: 302, headers: { location: "/console/", ...vary } })
    : errorAnswer("not_found", "there is nothing at /; the web console is at /console/", vary);
}
