/** An interface that loses its server, chooses its cameras, and asks for what was. */
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { TestServer } from "../../testing/index.ts";
import { startProxy } from "../cut-proxy.fixture.ts";
import type { ConnectionState } from "../state.ts";
import type { Frame } from "./camera-board.ts";
import { BoxesMessage } from "./messages/boxes-message.ts";
import type { TrackedObject } from "./object-board.ts";
import { goodToken, Original } from "./original.fixture.ts";
import { startWithAuth } from "./server-with-auth.fixture.ts";
import { Arrivals, endAfterEach } from "./tracking.fixture.ts";
import { TrackingInterface, type TrackingInterfaceOptions } from "./tracking-interface.ts";
import { TrackingProcessor } from "./tracking-processor.ts";

const ending = endAfterEach();

async function original(options?: { readonly auth?: boolean }): Promise<Original> {
  const server = await Original.start(options);
  ending(() => server.stop());
  return server;
}

function watch(url: string, options: TrackingInterfaceOptions = {}): TrackingInterface {
  const tracking = new TrackingInterface(url, { maxDelayMs: 50, ...options });
  ending(() => tracking.close());
  return tracking;
}

async function camera(
  url: string,
  cameraId: string,
  options: { readonly token?: string } = {},
): Promise<TrackingProcessor> {
  const processor = new TrackingProcessor(url, { cameraId, maxDelayMs: 50, ...options });
  ending(() => processor.close());
  // The original handles what it reads before it answers the ping behind it.
  await within(processor.connection.send("no JSON").outcome, "the outcome");
  return processor;
}

const frame = (frameId: number) => new BoxesMessage({ frameId, boxes: [] });
const heard = (server: Original, connection: number) =>
  server.received
    .filter((one) => one.connection === connection)
    .map(({ text }) => JSON.parse(text) as unknown);

/** Loses its connection and has another one; `meanwhile` runs in between. */
async function comeBack(
  tracking: TrackingInterface,
  cut: () => void,
  meanwhile: () => void = () => {},
): Promise<void> {
  const states = new Arrivals<ConnectionState>("a state", (arrive) =>
    tracking.connection.on("state", arrive),
  );
  cut();
  while ((await states.next()).status !== "waiting");
  meanwhile();
  while ((await states.next()).status !== "open");
}

describe("a lost connection", () => {
  it("says on every new one who it is, what it uses and watches, and then what waited", async () => {
    const server = await original({ auth: true });
    const proxy = await startProxy(server.url);
    ending(() => proxy.stop());
    const tracking = watch(proxy.url, {
      token: () => goodToken,
      usesImages: true,
      cameraIds: ["a", "b"],
    });
    await within(tracking.connection.whenOpen(), "open");
    const stop = tracking.stopTracking(1);
    expect(await within(stop.outcome, "the outcome")).toBe("sent");
    tracking.watchCameras(["b"]);
    await comeBack(tracking, proxy.cut, () => {
      tracking.setUsesImages(false);
      tracking.stopTracking(2);
      tracking.watchCameras(["c"]);
    });
    expect(await within(tracking.stopTracking(3).outcome, "the outcome")).toBe("sent");
    tracking.setUsesImages(true);
    await comeBack(tracking, proxy.cut);
    expect(await within(tracking.stopTracking(4).outcome, "the outcome")).toBe("sent");
    const token = { type: "authenticate", jwt: goodToken };
    const uses = { type: "setUsesImages", usesImages: true };
    const usesNone = { type: "setUsesImages", usesImages: false };
    const cameras = (...cameraIds: string[]) => ({ type: "cameras", cameraIds });
    const stopped = (objectId: number) => ({ type: "stop", objectId });
    // What was said last on a connection that is cut at once may not have arrived.
    expect(heard(server, 1).slice(0, 4)).toEqual([token, uses, cameras("a", "b"), stopped(1)]);
    expect(heard(server, 2).slice(0, 5)).toEqual([
      token,
      usesNone,
      cameras("c"),
      stopped(2),
      stopped(3),
    ]);
    expect(heard(server, 3)).toEqual([token, uses, cameras("c"), stopped(4)]);
    expect(server.offered).toEqual(["none", "none", "none"]);
  });

  it("a server that closes without a code is not open to who has a bad token, whatever it uses", async () => {
    const server = await original({ auth: true });
    const tokens = ["stale", goodToken];
    const tracking = watch(server.url, { token: () => tokens.shift() });
    const states: ConnectionState[] = [];
    tracking.connection.on("state", (state) => states.push(state));
    expect(await within(tracking.stopTracking(1).outcome, "the outcome")).toBe("sent");
    expect(states).toMatchObject([
      { status: "waiting", loss: { code: 1005 } },
      { status: "connecting" },
      { status: "open" },
    ]);
  });

  it("an object with an image that was stopped meanwhile is gone, and the others come again", async () => {
    const server = await TestServer.start();
    ending(() => server.stop());
    const proxy = await startProxy(server.url);
    ending(() => proxy.stop());
    const processor = await camera(server.url, "a");
    const tracking = watch(proxy.url, { usesImages: true });
    const news = new Arrivals<TrackedObject>("newObject", (arrive) =>
      tracking.on("newObject", arrive),
    );
    for (const image of ["x", "y"]) {
      tracking.startTracking({ cameraId: "a", image });
      await news.next();
    }
    tracking.startTracking({ cameraId: "a", frameId: 1, boxId: 1 });
    expect(await news.next()).toEqual({ objectId: 3, image: undefined });
    const other = watch(server.url);
    proxy.refuse(true);
    const states = new Arrivals<ConnectionState>("a state", (arrive) =>
      tracking.connection.on("state", arrive),
    );
    proxy.cut();
    while ((await states.next()).status !== "waiting");
    other.stopTracking(1);
    for (
      let order = await within(processor.next(), "stop");
      order?.constructor.name !== "StopMessage";
    ) {
      order = await within(processor.next(), "stop");
    }
    proxy.refuse(false);
    expect(await news.next()).toEqual({ objectId: 2, image: "y" });
    expect([...tracking.objects.keys()].sort()).toEqual([2, 3]);
    tracking.setUsesImages(false);
    expect(tracking.objects.size).toBe(0);
    tracking.setUsesImages(true);
    expect(await news.next()).toEqual({ objectId: 2, image: "y" });
  });
});

describe("cameras", () => {
  it.each([
    ["Switchboard", async () => await TestServer.start()],
    ["the original, which sends all", async () => await Original.start()],
  ])("are those that were chosen, on %s", async (_, start) => {
    const server = await start();
    ending(() => server.stop());
    const [a, b] = [await camera(server.url, "a"), await camera(server.url, "b")];
    const tracking = watch(server.url, { cameraIds: ["b"] });
    const frames = new Arrivals<Frame>("boxes", (arrive) => tracking.on("boxes", arrive));
    await untilSeen(b, frames);
    // Both go through one server in this order, and a frame of a would come before that of b.
    expect(await within(a.send(frame(1)).outcome, "the outcome")).toBe("sent");
    b.send(frame(1));
    expect(await frames.next()).toMatchObject({ cameraId: "b", frameId: { value: 1 } });
    expect([...tracking.cameras.keys()]).toEqual(["b"]);
    tracking.watchCameras(["a"]);
    expect(tracking.cameras.size).toBe(0);
    await untilSeen(a, frames);
    b.send(frame(2));
    await within(b.send(frame(3)).outcome, "the outcome");
    a.send(frame(2));
    expect(await frames.next()).toMatchObject({ cameraId: "a", frameId: { value: 2 } });
    expect(tracking.cameras.get("a")?.lastFrame.frameId.value).toBe(2);
  });

  it("boxes that break the protocol are counted, and nothing else", async () => {
    const server = await original();
    const tracking = watch(server.url);
    const frames = new Arrivals<Frame>("boxes", (arrive) => tracking.on("boxes", arrive));
    await within(tracking.connection.send("no JSON").outcome, "the outcome");
    for (const text of [
      "x",
      '{"type":"boundingBoxes","frameId":1,"boxes":[]}',
      '{"type":"newObject"}',
      '{"type":"news"}',
    ])
      server.say(text);
    // Nobody asked for these.
    for (const text of ['{"type":"newObject","objectId":1}', '{"type":"stop","objectId":1}'])
      server.say(text);
    server.say('{"type":"boundingBoxes","cameraId":"a","frameId":1.0,"boxes":[],"new":1}');
    const { cameraId, frameId, boxes } = await frames.next();
    expect([cameraId, frameId.text, boxes]).toEqual(["a", "1.0", []]);
    expect(tracking.ignored).toBe(3);
    // The spelling comes back to its camera.
    await within(tracking.startTracking({ cameraId, frameId, boxId: 1 }).outcome, "the outcome");
    expect(server.received.at(-1)?.text).toBe(
      '{"type":"start","cameraId":"a","frameId":1.0,"boxId":1}',
    );
  });

  it("what cannot be tracked, forgotten or watched is refused at once", () => {
    const tracking = watch("ws://127.0.0.1:1");
    const bad = (message: string) =>
      expect.objectContaining({ code: "bad_message", message: expect.stringContaining(message) });
    const start = (wish: object) => () =>
      tracking.startTracking(wish as { cameraId: string; image: string });
    expect(start({ cameraId: "a" })).toThrow(
      bad("start.image is missing: give image, or both frameId and boxId"),
    );
    expect(start({ cameraId: "a", frameId: 1 })).toThrow(bad("start.image"));
    expect(start({ image: "x" })).toThrow(bad("start.cameraId is missing: expected a string"));
    expect(start({ cameraId: "a", frameId: 1, boxId: 0.5 })).toThrow(
      bad("start.boxId is 0.5: expected an integer"),
    );
    expect(() => tracking.stopTracking(Number.NaN)).toThrow(bad("stop.objectId is NaN"));
    expect(() => tracking.watchCameras([5 as unknown as string])).toThrow(
      bad("cameras.cameraIds[0] is 5"),
    );
  });
});

/** Sends frames until one is seen: then the interface watches this camera. Those that were under way are taken. */
async function untilSeen(
  processor: TrackingProcessor,
  frames: Arrivals<{ readonly frameId: { readonly value: number } }>,
): Promise<void> {
  let seen = false;
  const first = frames.next().then((one) => {
    seen = true;
    return one;
  });
  let last = 100;
  while (!seen) {
    await within(processor.send(frame(++last)).outcome, "the outcome");
  }
  for (let { frameId } = await first; frameId.value !== last; ) ({ frameId } = await frames.next());
}

describe("what was", () => {
  it("is asked for without a token, unless the server wants one", async () => {
    const open = await original({ auth: true });
    expect(await watch(open.url, { token: goodToken }).objectIds()).toEqual([]);
    expect(open.authorizations).toEqual([]);
    const { server, token } = await startWithAuth({ httpAuth: true });
    ending(() => server.stop());
    const good = await token("tracking.client");
    expect(await watch(server.url, { token: () => good }).objectIds()).toEqual([]);
    expect(await watch(server.url, { token: good }).timeline(1)).toEqual([]);
    await expect(watch(server.url).objectIds()).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(
      watch(server.url, { token: await token("tracking.processor") }).timeline(1),
    ).rejects.toMatchObject({ code: "forbidden" });
  });

  it("fails with an error that says why", async () => {
    const server = await Original.start();
    const tracking = watch(`${server.url}/elsewhere/client`);
    await expect(tracking.objectIds()).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("/objectIds was answered with 404"),
    });
    await expect(tracking.timeline(0.5)).rejects.toMatchObject({ code: "bad_message" });
    await server.stop();
    await expect(tracking.objectIds()).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("is the server there?"),
    });
  });
});
