/** The tracking served: what the wire tests of third-party clients do not reach. */
import { afterEach, describe, expect, it } from "vitest";
import { TestServer, type TextClient } from "../../testing/index.ts";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(tracking: object = {}): Promise<TestServer> {
  server = await TestServer.start({ config: { services: { tracking } } });
  return server;
}

/** Everything that came before the answer to what is no JSON, which the server has handled last. */
async function handled(client: TextClient): Promise<unknown[]> {
  client.send("no JSON");
  const before: unknown[] = [];
  for (;;) {
    const message = (await client.nextJson()) as { code?: string };
    if (message.code === "bad_json") return before;
    before.push(message);
  }
}

async function camera(at: TestServer, id: string): Promise<TextClient> {
  const processor = await at.open("/processor?errors=1");
  processor.send({ type: "identifier", id });
  await handled(processor);
  return processor;
}

describe("bounds", () => {
  it("refuse an object, an image or a map too many, tell who asked, and close nobody", async () => {
    const at = await start({ maxObjects: 2, maxImageLength: 12, maxFeatureMapLength: 12 });
    const processor = await camera(at, "a");
    const client = await at.open("/client?errors=1");
    client.send({ type: "start", cameraId: "a", image: "x".repeat(11) });
    expect(await client.nextJson()).toMatchObject({
      code: "too_large",
      message: expect.stringContaining("maxImageLength"),
    });
    for (let n = 0; n < 3; n++) client.send({ type: "start", cameraId: "a", image: "x" });
    expect(await client.nextJson()).toMatchObject({
      code: "over_capacity",
      message: expect.stringContaining("maxObjects"),
    });
    for (const objectId of [1, 2])
      expect(await processor.nextJson()).toMatchObject({ type: "start", objectId });
    processor.send({ type: "featureMap", objectId: 1, featureMap: "x".repeat(11) });
    expect(await processor.nextJson()).toMatchObject({
      code: "too_large",
      message: expect.stringContaining("maxFeatureMapLength"),
    });
    client.send({ type: "stop", objectId: 1 });
    client.send({ type: "start", cameraId: "a", image: "x" });
    expect(await handled(client)).toEqual([]);
    expect(await processor.nextJson()).toEqual({ type: "stop", objectId: 1 });
    expect(await processor.nextJson()).toMatchObject({ type: "start", objectId: 3 });
  });

  it("turn away one camera more than maxCameras, with 1013, but not one that is known", async () => {
    const at = await start({ maxCameras: 2 });
    const first = await camera(at, "a");
    await camera(at, "b");
    const third = await at.open("/processor?errors=1");
    third.send({ type: "identifier", id: "c" });
    expect(await third.nextJson()).toMatchObject({
      code: "over_capacity",
      message: expect.stringContaining("maxCameras"),
    });
    expect(await third.closed()).toMatchObject({ code: 1013 });
    const again = await camera(at, "a");
    expect(await first.closed()).toMatchObject({ code: 4409 });
    await again.leave();
    await camera(at, "c");
  });

  it("list the cameras that are connected, and since when", async () => {
    const at = await start();
    const before = Date.now();
    await camera(at, "b");
    const first = await camera(at, "a");
    const { data } = (await (await at.fetch("/tracking/cameras")).json()) as {
      data: { cameraId: string; since: number }[];
    };
    expect(data.map(({ cameraId }) => cameraId)).toEqual(["a", "b"]);
    for (const { since } of data)
      expect(since).toSatisfy((ms: number) => ms >= before && ms <= Date.now());
    await first.leave();
    await camera(at, "c");
    const after = (await (await at.fetch("/tracking/cameras")).json()) as {
      data: { cameraId: string }[];
    };
    expect(after.data.map(({ cameraId }) => cameraId)).toEqual(["b", "c"]);
  });

  it("take ids of any length and any characters, and tell them apart", async () => {
    const at = await start();
    const ids = [
      "",
      "a.b",
      "a=2Eb",
      "é漢😀",
      "x".repeat(999),
      `${"x".repeat(998)}y`,
      "\ud800",
      "\ud801",
      "*",
      ">",
    ];
    const cameras: TextClient[] = [];
    for (const id of ids) cameras.push(await camera(at, id));
    const client = await at.open("/client?errors=1");
    for (const [nth, id] of ids.entries()) {
      client.send({ type: "start", cameraId: id, image: String(nth) });
      expect(await cameras[nth]?.nextJson()).toMatchObject({ type: "start", image: String(nth) });
    }
  });
});

describe("the tracking timeout", () => {
  it("stops objects for all processors and for clients that use images", async () => {
    const at = await start({ trackingTimeoutMs: 200 });
    const processor = await camera(at, "a");
    const client = await at.open("/client?errors=1");
    client.send({ type: "setUsesImages", usesImages: true });
    for (const image of ["x", "y"]) client.send({ type: "start", cameraId: "a", image });
    const stories = {
      processor: ["start 1", "start 2", "stop 1", "stop 2"],
      client: ["newObject 1", "newObject 2", "stop 1", "stop 2"],
    };
    for (const [socket, story] of [
      [processor, stories.processor],
      [client, stories.client],
    ] as const) {
      const got: string[] = [];
      while (got.length < 4) {
        const { type, objectId } = (await socket.nextJson()) as { type: string; objectId: number };
        got.push(`${type} ${objectId}`);
      }
      expect(got.filter((one) => !one.startsWith("stop"))).toEqual(story.slice(0, 2));
      expect(got.filter((one) => one.startsWith("stop"))).toEqual(story.slice(2));
    }
    expect(await (await at.fetch("/objectIds")).text()).toBe('{"data":[1, 2]}');
  });
});
