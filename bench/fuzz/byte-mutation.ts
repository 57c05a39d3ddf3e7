/** Changes bytes: flips, cuts, repeats and splices. */
import type { Random } from "./random.ts";

/** Bytes that mean something to a parser: not UTF-8, ends of lines, quotes, brackets. */
const telling = [
  0x00, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2c, 0x3a, 0x5b, 0x5c, 0x7b, 0x80, 0xc0, 0xff,
];

/** The bytes with one to four changes. `other` is what a splice takes its end from. */
export function mutateBytes(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let changed: Buffer = bytes;
  const changes = random.between(1, 4);
  for (let n = 0; n < changes; n++) changed = change(changed, random, other);
  return changed;
}

function change(bytes: Buffer, random: Random, other: Buffer): Buffer {
  if (bytes.length === 0) return random.bytes(random.between(1, 8));
  const at = random.below(bytes.length);
  switch (random.weighted({ flip: 4, set: 3, cut: 2, drop: 2, insert: 2, repeat: 1, splice: 1 })) {
    case "flip": {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
    case "set": {
      const set = Buffer.from(bytes);
      set[at] = random.pick(telling);
      return set;
    }
    case "cut":
      return bytes.subarray(0, at);
    case "drop":
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 4))]);
    case "insert":
      return Buffer.concat([
        bytes.subarray(0, at),
        random.bytes(random.between(1, 6)),
        bytes.subarray(at),
      ]);
    case "repeat": {
      const part = bytes.subarray(at, at + random.between(1, 16));
      return Buffer.concat([
        bytes.subarray(0, at),
        ...Array.from({ length: random.pick([2, 10, 200]) }, () => part),
        bytes.subarray(at),
      ]);
    }
    case "splice":
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
  }
}
