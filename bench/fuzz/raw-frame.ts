/** WebSocket frames of a client, right ones and wrong ones. RFC 6455 §5. */
import type { Random } from "./random.ts";

const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** How a frame differs from a right one. */
export interface FrameOptions {
  readonly fin?: boolean;
  /** RSV1 to RSV3, as three bits. */
  readonly reserved?: number;
  readonly opcode?: number;
  readonly masked?: boolean;
  /** Written as the length whatever the payload's is. */
  readonly claimedLength?: number;
  /** How many bytes the length takes, where it is not the fewest that do: 2 or 8. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/** A frame with this payload: by default a final, masked text frame. */
export function frame(
  payload: string | Buffer,
  random: Random,
  options: FrameOptions = {},
): Buffer {
  const data = typeof payload === "string" ? Buffer.from(payload) : payload;
  const { fin = true, reserved = 0, opcode = opcodes.text, masked = true } = options;
  const length = options.claimedLength ?? data.length;
  const lengthBytes = options.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length & 0xffff, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt.asUintN(64, BigInt(length)), 2);
  if (!masked) return Buffer.concat([head, data]);
  const mask = random.bytes(4);
  const hidden = Buffer.from(data);
  for (let at = 0; at < hidden.length; at++) hidden[at] = (hidden[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return Buffer.concat([head, mask, hidden]);
}

/** Close codes that may be sent, must not be, and are none. */
const closeCodes = [
  1000, 1001, 1002, 1003, 1007, 1009, 1011, 1012, 3000, 4000, 4999, 1004, 1005, 1006, 1015, 0, 999,
  2999, 5000, 65_535,
];

/** A close frame with a code, and a reason that may be too long or not UTF-8. */
function closeFrame(random: Random): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick(closeCodes));
  const reason = random.pick([
    Buffer.alloc(0),
    Buffer.from("bye"),
    random.bytes(10),
    Buffer.alloc(123, 0x61),
  ]);
  const payload = random.chance(0.15)
    ? code.subarray(0, random.below(2))
    : Buffer.concat([code, reason]);
  return frame(payload, random, { opcode: opcodes.close });
}

/** Frames around this text that a protocol error may come from. */
export function oddFrames(text: string, random: Random): Buffer {
  const data = Buffer.from(text);
  switch (
    random.weighted({
      reserved: 2,
      opcode: 2,
      unmasked: 1,
      binary: 2,
      fragments: 4,
      interleaved: 2,
      "lone continuation": 1,
      "unfinished then text": 1,
      "long control": 2,
      "fragmented control": 1,
      "length too long": 2,
      "length of 64 bits": 1,
      "huge length": 2,
      "not UTF-8": 2,
      "empty fragments": 1,
      pings: 2,
      close: 3,
    })
  ) {
    case "reserved":
      return frame(data, random, { reserved: random.between(1, 7) });
    case "opcode":
      return frame(data.subarray(0, 100), random, {
        opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]),
      });
    case "unmasked":
      return frame(data, random, { masked: false });
    case "binary":
      return frame(data, random, { opcode: opcodes.binary });
    case "fragments":
      return fragments(data, random, Buffer.alloc(0));
    case "interleaved":
      return fragments(data, random, frame("between", random, { opcode: opcodes.ping }));
    case "lone continuation":
      return frame(data, random, { opcode: opcodes.continuation });
    case "unfinished then text":
      return Buffer.concat([frame(data, random, { fin: false }), frame(data, random)]);
    case "long control":
      return frame(Buffer.alloc(126, 0x61), random, { opcode: random.pick([8, 9, 10]) });
    case "fragmented control":
      return frame("half", random, { opcode: random.pick([8, 9, 10]), fin: false });
    case "length too long":
      return frame(data, random, { claimedLength: data.length + random.between(1, 1000) });
    case "length of 64 bits":
      return frame(data, random, { lengthBytes: random.pick([2, 8]) });
    case "huge length":
      return frame(data, random, {
        claimedLength: random.pick([2 ** 31, 2 ** 40, 2 ** 53, -1, 17 << 20, (1 << 20) + 1]),
        lengthBytes: 8,
      });
    case "not UTF-8":
      return frame(
        Buffer.concat([
          data,
          Buffer.from(
            random.pick([
              [0xff],
              [0xc3],
              [0xed, 0xa0, 0x80],
              [0xf4, 0x90, 0x80, 0x80],
              [0xc0, 0xaf],
            ]),
          ),
        ]),
        random,
      );
    case "empty fragments":
      return Buffer.concat([
        frame("", random, { fin: false }),
        ...Array.from({ length: random.pick([1, 50, 1000]) }, () =>
          frame("", random, { fin: false, opcode: 0 }),
        ),
        frame(data, random, { opcode: 0 }),
      ]);
    case "pings":
      return Buffer.concat(
        Array.from({ length: random.pick([1, 20, 300]) }, () =>
          frame(random.bytes(random.below(126)), random, { opcode: random.pick([9, 10]) }),
        ),
      );
    case "close":
      return Buffer.concat([
        closeFrame(random),
        random.chance(0.5) ? frame(data, random) : Buffer.alloc(0),
      ]);
  }
}

/** The text in two to five frames, with something between each two. */
function fragments(data: Buffer, random: Random, between: Buffer): Buffer {
  const count = random.between(2, 5);
  const size = Math.ceil(data.length / count);
  return Buffer.concat(
    Array.from({ length: count }, (_, n) => [
      frame(data.subarray(n * size, (n + 1) * size), random, {
        fin: n === count - 1,
        opcode: n === 0 ? opcodes.text : opcodes.continuation,
      }),
      between,
    ]).flat(),
  );
}
