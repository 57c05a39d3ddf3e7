/** A publisher behind a network that cuts and a server that is killed: the server stores each sample exactly once, in order. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { startProxy } from "../../src/client/cut-proxy.fixture.ts";
import { ExperimentPublisher } from "../support/client.ts";
import { storedSamples } from "../support/experiments.ts";
import { within } from "../support/inbox.ts";
import { scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();

it("stores each sample once, over cuts, a stall, kill -9 and a polite restart", {
  timeout: 90_000,
}, async () => {
  const data = join(await temporaryFolder(scope), "data");
  let server = await startServer(scope, { data });
  const proxy = scope.own(await startProxy(server.url), (one) => one.stop());
  const publisher = new ExperimentPublisher(proxy.url, {
    experiment: "E1",
    maxDelayMs: 100,
    gatherMs: 1,
    postTimeoutMs: 3000,
  });
  scope.own(publisher, ({ connection }) => connection.destroy());
  let published = 0;
  const publish = async (count: number) => {
    for (let sample = 0; sample < count; sample++) {
      await within(publisher.whenRoom(), "room", 30_000);
      published++;
      publisher.samples("chain_1", { mu: [published] });
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const restart = async (signal: NodeJS.Signals) => {
    await server.kill(signal);
    server = await startServer(scope, { data, port: server.port });
  };
  for (const fault of [
    proxy.cut,
    () => restart("SIGKILL"),
    proxy.cut,
    proxy.stallDown,
    () => {
      proxy.cut();
      proxy.resume();
    },
    () => restart("SIGTERM"),
  ]) {
    const publishing = publish(150);
    await publish(20);
    await fault();
    await publishing;
  }
  await within(publisher.close({ flushMs: 40_000 }), "the end of the flush", 60_000);
  expect(publisher.notStored).toBe(0);
  expect(await storedSamples(server.url, "E1", "chain_1", "mu")).toEqual(
    Array.from({ length: published }, (_, nth) => nth + 1),
  );
});
