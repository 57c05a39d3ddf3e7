/** The shape of the last numbers, small. */
import "./sparkline.css";

interface SparklineProps {
  /** What it shows, for who does not see it; the number beside it says the rest. */
  readonly label: string;
  /** Oldest first. Gaps (NaN) are left out. */
  readonly values: readonly number[];
  /** How many values fill the width: the newest is at the right edge from the beginning. */
  readonly capacity: number;
  /** Default: as large as the values are, with 0 at the bottom. */
  readonly max?: number;
}

const width = 120;
const height = 28;

export function Sparkline({ label, values, capacity, max }: SparklineProps) {
  const shown = values.slice(-capacity);
  const top = max ?? Math.max(1e-9, ...shown.filter(Number.isFinite));
  const step = width / Math.max(1, capacity - 1);
  const points = shown
    .map(
      (value, at) =>
        [
          width - (shown.length - 1 - at) * step,
          height - 1.5 - (Math.min(value, top) / top) * (height - 3),
        ] as const,
    )
    .filter(([, y]) => Number.isFinite(y));
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const [first] = points;
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      width="100%"
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {first !== undefined && (
        <>
          <polygon
            points={`${first[0]},${height} ${line} ${width},${height}`}
            fill="var(--accent-soft)"
          />
          <polyline
            points={line}
            fill="none"
            stroke="var(--accent)"
            strokeWidth="1.5"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        </>
      )}
    </svg>
  );
}
