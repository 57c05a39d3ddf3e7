/** What the tests of the served crowd speak with. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { TestServer, type TextClient } from "../../testing/index.ts";
import { lobby } from "../lobby/service.ts";
import { studyOf } from "./crowd-harness.suite.ts";
import { crowd } from "./service.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers as a client does
export type Json = any;

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export async function start(settings: object = {}, more: object = {}): Promise<TestServer> {
  const server = await TestServer.start({
    services: [lobby, crowd],
    config: { services: { crowd: settings }, ...more },
  });
  ends.push(() => server.stop());
  return server;
}

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "switchboard-test-"));
  ends.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function call(
  server: TestServer,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: Json }> {
  const response = await server.fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

export async function request(
  server: TestServer,
  worker: string,
  registration: string,
  path = "/request_agent",
): Promise<Json> {
  const provider_data = {
    worker_name: worker,
    agent_registration_id: registration,
    assignment_id: "a",
    provider_type: "mock",
  };
  return (await call(server, "POST", path, { provider_data, client_timestamp: Date.now() / 1000 }))
    .json.data;
}

export const submit = (server: TestServer, agent: string, final_data: object) =>
  call(server, "POST", "/submit_task", {
    USED_AGENT_ID: agent,
    final_data,
    client_timestamp: Date.now() / 1000,
  });

export const load = (server: TestServer, ...args: Parameters<typeof studyOf>) =>
  call(server, "POST", "/crowd/studies", studyOf(...args));

/** The next frame that is not a push of numbers, which may come at any time. */
export async function nextBut(client: TextClient, message: string): Promise<Json> {
  for (;;) {
    const frame: Json = await client.nextJson();
    if (frame.message !== message && frame.data?.message !== message) return frame;
  }
}

/** Two CADs by ann and bob, then rankings of all by ann, who puts bob's best, and by bob, who puts ann's best. */
export async function wholeStudy(
  server: TestServer,
): Promise<{ ann: string; bob: string; first: string; second: string }> {
  await load(server, 1, 2);
  const ann = await request(server, "ann", "a1");
  const bob = await request(server, "bob", "b1");
  await submit(server, ann.agent_id, { sentence: "x", cad: "by ann" });
  await submit(server, bob.agent_id, { sentence: "x", cad: "=by bob" });
  const first = await request(server, "ann", "a2");
  expect(first.init_task_data).toEqual({
    stage: "RANKING",
    sentences: ["loaded 0 of 0", "loaded 1 of 0", "by ann", "=by bob"],
  });
  await submit(server, first.agent_id, { sentences: [], permutation: [0, 1, 2, 3] });
  const second = await request(server, "bob", "b2");
  await submit(server, second.agent_id, { sentences: [], permutation: "0,1,3,2" });
  return {
    ann: ann.request_id,
    bob: bob.request_id,
    first: first.request_id,
    second: second.request_id,
  };
}
