/** Where on a picture the boxes of a frame are. */
import type { Box } from "switchboard/client/tracking";
import { seriesColours } from "../../parts/colours.ts";

/** In CSS pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A box of which a number is missing (NaN), or that is empty or all outside, is in no place: undefined. */
export function placeOf({ rect }: Box, width: number, height: number): Rectangle | undefined {
  const [left, top, right, bottom] = rect.map((fraction) => Math.min(1, Math.max(0, fraction)));
  if (left === undefined || top === undefined || right === undefined || bottom === undefined)
    return undefined;
  if (!(right > left && bottom > top)) return undefined;
  return {
    left: left * width,
    top: top * height,
    width: (right - left) * width,
    height: (bottom - top) * height,
  };
}

/** The smallest box at a point; points up to `nearPx` beside a box count as in it, for fingers. */
export function boxAt(
  boxes: readonly Box[],
  point: { readonly x: number; readonly y: number },
  size: { readonly width: number; readonly height: number },
  nearPx = 6,
): Box | undefined {
  let best: Box | undefined;
  let bestArea = Number.POSITIVE_INFINITY;
  for (const box of boxes) {
    const place = placeOf(box, size.width, size.height);
    if (place === undefined) continue;
    const { left, top, width, height } = place;
    const isIn =
      point.x >= left - nearPx &&
      point.x <= left + width + nearPx &&
      point.y >= top - nearPx &&
      point.y <= top + height + nearPx;
    if (isIn && width * height < bestArea) {
      best = box;
      bestArea = width * height;
    }
  }
  return best;
}

/** The token of an object's colour: the same wherever the object is seen. */
export function colourOf(objectId: number): string {
  const count = seriesColours.length;
  return seriesColours[((objectId % count) + count) % count] ?? "--text";
}

/** "object 7 (person)", "person 2". */
export function nameOf({ objectId, objectType, boxId }: Box): string {
  return objectId === undefined ? `${objectType} ${boxId}` : `object ${objectId} (${objectType})`;
}

/** Where in the frame a box is, in words: "left, middle". */
export function whereOf({ rect: [left, top, right, bottom] }: Box): string {
  const third = (at: number, names: readonly [string, string, string]) =>
    at < 1 / 3 ? names[0] : at < 2 / 3 ? names[1] : names[2];
  const x = (left + right) / 2;
  const y = (top + bottom) / 2;
  if (Number.isNaN(x) || Number.isNaN(y)) return "place unknown";
  return `${third(x, ["left", "centre", "right"])}, ${third(y, ["top", "middle", "bottom"])}`;
}
