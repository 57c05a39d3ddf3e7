/** A small picture of somebody, as an interface would cut it out of a frame: PNG, in base64. */
import { deflateSync } from "node:zlib";

const width = 24;
const height = 32;

/** Who it is decides the colours; `mark` is kept in the file, so that no two pictures are the same. */
export function pictureOf(pedestrian: number, mark: string): string {
  const hue = (pedestrian * 137.5) % 360;
  const colours = {
    wall: rgb(hue + 180, 0.12, 0.82),
    coat: rgb(hue, 0.6, 0.45),
    face: rgb(28, 0.5, 0.7),
  };
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    // Each row begins with its filter: none.
    rows.push(0);
    for (let x = 0; x < width; x++) rows.push(...colours[partAt(x, y)]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits of each of red, green and blue.
  header.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("tEXt", Buffer.from(`Title\0${mark}`, "latin1")),
    chunk("IDAT", deflateSync(Buffer.from(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]).toString("base64");
}

function partAt(x: number, y: number): "wall" | "coat" | "face" {
  const aside = x + 0.5 - width / 2;
  if (Math.hypot(aside, y + 0.5 - 9) < 5.5) return "face";
  return y > 15 && Math.hypot(aside / 9, (y + 0.5 - 30) / 15) < 1 ? "coat" : "wall";
}

function rgb(hue: number, saturation: number, lightness: number): readonly number[] {
  const spread = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const at = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - spread * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  });
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** PNG's checksum. Node has one since 20.15 only in some lines, and this is asked once for each click. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
