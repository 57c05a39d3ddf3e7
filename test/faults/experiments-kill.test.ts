/** kill -9 of the server amid posts: what was acknowledged is there afterwards, and what is sent again is not there twice. */
import { join as joinPath } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ExperimentSocket,
  publish,
  samplesBody,
  storedSamples,
  textBody,
} from "../support/experiments.ts";
import { within } from "../support/inbox.ts";
import { scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();
const variables = Array.from({ length: 40 }, (_, nth) => `theta[${nth}]/val`);
const draws = 50;

/** One chain's publisher: posts again until it is acknowledged, as long as the server is there. */
class Publisher {
  readonly chain: string;
  readonly #cumulative: boolean;
  /** Draws that were acknowledged, and that were sent. */
  acknowledged = 0;
  sent = 0;

  constructor(chain: string, cumulative: boolean) {
    this.chain = chain;
    this.#cumulative = cumulative;
  }

  /** Posts until the server goes. */
  async run(url: string, onAcknowledged: () => void): Promise<void> {
    for (;;) {
      this.sent = this.acknowledged + draws;
      try {
        await this.post(url);
      } catch {
        return;
      }
      onAcknowledged();
    }
  }

  /** What was last sent; resolves when it is acknowledged. */
  async post(url: string): Promise<void> {
    const first = this.#cumulative ? 1 : this.acknowledged + 1;
    const values = Array.from({ length: this.sent - first + 1 }, (_, nth) => first + nth);
    const vars = { [this.chain]: Object.fromEntries(variables.map((name) => [name, values])) };
    await publish(url, "E1", samplesBody(vars, { [this.chain]: [first, this.sent] }, this.chain));
    this.acknowledged = this.sent;
  }
}

describe.each([3, 40, 90])(
  "kill -9 after %i acknowledged posts of eight publishers, half of them cumulative",
  (killAfter) => {
    it("loses nothing that was acknowledged, and doubles nothing that is sent again", {
      timeout: 90_000,
    }, async () => {
      const data = joinPath(await temporaryFolder(scope), "data");
      const server = await startServer(scope, { data });
      await publish(
        server.url,
        "E1",
        textBody("E1", { action: "experiment:output", data: "begun\n" }),
      );
      const publishers = Array.from(
        { length: 8 },
        (_, nth) => new Publisher(`chain_${nth}`, nth % 2 === 0),
      );
      let acknowledged = 0;
      const killed = new Promise<void>((resolve) => {
        const count = () => {
          acknowledged += 1;
          if (acknowledged === killAfter) resolve(server.kill("SIGKILL").then(() => undefined));
        };
        for (const publisher of publishers) void publisher.run(server.url, count);
      });
      await within(killed, `${killAfter} acknowledged posts`, 60_000);
      await check(await startServer(scope, { data, port: server.port }), publishers);
    });

    async function check(again: ServerProcess, publishers: readonly Publisher[]): Promise<void> {
      for (const { chain, acknowledged, sent } of publishers) {
        for (const variable of variables) {
          const stored = await storedSamples(again.url, "E1", chain, variable);
          // All that was acknowledged, in order; behind it perhaps what was on its way.
          expect([acknowledged, sent]).toContain(stored.length);
          expect(stored).toEqual(Array.from({ length: stored.length }, (_, nth) => nth + 1));
        }
      }
      const subscriber = await ExperimentSocket.open(scope, again, "E1");
      expect(subscriber.log).toBe("begun\n");
      for (const publisher of publishers) {
        // Sent again, and then on.
        await publisher.post(again.url);
        publisher.sent = publisher.acknowledged + draws;
        await publisher.post(again.url);
        const chain = publisher.chain;
        for (const variable of [variables[0] ?? "", variables.at(-1) ?? ""]) {
          const stored = await storedSamples(again.url, "E1", chain, variable);
          expect(stored).toEqual(Array.from({ length: publisher.sent }, (_, nth) => nth + 1));
        }
        // A subscriber sees the same.
        subscriber.send({ action: "subscribe", data: [{ chain, variables: [variables[1]] }] });
        const [item] = await subscriber.nextSamples();
        expect(item?.data[variables[1] ?? ""]).toHaveLength(publisher.sent);
      }
    }
  },
);
