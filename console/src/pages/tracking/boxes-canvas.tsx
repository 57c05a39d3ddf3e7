/** A camera's boxes as a picture: a click has one tracked. */
import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Box } from "switchboard/client/tracking";
import { useExternal } from "../../parts/use-external.ts";
import { useTheme } from "../../shell/theme.tsx";
import type { FrameFeed, ShownFrame } from "./frame-feed.ts";
import { boxAt } from "./frame-geometry.ts";
import { paint, paletteNow } from "./frame-painter.ts";

interface BoxesCanvasProps {
  readonly cameraId: string;
  readonly feed: FrameFeed;
  readonly isStale: boolean;
  onChoose(frame: ShownFrame, box: Box): void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Painted at most once per animation frame; keys and screen readers use the list below it. */
export function BoxesCanvas({ cameraId, feed, isStale, onChoose }: BoxesCanvasProps) {
  const frame = useExternal(feed.subscribe, feed.snapshot);
  const { shown: theme } = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the colours are
  const palette = useMemo(paletteNow, [theme]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointer, setPointer] = useState<Point>();
  const [size, setSize] = useState({ width: 0, height: 0 });
  const boxes = frame?.boxes ?? [];
  const marked = pointer === undefined ? undefined : boxAt(boxes, pointer, size);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      element.width = Math.round(width * devicePixelRatio);
      element.height = Math.round(height * devicePixelRatio);
      setSize({ width, height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (canvas.current !== null && size.width > 0)
      paint(canvas.current, { boxes, palette, marked, isStale });
  });

  const pointOf = ({ nativeEvent }: PointerEvent): Point => ({
    x: nativeEvent.offsetX,
    y: nativeEvent.offsetY,
  });
  return (
    <canvas
      ref={canvas}
      className="camera-canvas"
      style={{ cursor: marked === undefined ? "default" : "pointer" }}
      role="img"
      aria-label={`What camera ${cameraId} sees: ${boxes.length} ${boxes.length === 1 ? "box" : "boxes"}, listed below`}
      onPointerMove={(event) =>
        setPointer(event.pointerType === "touch" ? undefined : pointOf(event))
      }
      onPointerLeave={() => setPointer(undefined)}
      onPointerUp={(event) => {
        const box = boxAt(boxes, pointOf(event), size);
        if (event.button === 0 && frame !== undefined && box !== undefined) onChoose(frame, box);
      }}
    />
  );
}
