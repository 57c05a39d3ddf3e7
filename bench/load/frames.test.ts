/** The frame reader counts the same frames however the bytes are cut, and refuses what it would count wrongly. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientFrame, FrameReader, opcodes } from "./frames.ts";

/** A frame as a server sends it: the client's with the mask taken off. */
function serverFrame(opcode: number, payload: string): Buffer {
  const masked = clientFrame(opcode, payload);
  const header = Buffer.from(masked.subarray(0, masked.length - payload.length - 4));
  header[1] = (header[1] ?? 0) & 0x7f;
  return Buffer.concat([header, Buffer.from(payload, "latin1")]);
}

describe("FrameReader", () => {
  it("finds every frame, whole, whatever the chunks", () => {
    const payload = fc.oneof(
      fc.constant("refresh"),
      fc.nat({ max: 130 }).map((length) => "x".repeat(length)),
      fc.constant("y".repeat(70_000)),
    );
    fc.assert(
      fc.property(
        fc.array(payload, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 80_000 }), { minLength: 1, maxLength: 10 }),
        (payloads, cuts) => {
          const bytes = Buffer.concat(payloads.map((text) => serverFrame(opcodes.text, text)));
          const seen: string[] = [];
          const reader = new FrameReader((_opcode, buffer, start, length) =>
            seen.push(buffer.toString("latin1", start, start + length)),
          );
          const shared = Buffer.alloc(80_000);
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const length = Math.min(cuts[turn % cuts.length] ?? 1, bytes.length - at);
            shared.fill(0xff);
            bytes.copy(shared, 0, at, at + length);
            reader.push(shared, 0, length);
            at += length;
          }
          expect(seen).toEqual(payloads);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("refuses compressed, fragmented and masked frames", () => {
    const reader = (): FrameReader => new FrameReader(() => {});
    for (const bytes of [
      [0xc1, 1, 0x72],
      [0x01, 1, 0x72],
      [0x81, 0x81, 0, 0, 0, 0, 0x72],
    ]) {
      expect(() => reader().push(Buffer.from(bytes), 0, bytes.length)).toThrow(
        /masked, fragmented or compressed/,
      );
    }
  });
});
