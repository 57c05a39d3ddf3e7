/** For tests: the servers that tracking's clients must work with, each with and without auth. */
import { within } from "../../../test/support/inbox.ts";
import { TestServer } from "../../testing/index.ts";
import type { Connection } from "../connection.ts";
import { goodToken, Original } from "./original.fixture.ts";
import { startWithAuth } from "./server-with-auth.fixture.ts";
import { Arrivals } from "./tracking.fixture.ts";

/** A running server. */
export interface Served {
  /** Of the endpoints. */
  readonly client: string;
  readonly processor: string;
  readonly clientToken: { readonly token?: string };
  readonly processorToken: { readonly token?: string };
  /** Resolves when the server has handled all that was sent. */
  handled(connection: Connection): Promise<void>;
  stop(): Promise<void>;
}

export const servers: readonly (readonly [name: string, start: () => Promise<Served>])[] = [
  ["Switchboard", async () => switchboard(await TestServer.start(), {}, {})],
  [
    "Switchboard with auth",
    async () => {
      const { server, token } = await startWithAuth();
      return switchboard(
        server,
        { token: await token("tracking.client") },
        { token: await token("tracking.processor") },
      );
    },
  ],
  ["the original", async () => original(await Original.start(), {})],
  [
    "the original with auth",
    async () => original(await Original.start({ auth: true }), { token: goodToken }),
  ],
];

function switchboard(
  server: TestServer,
  clientToken: { token?: string },
  processorToken: { token?: string },
): Served {
  return {
    client: `${server.url}/tracking/client?errors=1`,
    processor: `${server.url}/processor?errors=1`,
    clientToken,
    processorToken,
    async handled(connection) {
      const messages = new Arrivals<string>("the answer to what is no JSON", (arrive) =>
        connection.on("message", arrive),
      );
      connection.send("no JSON");
      while (!(await messages.next()).includes('"bad_json"'));
    },
    stop: () => server.stop(),
  };
}

function original(server: Original, token: { token?: string }): Served {
  return {
    client: server.url,
    processor: server.url,
    clientToken: token,
    processorToken: token,
    async handled(connection) {
      // It handles what it reads before it answers the ping behind it.
      await within(connection.send("no JSON").outcome, "the outcome");
    },
    stop: () => server.stop(),
  };
}
