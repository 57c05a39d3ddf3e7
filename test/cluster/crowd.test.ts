/** The crowd on two gateways with one NATS server: any worker on any node. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestServer } from "../../src/testing/index.ts";
import {
  type NatsServer,
  natsServerMissing,
  startNatsServer,
} from "../../src/testing/nats-server.ts";
import { agentOf, loadStudy, PacketSocket, requestAgent, submitTask } from "../support/crowd.ts";
import { dataOf, request } from "../support/http.ts";
import { needs } from "../support/requirements.ts";
import { scopePerTest } from "../support/scope.ts";

needs({ program: "nats-server", debianPackage: "nats-server" });

const scope = scopePerTest();
let nats: NatsServer | undefined;
const nodes: TestServer[] = [];

beforeAll(async () => {
  if (natsServerMissing() !== undefined) return;
  nats = await startNatsServer();
  const config = { engine: { kind: "nats", servers: [nats.url] } };
  for (let i = 0; i < 2; i++) nodes.push(await TestServer.start({ config }));
});

afterAll(async () => {
  for (const node of nodes) await node.stop();
  await nats?.stop();
});

function url(index: number): string {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found.url;
}

describe("workers of both nodes", () => {
  it("share units; an agent of one is known at the other at once, and its numbers are pushed there", async () => {
    await loadStudy(url(0), "shared", 1);
    const only = (index: number, worker: string) => agentOf(url(index), worker, "r");
    const ann = await only(1, "ann");
    const socket = await PacketSocket.open(scope, url(0).replace("http", "ws"), ann);
    socket.alive();
    expect(await socket.next("update_status")).toEqual({ status: "in task" });
    const bob = await only(0, "bob");
    // Both CADs are with workers, whichever node is asked.
    for (const index of [0, 1])
      expect((await requestAgent(url(index), "cat", "r")).agent_id).toBeNull();
    expect((await submitTask(url(0), ann, { cad: "by ann" })).status).toBe(200);
    expect(await socket.next("client_bound_live_update")).toMatchObject({ stats: { num_cads: 1 } });
    expect((await submitTask(url(1), bob, { cad: "by bob" })).status).toBe(200);
    const cat = await only(0, "cat");
    expect((await submitTask(url(1), cat, { permutation: "0,1,3,2" })).status).toBe(200);
    expect(await socket.next("client_bound_live_update")).toMatchObject({
      stats: { num_cads: 1, num_first_place: 1 },
    });
    const exported = await Promise.all(
      [0, 1].map(async (index) =>
        dataOf(await request(url(index), "GET /crowd/studies/shared/export")),
      ),
    );
    expect(exported[0]).toEqual(exported[1]);
    expect(dataOf(await request(url(1), "DELETE /crowd/workers/ann"))).toEqual({
      units: 1,
      feedback: 0,
    });
    expect(await socket.next("client_bound_live_update")).toMatchObject({
      stats: { num_cads: 0, history: [] },
    });
  });
});
