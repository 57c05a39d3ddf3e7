/** The scanner against a model that knows where each frame ends. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, opcodes } from "../../../test/support/raw-websocket.ts";
import { FrameScanner } from "./frame-scanner.ts";

const anyFrame = fc.record({
  opcode: fc.constantFrom(...Object.values(opcodes), 0x3),
  size: fc.oneof(fc.nat(5), fc.constantFrom(125, 126, 127, 65_535, 65_536)),
  fin: fc.boolean(),
  masked: fc.boolean(),
});

test("finds each frame's end and knows what is unfinished, wherever the chunks are cut", () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }),
      (frames, sizes) => {
        const encoded = frames.map(({ opcode, size, fin, masked }) =>
          encodeFrame(opcode, Buffer.alloc(size), { fin, masked }),
        );
        const bytes = Buffer.concat(encoded);
        const expected: { end: number; isClose: boolean; receivedBytes: number }[] = [];
        const heads: number[] = [];
        let end = 0;
        let receivedBytes = 0;
        for (const [nth, { opcode, size, fin }] of frames.entries()) {
          end += encoded[nth]?.length ?? 0;
          const isControl = opcode >= 8;
          if (size > 0) heads.push(isControl ? 0 : receivedBytes + size);
          if (!isControl) receivedBytes = fin ? 0 : receivedBytes + size;
          expected.push({ end, isClose: opcode === opcodes.close, receivedBytes });
        }

        const scanner = new FrameScanner();
        const found: typeof expected = [];
        const announced: number[] = [];
        let from = 0;
        for (let nth = 0; from < bytes.length; nth++) {
          const chunk = bytes.subarray(from, from + (sizes[nth % sizes.length] ?? 1));
          for (let at = 0; at < chunk.length; ) {
            at = scanner.scan(chunk, at);
            if (scanner.stop === "head") announced.push(scanner.announcedBytes);
            if (scanner.stop !== "frame") continue;
            const { isClose, receivedBytes } = scanner;
            found.push({ end: from + at, isClose, receivedBytes });
          }
          scanner.endChunk(chunk.length);
          from += chunk.length;
          const last = expected.findLast(({ end }) => end <= from) ?? { end: 0, receivedBytes: 0 };
          const isBetweenMessages =
            from === last.end && isUnfragmented(frames.slice(0, found.length));
          expect(scanner.heldBytes === 0).toBe(isBetweenMessages);
          expect(scanner.receivedBytes).toBeGreaterThanOrEqual(last.receivedBytes);
        }
        expect(found).toEqual(expected);
        expect(announced).toEqual(heads);
      },
    ),
  );
});

/** Whether the last data frame of these was the last of its message. */
function isUnfragmented(frames: readonly { readonly opcode: number; readonly fin: boolean }[]) {
  return frames.findLast(({ opcode }) => opcode < 8)?.fin !== false;
}

test("small fragments count for the chunks that they keep", () => {
  const scanner = new FrameScanner();
  const fragment = encodeFrame(opcodes.text, "x", { fin: false });
  const pong = encodeFrame(opcodes.pong, Buffer.alloc(125));
  for (let nth = 1; nth <= 3; nth++) {
    const chunk = Buffer.concat([...Array.from({ length: 100 }, () => pong), fragment]);
    for (let at = 0; at < chunk.length; ) at = scanner.scan(chunk, at);
    scanner.endChunk(chunk.length);
    expect(scanner.heldBytes).toBeGreaterThan(nth * chunk.length);
    expect(scanner.receivedBytes).toBe(nth);
  }
});
