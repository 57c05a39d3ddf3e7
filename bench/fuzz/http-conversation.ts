/** Conversations over plain HTTP: the contracts' routes, and requests that are none. */

import { mutateBytes } from "./byte-mutation.ts";
import type { RouteContract } from "./contracts.ts";
import type { Conversation, Step } from "./conversation.ts";
import { endingOf, write } from "./conversation-parts.ts";
import { mutate, print } from "./json-mutation.ts";
import { knownShape, shapeLength } from "./known-shapes.ts";
import { oddRequest } from "./odd-request.ts";
import type { Random } from "./random.ts";
import { chunked, type RequestParts, requestBytes } from "./request-text.ts";
import type { Surface } from "./surface.ts";

/** Beside the routes of the contracts. */
const ownPaths = [
  "/healthz",
  "/readyz",
  "/metrics",
  "/console/",
  "/console/index.html",
  "/",
  "/docs",
] as const;

export function httpConversation(number: number, surface: Surface, random: Random): Conversation {
  const requests = new Requests(surface, random);
  const count = random.pick([1, 1, 2, 4, 8]);
  const steps: Step[] = [];
  const pipelined = random.chance(0.4);
  for (let n = 0; n < count; n++) {
    const { bytes, inputs } = requests.any();
    steps.push(write(bytes, inputs));
    if (!pipelined) steps.push({ do: "await-answer" });
  }
  return {
    number,
    label: `http ${requests.last}`,
    steps,
    ending: endingOf(random),
    deaf: random.chance(0.03),
  };
}

/** Makes the requests of one client. */
class Requests {
  readonly #surface: Surface;
  readonly #random: Random;
  /** What the last request was, for the report. */
  last = "";

  constructor(surface: Surface, random: Random) {
    this.#surface = surface;
    this.#random = random;
  }

  any(): { readonly bytes: Buffer; readonly inputs: number } {
    const random = this.#random;
    switch (random.weighted({ route: 70, own: 6, odd: 20, bytes: 8, many: 1 })) {
      case "route":
        return { bytes: requestBytes(this.#route()), inputs: 1 };
      case "own":
        this.last = random.pick(ownPaths);
        return { bytes: requestBytes({ target: this.last }), inputs: 1 };
      case "odd":
        this.last = "odd request";
        return { bytes: oddRequest(this.#route(), random), inputs: 1 };
      case "bytes": {
        const request = requestBytes(this.#route());
        return { bytes: mutateBytes(request, random, request), inputs: 1 };
      }
      case "many": {
        const inputs = random.pick([10, 50, 200]);
        const one = requestBytes({ target: random.pick(ownPaths) });
        return { bytes: Buffer.concat(Array.from({ length: inputs }, () => one)), inputs };
      }
    }
  }

  /** A request to a route of a contract, its parameters and body valid or changed. */
  #route(): RequestParts {
    const random = this.#random;
    const service = random.pick(this.#surface.services.filter(({ routes }) => routes.length > 0));
    const route = random.pick(service.routes);
    this.last = `${service.name} ${route.method} ${route.path}`;
    const token = this.#surface.tokenFor(random);
    const headers = [
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
      ...(random.chance(0.1)
        ? [`Origin: ${random.pick(["null", "https://evil.example", "http://localhost", ""])}`]
        : []),
      ...(random.chance(0.2)
        ? [
            `Content-Type: ${random.pick(["application/json", "text/plain", "multipart/form-data", ""])}`,
          ]
        : []),
    ];
    const body = this.#body(route);
    const common = { method: route.method, target: this.#target(route), headers };
    if (body === undefined) return common;
    if (random.chance(0.15))
      return { ...common, framing: "Transfer-Encoding: chunked", body: chunked(body, random) };
    return { ...common, body };
  }

  #target(route: RouteContract): string {
    const random = this.#random;
    const params = this.#surface.maker(random).valueOf(route.params) as Record<string, unknown>;
    const path = this.#surface.fill(route.path, random);
    const query = Object.entries(params)
      .filter(([name]) => !route.path.includes(`:${name}`))
      .map(
        ([name, value]) =>
          `${encodeURIComponent(name)}=${random.chance(0.8) ? encodeURIComponent(wellFormed(String(value))) : random.pick(["", "%", "%ff", "-1", "1e9", "NaN", "%00", "a".repeat(3000)])}`,
      );
    return query.length === 0 ? path : `${path}?${query.join("&")}`;
  }

  #body(route: RouteContract): Buffer | undefined {
    const random = this.#random;
    if (route.body === undefined)
      return route.method === "POST" && random.chance(0.5) ? Buffer.from("{}") : undefined;
    const value = this.#surface.maker(random).valueOf(route.body);
    const kind = random.weighted({ valid: 40, structure: 45, bytes: 12, shape: 1, large: 0.3 });
    if (kind === "valid") return Buffer.from(print(value));
    if (kind === "structure") return Buffer.from(print(mutate(value, random)));
    if (kind === "bytes")
      return mutateBytes(Buffer.from(print(value)), random, Buffer.from("]}\u0000"));
    // Large: what has frozen the server for seconds without a token.
    const length = kind === "large" ? random.pick([500_000, 1_000_000]) : shapeLength(random);
    const { text } = knownShape(random, length);
    const names = route.body.required ?? [];
    return Buffer.from(
      names.length === 0
        ? text
        : `{${names.map((name) => `${JSON.stringify(name)}:${text}`).join(",")}}`,
    );
  }
}

/** Without lone surrogates, which cannot be percent-encoded. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
