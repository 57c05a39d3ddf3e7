/** One number, large, with what it counts and how old it is. */
import type { ReactNode } from "react";
import { Age } from "./age.tsx";
import "./figure.css";

interface FigureProps {
  readonly label: string;
  /** A number is shown short, as `shortNumber` does, text as it is; undefined: not known yet. */
  readonly value: number | string | undefined;
  /** "msg/s", "MB". */
  readonly unit?: string;
  /** When the number was true; see Age. */
  readonly atMs?: number | undefined;
  /** Below the number: a Sparkline, a StatusBadge. */
  readonly children?: ReactNode;
}

/** Belongs into an element with the class `figures`. Its size does not depend on the number. */
export function Figure({ label, value, unit, atMs, children }: FigureProps) {
  return (
    <div className="figure">
      <span className="figure-label">{label}</span>
      <span className="figure-value">
        <strong>
          {value === undefined ? "–" : typeof value === "number" ? shortNumber(value) : value}
        </strong>
        {unit !== undefined && <span>{unit}</span>}
      </span>
      {children}
      {atMs !== undefined && <Age atMs={atMs} />}
    </div>
  );
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** Whole numbers below 10,000 as they are, of others three digits that count: 0.012, 7, 9,999, 12.3K, 45.6M; two of 1.2e-4 and 6.0e+23. Not a number: "–". */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 10_000) return whole.format(value);
  const size = Math.abs(value);
  return (size !== 0 && size < 0.001) || size >= 1e15
    ? value.toExponential(1)
    : compact.format(value);
}
