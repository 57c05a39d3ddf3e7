/** GET /healthz on a new connection each time, as a load balancer asks. */
import { get } from "node:http";
import type { Bystander } from "../round-trips.ts";
import type { Place } from "./text-bystanders.ts";

export function healthBystander({ url }: Place): Bystander {
  return {
    name: "/healthz",
    pauseMs: 20,
    async open() {},
    async once() {
      const status = await new Promise((resolve, reject) => {
        get(`${url}/healthz`, { agent: false }, (response) => {
          response.resume();
          response.once("end", () => resolve(response.statusCode));
        }).once("error", reject);
      });
      if (status !== 200) throw new Error(`answered with ${status}`);
    },
    close() {},
  };
}
