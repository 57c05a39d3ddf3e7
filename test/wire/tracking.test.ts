/** tracking at its two endpoints: what goes from whom to whom, and with which spelling. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import {
  clientAt,
  handled,
  nothingCame,
  objectIdsOf,
  openAt,
  processorAt,
  startObject,
} from "../support/tracking.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

const client = (images = false) => clientAt(scope, server, images);
const processor = (id: string) => processorAt(scope, server, id);
const newCamera = () => `camera ${randomUUID()}`;

describe("start", () => {
  it("counts objects up, tells their camera with the given fields only, and every client that uses images", async () => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const other = await processor(newCamera());
    const [dan, eve, blind] = [await client(true), await client(true), await client()];
    const first = await startObject(dan, camera, { cameraId, image: "data:a" });
    const starts = [
      { frameId: 7, boxId: 3 },
      { frameId: 7, boxId: 3, image: "data:b" },
      { image: "data:c", boxId: 4 },
      { image: "", frameId: 9 },
    ];
    for (const [nth, fields] of starts.entries()) {
      dan.send({ type: "start", cameraId, ...fields, extra: true });
      const objectId = first + 1 + nth;
      expect(await camera.json()).toEqual({ type: "start", objectId, ...fields });
    }
    const seen = starts.map(({ image }, nth) => ({
      type: "newObject",
      objectId: first + 1 + nth,
      ...(image === undefined ? {} : { image }),
    }));
    for (const interested of [dan, eve]) {
      expect(await interested.json()).toEqual({
        type: "newObject",
        objectId: first,
        image: "data:a",
      });
      for (const message of seen) expect(await interested.json()).toEqual(message);
    }
    await nothingCame(blind);
    await nothingCame(other);
  });

  it.each([
    [{ image: "x" }, "not_found"],
    [{ cameraId: "known" }, "bad_message"],
    [{ cameraId: "known", frameId: 1 }, "bad_message"],
    [{ cameraId: "known", boxId: 1 }, "bad_message"],
    [{ cameraId: "known", frameId: "1", boxId: 1 }, "bad_message"],
    [{ cameraId: "known", image: 5 }, "bad_message"],
    [{ cameraId: "known", image: null, frameId: 1, boxId: 1 }, "bad_message"],
    [{ cameraId: 5, image: "x" }, "bad_message"],
  ])("of %j creates nothing, and closes nothing", async (fields, code) => {
    const camera = await processor("known");
    const dan = await client(true);
    await handled(dan);
    const before = await objectIdsOf(server.url);
    dan.send({ type: "start", cameraId: newCamera(), ...fields });
    expect(await dan.json()).toMatchObject({ type: "error", code });
    await nothingCame(camera);
    await nothingCame(dan);
    expect(await objectIdsOf(server.url)).toEqual(before);
  });

  it("has an image of many megabytes, in any characters, arrive whole", async () => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const dan = await client(true);
    const image = `${'é漢😀\\"\n'.repeat(400_000)}end`;
    const objectId = await startObject(dan, camera, { cameraId, image });
    expect(await dan.ofType("newObject")).toEqual({ type: "newObject", objectId, image });
    dan.send({ type: "stop", objectId });
    await handled(dan);
  });
});

describe("stop", () => {
  it("tells all processors and the clients that use images; a second one, and one for nothing, does nothing", async () => {
    const cameraId = newCamera();
    const [camera, other] = [await processor(cameraId), await processor(newCamera())];
    const [dan, blind] = [await client(true), await client()];
    await handled(dan);
    const objectId = await startObject(blind, camera, { cameraId, image: "x" });
    blind.send({ type: "stop", objectId });
    for (const told of [camera, other])
      expect(await told.json()).toEqual({ type: "stop", objectId });
    expect(await dan.json()).toMatchObject({ type: "newObject", objectId });
    expect(await dan.json()).toEqual({ type: "stop", objectId });
    for (const id of [objectId, 99_999, 1.5, -1]) {
      blind.send({ type: "stop", objectId: id });
      expect(await blind.json()).toMatchObject({ type: "error", code: "not_found" });
    }
    for (const socket of [camera, other, dan, blind]) await nothingCame(socket);
  });

  it("right behind its start finds the object", async () => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const dan = await client();
    const { data } = (await objectIdsOf(server.url)) as { data: number[] };
    const objectId = (data.at(-1) ?? 0) + 1;
    dan.send({ type: "start", cameraId, image: "x" });
    dan.send({ type: "stop", objectId });
    await nothingCame(dan);
    expect(await camera.json()).toEqual({ type: "start", objectId, image: "x" });
    expect(await camera.json()).toEqual({ type: "stop", objectId });
  });
});

describe("setUsesImages", () => {
  it("tells at once of each object that has an image, as often as it is set; false ends it", async () => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const dan = await client();
    const withImage = await startObject(dan, camera, { cameraId, image: "x" });
    const without = await startObject(dan, camera, { cameraId, frameId: 1, boxId: 1 });
    for (let again = 0; again < 2; again++) {
      dan.send({ type: "setUsesImages", usesImages: true });
      const told = (await handled(dan)).map((frame) => JSON.parse(frame));
      expect(told).toContainEqual({ type: "newObject", objectId: withImage, image: "x" });
      expect(told.map(({ objectId }) => objectId)).not.toContain(without);
    }
    dan.send({ type: "setUsesImages", usesImages: false });
    dan.send({ type: "stop", objectId: withImage });
    await nothingCame(dan);
  });
});

describe("identifier", () => {
  it("is answered with the feature map of each object, {} where there is none; also if it is said again", async () => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const dan = await client();
    const ids = [
      await startObject(dan, camera, { cameraId, image: "x" }),
      await startObject(dan, camera, { cameraId, image: "y" }),
    ];
    camera.send(`{"type":"featureMap","objectId":${ids[0]},"featureMap":[1.0, 2.5e-7]}`);
    await handled(camera);
    const newcomer = await openAt(scope, server, "/processor");
    for (let again = 0; again < 2; again++) {
      newcomer.send({ type: "identifier", id: "newcomer" });
      const told = await handled(newcomer);
      expect(told).toContain(
        `{"type":"featureMap","objectId":${ids[0]},"featureMap":[1.0, 2.5e-7]}`,
      );
      expect(told).toContain(`{"type":"featureMap","objectId":${ids[1]},"featureMap":{}}`);
    }
  });

  it("ends who had the id before, with 4409", async () => {
    const id = newCamera();
    const [first, second] = [await processor(id), await processor(id)];
    expect(await first.closed()).toMatchObject({ code: 4409 });
    const third = await processor(id);
    expect(await second.closed()).toMatchObject({ code: 4409 });
    const dan = await client();
    expect(await startObject(dan, third, { cameraId: id, image: "x" })).toBeGreaterThan(0);
  });

  it("gives up the id that the connection had before, and a camera that has gone is unknown", async () => {
    const [before, after] = [newCamera(), newCamera()];
    const camera = await processor(before);
    camera.send({ type: "identifier", id: after });
    await handled(camera);
    const dan = await client();
    dan.send({ type: "start", cameraId: before, image: "x" });
    expect(await dan.json()).toMatchObject({ code: "not_found" });
    await startObject(dan, camera, { cameraId: after, image: "x" });
    camera.close();
    await camera.closed();
    dan.send({ type: "start", cameraId: after, image: "x" });
    expect(await dan.json()).toMatchObject({ code: "not_found" });
  });
});

describe("featureMap", () => {
  it.each([
    "[1.0,1e-7, 12345678901234567890 ]",
    '{"a": 1.0}',
    '"text"',
    "1.50",
    "null",
    "[[]]",
    "[NaN, -Infinity,1.0]",
    '[1.0,"NaN"]',
  ])("%s goes to all processors, the sender too, as it came", async (map) => {
    const cameraId = newCamera();
    const [camera, other] = [await processor(cameraId), await processor(newCamera())];
    const objectId = await startObject(await client(), camera, { cameraId, image: "x" });
    camera.send(`{"type":"featureMap","objectId":${objectId},"featureMap":${map}}`);
    for (const told of [camera, other])
      expect(await told.next()).toBe(
        `{"type":"featureMap","objectId":${objectId},"featureMap":${map}}`,
      );
    const later = await openAt(scope, server, "/processor");
    later.send({ type: "identifier", id: newCamera() });
    expect(await handled(later)).toContain(
      `{"type":"featureMap","objectId":${objectId},"featureMap":${map}}`,
    );
  });

  it("that is [] is never sent, nor one of an unknown object, nor none", async () => {
    const cameraId = newCamera();
    const [camera, other] = [await processor(cameraId), await processor(newCamera())];
    const objectId = await startObject(await client(), camera, { cameraId, image: "x" });
    for (const [fields, code] of [
      [`"objectId":${objectId},"featureMap":[]`, "bad_message"],
      [`"objectId":${objectId},"featureMap": [ ]`, "bad_message"],
      [`"objectId":${objectId}`, "bad_message"],
      ['"objectId":99999,"featureMap":[1.0]', "not_found"],
    ]) {
      camera.send(`{"type":"featureMap",${fields}}`);
      expect(await camera.json()).toMatchObject({ type: "error", code });
    }
    await nothingCame(other);
    const later = await openAt(scope, server, "/processor");
    later.send({ type: "identifier", id: newCamera() });
    expect(await handled(later)).toContain(
      `{"type":"featureMap","objectId":${objectId},"featureMap":{}}`,
    );
  });
});
