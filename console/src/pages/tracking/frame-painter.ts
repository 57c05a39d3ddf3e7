/** Paints a frame's boxes onto a canvas. */
import type { Box } from "switchboard/client/tracking";
import { seriesColours, token } from "../../parts/colours.ts";
import { colourOf, placeOf } from "./frame-geometry.ts";

/** Colours in the theme that is shown. */
export interface Palette {
  readonly font: string;
  readonly ground: string;
  readonly grid: string;
  readonly box: string;
  readonly onBox: string;
  readonly series: ReadonlyMap<string, string>;
}

/** Ask again when the theme has changed. */
export function paletteNow(): Palette {
  return {
    font: getComputedStyle(document.body).fontFamily,
    ground: token("--sunken"),
    grid: token("--line"),
    box: token("--text-2"),
    onBox: token("--panel"),
    series: new Map(seriesColours.map((name) => [name, token(name)])),
  };
}

interface Picture {
  readonly boxes: readonly Box[];
  readonly palette: Palette;
  /** Its outline is stronger. */
  readonly marked: Box | undefined;
  /** It is old: what it shows may be true no more. */
  readonly isStale: boolean;
}

/** Fills the canvas, whose size in device pixels is a multiple of the element's. Boxes of tracked objects come last, above the others. */
export function paint(
  canvas: HTMLCanvasElement,
  { boxes, palette, marked, isStale }: Picture,
): void {
  const context = canvas.getContext("2d");
  if (context === null || canvas.clientWidth === 0) return;
  const scale = canvas.width / canvas.clientWidth;
  const width = canvas.clientWidth;
  const height = canvas.height / scale;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, width, height);
  paintGrid(context, { width, height, colour: palette.grid });
  context.globalAlpha = isStale ? 0.4 : 1;
  const isTracked = ({ objectId }: Box) => Number(objectId !== undefined);
  for (const box of [...boxes].sort((a, b) => isTracked(a) - isTracked(b))) {
    paintBox(context, { box, palette, width, height, isMarked: box === marked });
  }
}

function paintGrid(
  context: CanvasRenderingContext2D,
  {
    width,
    height,
    colour,
  }: { readonly width: number; readonly height: number; readonly colour: string },
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let part = 1; part < 4; part += 1) {
    const x = Math.round((width * part) / 4) + 0.5;
    const y = Math.round((height * part) / 4) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.stroke();
}

interface Painted {
  readonly box: Box;
  readonly palette: Palette;
  readonly width: number;
  readonly height: number;
  readonly isMarked: boolean;
}

const labelHeight = 18;

function paintBox(
  context: CanvasRenderingContext2D,
  { box, palette, width, height, isMarked }: Painted,
): void {
  const place = placeOf(box, width, height);
  if (place === undefined) return;
  const { objectId, objectType, certainty } = box;
  const colour =
    objectId === undefined ? palette.box : (palette.series.get(colourOf(objectId)) ?? palette.box);
  context.strokeStyle = colour;
  context.lineWidth = isMarked ? 4 : objectId === undefined ? 1.5 : 2.5;
  context.setLineDash(objectId === undefined && !isMarked ? [5, 3] : []);
  context.strokeRect(place.left, place.top, place.width, place.height);
  context.setLineDash([]);

  const share = Number.isNaN(certainty) ? "" : ` ${Math.round(certainty * 100)} %`;
  const text = objectId === undefined ? `${objectType}${share}` : `#${objectId}`;
  context.font = `${objectId === undefined ? 500 : 700} 12px ${palette.font}`;
  const textWidth = Math.min(context.measureText(text).width + 10, width);
  const left = Math.min(Math.max(0, place.left - context.lineWidth / 2), width - textWidth);
  const top = place.top >= labelHeight ? place.top - labelHeight : place.top;
  context.fillStyle = colour;
  context.fillRect(left, top, textWidth, labelHeight);
  context.fillStyle = palette.onBox;
  context.textBaseline = "middle";
  context.fillText(text, left + 5, top + labelHeight / 2 + 0.5, textWidth - 10);
}
