/** Skipped frames over connections. */
import { expect, it } from "vitest";
import { SkipCount } from "./skip-count.ts";

it("adds up what each connection has counted", () => {
  const skips = new SkipCount();
  expect(skips.take('{"type":"boundingBoxes","cameraId":"skipped"}')).toBe(false);
  expect(skips.take('{"type":"skipped","count":4}')).toBe(true);
  skips.take('{"type":"skipped","count":6}');
  skips.reconnected();
  expect(skips.total).toBe(6);
  skips.take('{"type":"skipped","count":2}');
  expect(skips.total).toBe(8);
});
