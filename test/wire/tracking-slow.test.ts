/** tracking's slow interfaces: the newest boxes of each camera, and everything else. */
import { beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { clientAt, handled, openAt, processorAt, startObject } from "../support/tracking.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

/** Some 100 kB, so that the buffers of both systems are soon full. */
const boxes = Array.from({ length: 1000 }, (_, boxId) => ({
  boxId,
  rect: [0.1, 0.2, 0.3, 0.4],
  objectType: "person",
  certainty: 0.5,
}));

interface Got {
  readonly type: string;
  readonly cameraId?: string;
  readonly frameId?: number;
  readonly objectId?: number;
}

describe("a client that reads nothing for a while", () => {
  it("gets the newest frame of each camera, and every newObject and stop in order", {
    timeout: 60_000,
  }, async () => {
    const slow = await clientAt(scope, server, true);
    const bystander = await clientAt(scope, server);
    const cameras = [
      await processorAt(scope, server, "a"),
      await processorAt(scope, server, "b"),
    ] as const;
    slow.pause();
    const frames = 400;
    const objects: number[] = [];
    for (let frameId = 0; frameId < frames; frameId++) {
      for (const camera of cameras) camera.send({ type: "boundingBoxes", frameId, boxes });
      // In step with one that keeps up, so that it is the slow one alone who is behind.
      for (let n = 0; n < 2; n++) await bystander.ofType("boundingBoxes");
      if (frameId % 10 > 0) continue;
      const objectId = await startObject(bystander, cameras[0], {
        cameraId: "a",
        image: `image of ${frameId}`,
      });
      objects.push(objectId);
      bystander.send({ type: "stop", objectId });
    }
    await handled(bystander);
    const { text } = await request(server.url, "GET /metrics");
    const skipped = Number(
      /^switchboard\w*skipped\w*\{[^}]*tracking[^}]*\} (\d+)$/m.exec(text)?.[1],
    );
    expect(skipped).toBeGreaterThan(frames);
    slow.resume();
    const got: Got[] = [];
    slow.send("no JSON");
    for (let frame = await slow.next(); !frame.includes('"bad_json"'); frame = await slow.next())
      got.push(JSON.parse(frame));
    const told = got
      .filter(({ type }) => type !== "boundingBoxes")
      .map(({ type, objectId }) => `${type} ${objectId}`);
    expect(told).toEqual(
      objects.flatMap((objectId) => [`newObject ${objectId}`, `stop ${objectId}`]),
    );
    for (const cameraId of ["a", "b"]) {
      const ofCamera = got
        .filter((one) => one.cameraId === cameraId)
        .map(({ frameId }) => frameId ?? -1);
      expect(ofCamera.at(-1)).toBe(frames - 1);
      expect(ofCamera).toEqual([...ofCamera].sort((a, b) => a - b));
      expect(ofCamera.length).toBeLessThan(frames);
    }
  });

  it("is given objects and feature maps of many megabytes as it takes them, beside boxes that come all the time", {
    timeout: 60_000,
  }, async () => {
    const own = await startServer(scope, {
      config: { services: { tracking: { limits: { maxQueueBytes: 4 << 20 } } } },
    });
    const camera = await processorAt(scope, own, "a");
    const dan = await clientAt(scope, own);
    const large = "x".repeat(1 << 20);
    const ids: number[] = [];
    for (let n = 0; n < 24; n++) {
      const objectId = await startObject(dan, camera, { cameraId: "a", image: `${n} ${large}` });
      ids.push(objectId);
      camera.send({ type: "featureMap", objectId, featureMap: `${n} ${large}` });
      await camera.ofType("featureMap");
    }
    const [client, processor] = [
      await openAt(scope, own, "/client"),
      await openAt(scope, own, "/processor"),
    ];
    for (const socket of [client, processor]) socket.pause();
    client.send({ type: "setUsesImages", usesImages: true });
    processor.send({ type: "identifier", id: "b" });
    // Nobody may be closed as too slow for what was there before it came.
    let frameId = 0;
    const sendBoxes = () => camera.send({ type: "boundingBoxes", frameId: frameId++, boxes });
    while (frameId < 40) sendBoxes();
    await handled(camera);
    for (const socket of [client, processor]) socket.resume();
    const streaming = setInterval(sendBoxes, 2);
    scope.own(streaming, clearInterval);
    for (const id of ids) {
      expect(await client.ofType("newObject", 20_000)).toMatchObject({ objectId: id });
      expect(await processor.ofType("featureMap", 20_000)).toMatchObject({ objectId: id });
    }
  });
});
