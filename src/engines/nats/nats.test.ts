/** The conformance suite on the NATS engine. */
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Engine } from "../../kit/engine.ts";
import { type NatsServer, natsServerMissing, startNatsServer } from "../../testing/nats-server.ts";
import { engineSuite } from "../engine.suite.ts";
import { openNatsEngine } from "./index.ts";

const missing = natsServerMissing();

if (missing !== undefined) {
  describe("engine nats", () => {
    test.skip(missing, () => {});
  });
} else {
  let server: NatsServer | undefined;
  let stores = 0;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(async () => {
    await server?.stop();
  });

  engineSuite("nats", {
    // Each test has a store of its own on the one server: another prefix.
    start: async () => {
      const prefix = `test${stores++}`;
      const open: Engine[] = [];
      return {
        open: async () => {
          const engine = await openNatsEngine({ servers: server?.url ?? "", prefix });
          open.push(engine);
          return engine;
        },
        cleanUp: async () => {
          await Promise.all(open.map((engine) => engine.close()));
        },
      };
    },
    propertyRuns: 30,
  });
}
