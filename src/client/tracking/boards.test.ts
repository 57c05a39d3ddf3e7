/** What an interface remembers of cameras and objects. */
import { describe, expect, it } from "vitest";
import { VirtualPlatform } from "../virtual-platform.fixture.ts";
import { CameraBoard, type Frame } from "./camera-board.ts";
import { JsonNumber } from "./messages/json-number.ts";
import { ObjectBoard } from "./object-board.ts";

const frame = (cameraId: string, frameId = 1): Frame => ({
  cameraId,
  frameId: new JsonNumber(String(frameId)),
  boxes: [],
});

describe("CameraBoard", () => {
  it("measures the frames per second by its own clock, and sees a camera go silent", async () => {
    const platform = new VirtualPlatform();
    const board = new CameraBoard(platform);
    const rate = () => board.snapshot().get("a")?.framesPerSecond;
    board.saw(frame("a"));
    expect(rate()).toBe(0);
    for (let nth = 0; nth < 100; nth++) {
      await platform.pass(100);
      board.saw(frame("a", nth));
    }
    expect(rate()).toBeCloseTo(10, 5);
    expect(board.snapshot().get("a")).toMatchObject({
      lastFrameAt: platform.now(),
      lastFrame: { frameId: { value: 99 } },
    });
    const lastFrameAt = platform.now();
    await platform.pass(2500);
    expect(rate()).toBeGreaterThan(4);
    expect(rate()).toBeLessThan(6);
    await platform.pass(2500);
    expect(rate()).toBe(0);
    expect(board.snapshot().get("a")?.lastFrameAt).toBe(lastFrameAt);
  });

  it("measures a fast camera by its newest frames", async () => {
    const platform = new VirtualPlatform();
    const board = new CameraBoard(platform);
    for (let nth = 0; nth < 1000; nth++) {
      await platform.pass(2);
      board.saw(frame("a", nth));
    }
    expect(board.snapshot().get("a")?.framesPerSecond).toBeCloseTo(500, 5);
  });

  it("forgets the camera that has been silent for longest, beyond a thousand", () => {
    const board = new CameraBoard(new VirtualPlatform());
    board.saw(frame("0"));
    board.saw(frame("1"));
    board.saw(frame("0"));
    for (let nth = 2; nth <= 1000; nth++) board.saw(frame(String(nth)));
    const cameras = [...board.snapshot().keys()];
    expect([cameras.length, cameras.includes("0"), cameras.includes("1")]).toEqual([
      1000,
      true,
      false,
    ]);
  });
});

describe("ObjectBoard", () => {
  it("keeps ten thousand objects, the newest", () => {
    const board = new ObjectBoard();
    for (let objectId = 1; objectId <= 10_001; objectId++)
      board.add({ objectId, image: undefined });
    expect([board.snapshot().size, board.snapshot().has(1)]).toEqual([10_000, false]);
  });

  it("keeps so much of images, and counts what is added twice once", () => {
    const board = new ObjectBoard();
    const image = "x".repeat(64 << 20);
    for (const objectId of [1, 2, 3, 4, 4, 4]) board.add({ objectId, image });
    expect([...board.snapshot().keys()]).toEqual([1, 2, 3, 4]);
    board.add({ objectId: 5, image });
    expect([...board.snapshot().keys()]).toEqual([2, 3, 4, 5]);
    board.remove(3);
    board.add({ objectId: 6, image });
    expect([...board.snapshot().keys()]).toEqual([2, 4, 5, 6]);
  });

  it("forgets those with an image only", () => {
    const board = new ObjectBoard();
    board.add({ objectId: 1, image: "x" });
    board.add({ objectId: 2, image: undefined });
    board.removePictured();
    expect([...board.snapshot().keys()]).toEqual([2]);
  });
});
