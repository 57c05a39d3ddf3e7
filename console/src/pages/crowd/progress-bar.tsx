/** How far a stage of a study is. */
import type { StageCounts } from "./study-counts.ts";

interface ProgressBarProps {
  readonly label: string;
  readonly counts: StageCounts;
}

/** Done, with a worker, and still free, as parts of what is wanted so far. */
export function ProgressBar({ label, counts: { wanted, done, open, free } }: ProgressBarProps) {
  const width = (part: number) => ({ width: `${wanted === 0 ? 0 : (part / wanted) * 100}%` });
  return (
    <div className="crowd-progress">
      <div className="crowd-progress-head">
        <strong>{label}</strong>
        <span>
          {done.toLocaleString("en")} of {wanted.toLocaleString("en")} done
        </span>
      </div>
      <div
        className="crowd-progress-bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={wanted}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${wanted} done, ${open} with a worker, ${free} free`}
      >
        <div className="crowd-progress-done" style={width(done)} />
        <div className="crowd-progress-open" style={width(open)} />
      </div>
      <p className="quiet crowd-small" aria-hidden="true">
        {open.toLocaleString("en")} with a worker, {free.toLocaleString("en")} free
      </p>
    </div>
  );
}
