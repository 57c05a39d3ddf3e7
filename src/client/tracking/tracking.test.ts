/** A camera's processors and an interface together, on every server that they must work with. */
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import type { Frame } from "./camera-board.ts";
import { BoxesMessage } from "./messages/boxes-message.ts";
import { JsonNumber } from "./messages/json-number.ts";
import { StartMessage } from "./messages/start-message.ts";
import { StopMessage } from "./messages/stop-message.ts";
import { UpdateMessage } from "./messages/update-message.ts";
import type { TrackedObject } from "./object-board.ts";
import { servers } from "./served.fixture.ts";
import { Arrivals, box, endAfterEach } from "./tracking.fixture.ts";
import { TrackingInterface } from "./tracking-interface.ts";
import { TrackingProcessor } from "./tracking-processor.ts";

const ending = endAfterEach();

describe.each(servers)("%s", (name, start) => {
  it("has an object tracked over two cameras", async () => {
    const served = await start();
    ending(() => served.stop());
    const processor = async (cameraId: string) => {
      const made = new TrackingProcessor(served.processor, {
        cameraId,
        maxDelayMs: 50,
        ...served.processorToken,
      });
      ending(() => made.close());
      await served.handled(made.connection);
      return made;
    };
    const [entrance, hall] = [await processor("entrance"), await processor("hall")];
    const tracking = new TrackingInterface(served.client, {
      usesImages: true,
      maxDelayMs: 50,
      ...served.clientToken,
    });
    ending(() => tracking.close());
    await served.handled(tracking.connection);
    const frames = new Arrivals<Frame>("boxes", (arrive) => tracking.on("boxes", arrive));
    const news = new Arrivals<TrackedObject>("newObject", (arrive) =>
      tracking.on("newObject", arrive),
    );
    const stopped = new Arrivals<{ readonly objectId: number }>("stopped", (arrive) =>
      tracking.on("stopped", arrive),
    );

    const sent = entrance.send(
      new BoxesMessage({ frameId: JsonNumber.float(12), boxes: [box(1), box(2)] }),
    );
    const { cameraId, frameId, boxes } = await frames.next();
    expect([cameraId, frameId.value, boxes]).toEqual(["entrance", 12, [box(1), box(2)]]);
    expect(await within(sent.outcome, "the outcome")).toBe("sent");

    const started = tracking.startTracking({ cameraId, frameId, boxId: 2 });
    const order = await within(entrance.next(), "start");
    expect(order).toEqual(new StartMessage({ objectId: 1, frameId, boxId: 2 }));
    // Switchboard keeps the spelling that Python needs.
    if (name.startsWith("Switchboard")) expect((order as StartMessage).frameId?.text).toBe("12.0");
    expect(await news.next()).toEqual({ objectId: 1, image: undefined });
    expect(await within(started.outcome, "the outcome")).toBe("sent");

    entrance.send(new UpdateMessage({ objectId: 1, featureMap: [0.25, 3] }));
    for (const camera of [entrance, hall]) {
      const update = await within(camera.next(), "featureMap");
      expect(update).toBeInstanceOf(UpdateMessage);
      expect((update as UpdateMessage).featureMap.floats).toEqual([0.25, 3]);
    }

    hall.send(new BoxesMessage({ frameId: 2.5, boxes: [box(1, { objectId: 1 })] }));
    expect(await frames.next()).toMatchObject({
      cameraId: "hall",
      boxes: [box(1, { objectId: 1 })],
    });
    const timeline = await tracking.timeline(1);
    expect(timeline).toEqual([
      {
        processorId: "hall",
        timeStamp: expect.stringMatching(/^\d{4}\/\d\d\/\d\d \| \d\d:\d\d:\d\d$/),
      },
    ]);
    expect(await tracking.timeline(99)).toEqual([]);
    expect(await tracking.objectIds()).toEqual([1]);

    tracking.startTracking({ cameraId: "nobody", image: "eA==" });
    tracking.startTracking({ cameraId: "hall", image: "eA==" });
    expect(await within(hall.next(), "start")).toEqual(
      new StartMessage({ objectId: 2, image: "eA==" }),
    );
    expect(await news.next()).toEqual({ objectId: 2, image: "eA==" });
    expect([...tracking.objects.keys()]).toEqual([1, 2]);

    tracking.stopTracking(1);
    for (const camera of [entrance, hall])
      expect(await within(camera.next(), "stop")).toEqual(new StopMessage({ objectId: 1 }));
    expect(await stopped.next()).toEqual({ objectId: 1 });
    expect([...tracking.objects.keys()]).toEqual([2]);
    expect(
      [...tracking.cameras].map(([id, { lastFrame }]) => [id, lastFrame.frameId.value]),
    ).toEqual([
      ["entrance", 12],
      ["hall", 2.5],
    ]);
    expect([entrance.ignored, hall.ignored, tracking.ignored]).toEqual([0, 0, 0]);
  });

  it("gives a newcomer the feature maps of all objects, and those of none", async () => {
    const served = await start();
    ending(() => served.stop());
    const options = { maxDelayMs: 50, ...served.processorToken };
    const first = new TrackingProcessor(served.processor, { cameraId: "first", ...options });
    ending(() => first.close());
    await served.handled(first.connection);
    const tracking = new TrackingInterface(served.client, {
      maxDelayMs: 50,
      ...served.clientToken,
    });
    ending(() => tracking.close());
    for (const image of ["a", "b"]) tracking.startTracking({ cameraId: "first", image });
    await within(first.next(), "start");
    await within(first.next(), "start");
    first.send(new UpdateMessage({ objectId: 2, featureMap: [1] }));
    await within(first.next(), "featureMap");
    const second = new TrackingProcessor(served.processor, { cameraId: "second", ...options });
    ending(() => second.close());
    const maps: unknown[] = [];
    for await (const order of second) {
      if (order instanceof UpdateMessage) maps.push([order.objectId, order.featureMap.floats]);
      if (maps.length === 2) break;
    }
    expect(maps).toEqual([
      [1, undefined],
      [2, [1]],
    ]);
  });
});
