/** SIGTERM with Socket.IO clients: it waits for nobody who polls. */
import { describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { PollingClient } from "../support/devices.ts";
import { scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const scope = scopePerTest();

/** Before, one poller made it 4 s; an idle machine takes a tenth of this bound. */
const boundMs = 2500;

async function drainMs(server: ServerProcess): Promise<number> {
  const beginMs = performance.now();
  expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  return performance.now() - beginMs;
}

/** A client that has joined; `polls`: with a poll under way. */
async function poller(url: string, polls: boolean): Promise<void> {
  const { client } = await PollingClient.open(url);
  await client.emit("query", { monitor_id: newMonitorId() });
  await client.until((packet) => packet.includes("query ok"));
  if (polls) client.poll().catch(() => {});
}

describe("a drain", () => {
  it.each([
    { count: 0, polls: false },
    { count: 1, polls: false },
    { count: 1, polls: true },
    { count: 50, polls: false },
    { count: 50, polls: true },
  ])("is quick with $count pollers, polling: $polls", async ({ count, polls }) => {
    const server = await startServer(scope);
    await Promise.all(Array.from({ length: count }, () => poller(server.url, polls)));
    expect(await drainMs(server)).toBeLessThan(boundMs);
  });

  it("is quick with sessions that have not joined, and with WebSockets", async () => {
    const server = await startServer(scope);
    for (let n = 0; n < 5; n += 1) {
      await DeviceSocket.user(scope, server.url, newMonitorId());
      await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    }
    expect(await drainMs(server)).toBeLessThan(boundMs);
  });
});
