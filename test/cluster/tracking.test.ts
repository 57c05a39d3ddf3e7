/** tracking on two gateways with one NATS server: any client and any camera on any node. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestServer } from "../../src/testing/index.ts";
import {
  type NatsServer,
  natsServerMissing,
  startNatsServer,
} from "../../src/testing/nats-server.ts";
import { request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { needs } from "../support/requirements.ts";
import { scopePerTest } from "../support/scope.ts";
import {
  clientAt,
  handled,
  objectIdsOf,
  openAt,
  processorAt,
  startObject,
} from "../support/tracking.ts";

needs({ program: "nats-server", debianPackage: "nats-server" });

const scope = scopePerTest();
let nats: NatsServer | undefined;
const nodes: TestServer[] = [];

const startNode = (url: string) =>
  TestServer.start({ config: { engine: { kind: "nats", servers: [url] } } });

beforeAll(async () => {
  if (natsServerMissing() !== undefined) return;
  nats = await startNatsServer();
  for (let i = 0; i < 2; i++) nodes.push(await startNode(nats.url));
});

afterAll(async () => {
  for (const node of nodes) await node.stop();
  await nats?.stop();
});

function node(index: number): TestServer {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
}

/** What has to come, whatever came before it. */
const timeline = async (index: number, id: number) =>
  (await request(node(index).url, `GET /timelines?objectId=${id}`)).json;

describe("tracking", () => {
  it("carries start to the camera's node in the camera's spelling, and stop, maps and boxes to all", async () => {
    const [here, there] = [
      await processorAt(scope, node(0), "here"),
      await processorAt(scope, node(1), "there"),
    ];
    const [dan, eve] = [await clientAt(scope, node(0), true), await clientAt(scope, node(1), true)];
    there.send('{"type":"boundingBoxes","frameId":12.0,"boxes":[{"rect":[1.0]}]}');
    for (const client of [dan, eve]) {
      expect(await client.next()).toBe(
        '{"type":"boundingBoxes","cameraId":"there","frameId":12.0,"boxes":[{"rect":[1.0]}]}',
      );
    }
    dan.send({ type: "start", cameraId: "there", frameId: 12, boxId: 1 });
    const start = await there.next();
    expect(start).toMatch(/^{"type":"start","objectId":\d+,"frameId":12\.0,"boxId":1}$/);
    const { objectId } = JSON.parse(start);
    for (const client of [dan, eve])
      expect(await client.json()).toEqual({ type: "newObject", objectId });
    there.send(`{"type":"featureMap","objectId":${objectId},"featureMap":[1.0, 1e-7]}`);
    for (const camera of [here, there]) {
      expect(await camera.next()).toBe(
        `{"type":"featureMap","objectId":${objectId},"featureMap":[1.0, 1e-7]}`,
      );
    }
    there.send({ type: "boundingBoxes", frameId: 13, boxes: [{ objectId }] });
    for (const [index, client] of [dan, eve].entries()) {
      expect(await client.json()).toMatchObject({ frameId: 13 });
      expect(await timeline(index, objectId)).toMatchObject({ data: [{ processorId: "there" }] });
      expect(await objectIdsOf(node(index).url)).toMatchObject({
        data: expect.arrayContaining([objectId]),
      });
    }
    eve.send({ type: "stop", objectId });
    for (const told of [here, there, dan, eve])
      expect(await told.json()).toEqual({ type: "stop", objectId });
  });

  it("gives an id once, whoever asks where at the same time", async () => {
    const camera = await processorAt(scope, node(0), "busy");
    const clients = [await clientAt(scope, node(0)), await clientAt(scope, node(1))];
    const { data: before } = (await objectIdsOf(node(0).url)) as { data: number[] };
    for (let n = 0; n < 20; n++)
      for (const client of clients) client.send({ type: "start", cameraId: "busy", image: `${n}` });
    const ids: number[] = [];
    while (ids.length < 40) ids.push(Number((await camera.ofType("start")).objectId));
    expect(ids).toEqual(ids.map((_, nth) => before.length + 1 + nth));
    for (const [index, client] of clients.entries()) {
      await handled(client);
      expect(await objectIdsOf(node(index).url)).toEqual({ data: [...before, ...ids] });
    }
    for (const objectId of ids) clients[0]?.send({ type: "stop", objectId });
    for (const objectId of ids) expect(await camera.ofType("stop")).toMatchObject({ objectId });
  });

  it("ends a camera's older connection on the other node, and the newer one has the id", async () => {
    const first = await processorAt(scope, node(0), "moving");
    const second = await processorAt(scope, node(1), "moving");
    expect(await first.closed()).toMatchObject({ code: 4409 });
    const dan = await clientAt(scope, node(0));
    const objectId = await startObject(dan, second, { cameraId: "moving", image: "x" });
    second.close();
    await second.closed();
    const gone = async () => {
      dan.send({ type: "start", cameraId: "moving", image: "x" });
      return await handled(dan);
    };
    await eventually("the camera is unknown on the other node", gone, (frames) =>
      frames.some((frame) => frame.includes("not_found")),
    );
    dan.send({ type: "stop", objectId });
    await handled(dan);
  });

  it("has images and maps of more than one NATS message, also for a node that starts later", {
    timeout: 60_000,
  }, async () => {
    if (nats === undefined) throw new Error("no nats-server");
    const camera = await processorAt(scope, node(0), "large");
    const dan = await clientAt(scope, node(1));
    const image = 'é漢😀"'.repeat(400_000);
    dan.send({ type: "start", cameraId: "large", image });
    const started = await camera.ofType("start", 20_000);
    expect(started.image).toBe(image);
    const { objectId } = started;
    for (let n = 0; n < 3; n++) {
      camera.send(
        `{"type":"featureMap","objectId":${objectId},"featureMap":["${"x".repeat(1_500_000)}",${n}.0]}`,
      );
      expect(await camera.ofType("featureMap", 20_000)).toMatchObject({ objectId });
    }
    const third = await startNode(nats.url);
    scope.own(third, (server) => server.stop());
    const eve = await openAt(scope, third, "/client");
    eve.send({ type: "setUsesImages", usesImages: true });
    expect((await handled(eve)).map((frame) => JSON.parse(frame))).toContainEqual({
      type: "newObject",
      objectId,
      image,
    });
    const newcomer = await openAt(scope, third, "/processor");
    newcomer.send({ type: "identifier", id: "newcomer" });
    expect(
      (await handled(newcomer)).find((frame) => frame.includes(`"objectId":${objectId},`)),
    ).toMatch(/,2\.0\]}$/);
    expect(await objectIdsOf(third.url)).toEqual(await objectIdsOf(node(0).url));
    eve.send({ type: "stop", objectId });
    expect(await camera.ofType("stop", 20_000)).toMatchObject({ objectId });
  });
});
