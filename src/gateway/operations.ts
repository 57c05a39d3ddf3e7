/** The gateway's own HTTP paths: is it alive, does it take clients, and its numbers. */
import type { Engine } from "../kit/engine.ts";
import type { HttpOperation } from "../transports/http/index.ts";
import type { Metrics } from "./metrics.ts";

/** What `/readyz` depends on. */
export interface Readiness {
  draining: boolean;
  readonly engine: Engine;
}

/**
 * `/healthz`: 200 while the process turns. `/readyz`: 200 while it takes clients and can store, else 503 and why. `/metrics`: Prometheus text,
 * for the roles `metrics` and `admin` when auth is on.
 */
export function operations(readiness: Readiness, metrics: Metrics): readonly HttpOperation[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      roles: "open",
      kind: "probe",
      answer: () => plain(200, "ok"),
    },
    {
      method: "GET",
      path: "/readyz",
      roles: "open",
      kind: "probe",
      answer: () => ready(readiness),
    },
    {
      method: "GET",
      path: "/metrics",
      kind: "data",
      roles: ["metrics"],
      answer: async () =>
        new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } }),
    },
  ];
}

function ready({ draining, engine }: Readiness): Response {
  if (draining) return plain(503, "draining");
  const health = engine.health();
  return health.ok ? plain(200, "ready") : plain(503, health.reason);
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
