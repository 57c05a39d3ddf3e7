/** Lines over time, or over any number that grows. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../shell/theme.tsx";
import { Button } from "./button.tsx";
import { seriesColours, token } from "./colours.ts";
import { PlotNumbers } from "./plot-numbers.tsx";
import "./time-plot.css";

interface TimePlotProps {
  /** What is plotted: its accessible name. */
  readonly label: string;
  /** Names of the lines, of `data[1]`, `data[2]`, …; other names make the plot anew. */
  readonly lines: readonly string[];
  /** x, then the y of every line; x ascends. `null` is a gap. A new array where anything has changed. */
  readonly data: uPlot.AlignedData;
  /** `time`: x is in seconds since 1970. `number`: as it is. */
  readonly x: "time" | "number";
  /** Default 240; taken from the beginning, so that nothing moves. */
  readonly heightPx?: number;
  /** The range of x that is looked at, after it was chosen; undefined: all. For loading more detail, which may change `data`. */
  onZoom?(range: { readonly min: number; readonly max: number } | undefined): void;
}

/**
 * Drag to zoom in, double-click or Escape for all; by key: arrows move, + and - zoom. Follows the width of what it is in and the theme.
 * While zoomed in, new data does not move the view. Its numbers are there as a table too.
 */
export function TimePlot({ label, lines, data, x, heightPx = 240, onZoom }: TimePlotProps) {
  const { shown: theme } = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const latest = useRef({ data, onZoom });
  latest.current = { data, onZoom };
  const range = useRef<{ readonly min: number; readonly max: number }>();
  const [zoomed, setZoomed] = useState(false);

  const zoom = (to: { readonly min: number; readonly max: number } | undefined) => {
    const [xs = []] = latest.current.data;
    const all = { min: xs[0] ?? 0, max: xs[xs.length - 1] ?? 1 };
    range.current = to;
    setZoomed(to !== undefined);
    plot.current?.setScale("x", to ?? all);
    latest.current.onZoom?.(to);
  };
  const names = lines.join("\n");
  const zoomRef = useRef(zoom);
  zoomRef.current = zoom;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the colours are, and equal names are the same lines
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(
      optionsOf({
        lines,
        x,
        width: element.clientWidth,
        heightPx,
        zoom: (to) => zoomRef.current(to),
      }),
      latest.current.data,
      element,
    );
    plot.current = made;
    setLineWidth(made, latest.current.data);
    if (range.current !== undefined) made.setScale("x", range.current);
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: heightPx }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [names, x, heightPx, theme]);

  useEffect(() => {
    const made = plot.current;
    if (made === undefined || made.data === data) return;
    const view = range.current;
    setLineWidth(made, data);
    made.setData(data, view === undefined);
    if (view !== undefined) made.setScale("x", view);
  }, [data]);

  const onKeyDown = (event: KeyboardEvent) => {
    const scale = plot.current?.scales.x;
    if (scale?.min == null || scale.max == null || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const next = movedBy(event.key, scale.min, scale.max);
    if (next === "none") return;
    event.preventDefault();
    zoom(next);
  };

  return (
    <figure className="plot">
      {/* biome-ignore lint/a11y/useSemanticElements: a canvas that keys move is none of them */}
      <div
        className="plot-canvas"
        role="group"
        aria-label={`Plot: ${label}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move and zoom it
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div ref={box} style={{ height: heightPx }} aria-hidden="true" />
      </div>
      <figcaption className="plot-foot">
        <ul className="plot-legend">
          {lines.map((line, at) => (
            <li key={line}>
              <svg width="18" height="10" aria-hidden="true">
                <path
                  d="M0 5h18"
                  stroke={`var(${seriesColours[at % seriesColours.length]})`}
                  strokeWidth="2.5"
                  strokeDasharray={dashOf(at)?.join(" ")}
                />
              </svg>
              {line}
            </li>
          ))}
        </ul>
        <Button look="bare" disabled={!zoomed} onClick={() => zoom(undefined)}>
          Show all
        </Button>
      </figcaption>
      <PlotNumbers label={label} lines={lines} data={data} />
    </figure>
  );
}

/** The range that a key leads to; undefined: all; "none": the key is not for us. */
function movedBy(
  key: string,
  min: number,
  max: number,
): { min: number; max: number } | undefined | "none" {
  const span = max - min;
  const by = (left: number, right: number) => ({ min: min + left * span, max: max + right * span });
  switch (key) {
    case "ArrowLeft":
      return by(-0.2, -0.2);
    case "ArrowRight":
      return by(0.2, 0.2);
    case "+":
    case "=":
      return by(0.25, -0.25);
    case "-":
      return by(-0.5, 0.5);
    case "Escape":
      return undefined;
    default:
      return "none";
  }
}

/** Beyond as many lines as there are colours, dashes tell them apart. */
function dashOf(at: number): number[] | undefined {
  const round = Math.floor(at / seriesColours.length);
  return round === 0 ? undefined : round === 1 ? [6, 3] : [2, 3];
}

/** Of more points than this a line of one pixel is seen better, and drawn several times as fast. */
const densePoints = 600;

function setLineWidth(plot: uPlot, [xs]: uPlot.AlignedData): void {
  for (const line of plot.series) line.width = xs.length > densePoints ? 1 : 1.5;
}

interface Look {
  readonly lines: readonly string[];
  readonly x: "time" | "number";
  readonly width: number;
  readonly heightPx: number;
  zoom(to: { readonly min: number; readonly max: number } | undefined): void;
}

function optionsOf({ lines, x, width, heightPx, zoom }: Look): uPlot.Options {
  const quiet = token("--text-2");
  const line = token("--line");
  const axis = {
    stroke: quiet,
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: heightPx,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    scales: { x: { time: x === "time" } },
    axes: [
      { ...axis, size: 30, gap: 6 },
      { ...axis, size: 56, gap: 6 },
    ],
    cursor: {
      // The range is set by `zoom`, which also remembers it.
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      bind: {
        dblclick: () => () => {
          zoom(undefined);
          return null;
        },
      },
    },
    series: [
      {},
      ...lines.map((label, at) => {
        const dash = dashOf(at);
        const colour = seriesColours[at % seriesColours.length] ?? "--text";
        return {
          label,
          stroke: token(colour),
          points: { show: false },
          ...(dash === undefined ? {} : { dash }),
        };
      }),
    ],
    hooks: {
      setSelect: [
        (made) => {
          const { left, width: chosen } = made.select;
          if (chosen < 4) return;
          zoom({ min: made.posToVal(left, "x"), max: made.posToVal(left + chosen, "x") });
          made.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}
