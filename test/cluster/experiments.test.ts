/** Experiments on two gateways and one NATS server: posts of one experiment arrive at either, subscribers sit at either. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestServer, type TextClient } from "../../src/testing/index.ts";
import {
  type NatsServer,
  natsServerMissing,
  startNatsServer,
} from "../../src/testing/nats-server.ts";
import { samplesBody, textBody } from "../support/experiments.ts";
import { needs } from "../support/requirements.ts";

needs({ program: "nats-server", debianPackage: "nats-server" });

let nats: NatsServer | undefined;
const nodes: TestServer[] = [];

beforeAll(async () => {
  if (natsServerMissing() !== undefined) return;
  nats = await startNatsServer();
  const engine = { kind: "nats", servers: [nats.url] };
  for (let i = 0; i < 2; i++) nodes.push(await TestServer.start({ config: { engine } }));
});

afterAll(async () => {
  for (const node of nodes) await node.stop();
  await nats?.stop();
});

function node(index: number): TestServer {
  const found = nodes[index % 2];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
}

async function post(index: number, xid: string, body: string): Promise<void> {
  const response = await node(index).fetch(`/api/object/${xid}`, { method: "POST", body });
  expect(await response.text()).toBe('{"status":"ok","data":null}');
}

async function subscriber(
  index: number,
  xid: string,
  variables: readonly string[],
): Promise<TextClient> {
  const client = await node(index).open(`/experiments/${xid}`);
  client.send({ action: "authorization", token: "" });
  client.send({ action: "subscribe", data: [{ chain: "c", variables }] });
  return client;
}

/** All samples of one variable until the end, checked to follow each other. */
async function untilFinish(client: TextClient, variable: string): Promise<unknown[]> {
  const had: unknown[] = [];
  for (;;) {
    const { message } = (await client.nextJson(15_000)) as {
      message: { action: string; data: never };
    };
    if (message.action === "experiment:finish") return had;
    if (message.action !== "experiment:event") continue;
    for (const { data, from } of message.data as {
      data: Record<string, unknown[]>;
      from: Record<string, number>;
    }[]) {
      expect(from[variable]).toBe(had.length);
      had.push(...(data[variable] ?? []));
    }
  }
}

describe("experiments", () => {
  it("a cumulative publisher whose posts go to both nodes at once: every sample once, everywhere", async () => {
    const watching = [await subscriber(0, "E1", ["x"]), await subscriber(1, "E1", ["x"])];
    const all = (last: number) => Array.from({ length: last }, (_, at) => at + 1);
    const posts: Promise<void>[] = [];
    for (let last = 5; last <= 100; last += 5) {
      for (const index of [0, 1])
        posts.push(
          post(index, "E1", samplesBody({ c: { x: all(last), y: all(last) } }, { c: [1, last] })),
        );
      if (last % 25 === 0) watching.push(await subscriber(last, "E1", ["x"]));
    }
    await Promise.all(posts);
    await post(1, "E1", textBody("E1", { action: "experiment:control", data: "finish" }));
    for (const client of watching) expect(await untilFinish(client, "x")).toEqual(all(100));
    for (const index of [0, 1]) {
      const stored = await (
        await node(index).fetch("/experiments/E1/samples?chain=c&variable=y")
      ).json();
      expect(stored).toEqual({ data: all(100) });
    }
  });

  it("two nodes that name new variables at once have the same names, each once", async () => {
    const names = (index: number) =>
      Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`v${at + index * 25}`, [1]]));
    await Promise.all(
      [0, 1].map((index) => post(index, "E2", samplesBody({ c: names(index) }, { c: [1, 1] }))),
    );
    for (const index of [0, 1]) {
      const { data } = (await (await node(index).fetch("/experiments/E2/variables")).json()) as {
        data: { names: string[] }[];
      };
      expect([...(data[0]?.names ?? [])].sort()).toEqual(
        Array.from({ length: 75 }, (_, at) => `v${at}`).sort(),
      );
    }
    const { data } = (await (await node(0).fetch("/experiments")).json()) as {
      data: { xid: string; variables: number }[];
    };
    expect(data.find(({ xid }) => xid === "E2")).toMatchObject({ variables: 75 });
  });

  it("one removed at a node is removed at the other, also while it is watched there", async () => {
    await post(0, "E3", samplesBody({ c: { x: [1, 2] } }, { c: [1, 2] }));
    const client = await subscriber(0, "E3", ["x"]);
    for (let nth = 0; nth < 3; nth++) await client.next();
    expect((await node(1).fetch("/experiments/E3", { method: "DELETE" })).status).toBe(200);
    expect(await client.closed()).toMatchObject({ code: 1000 });
    await post(0, "E3", samplesBody({ c: { x: [3] } }, { c: [1, 1] }));
    expect(
      await (await node(1).fetch("/experiments/E3/samples?chain=c&variable=x")).json(),
    ).toEqual({ data: [3] });
  });
});
