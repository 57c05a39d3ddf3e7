/** Stays as bars: a row for each camera, time from left to right. */
import { colourOf } from "./frame-geometry.ts";
import { clockText, durationText, type Stay, ticksOf } from "./stays.ts";

interface TimelineChartProps {
  readonly objectId: number;
  /** At least one. */
  readonly stays: readonly Stay[];
  readonly cameraIds: readonly string[];
}

/** The first rows; a timeline over more cameras shows those that have seen the object. */
const mostRows = 12;
/** A time further to the right than this would be cut off. */
const labelledPart = 0.82;
/** Listed as text, the newest. */
const mostListed = 200;

export function TimelineChart({ objectId, stays, cameraIds }: TimelineChartProps) {
  const seenBy = new Set(stays.map(({ cameraId }) => cameraId));
  const all = [...new Set([...cameraIds, ...seenBy])].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const rows = all.length <= mostRows ? all : all.filter((cameraId) => seenBy.has(cameraId));
  const fromS = Math.min(...stays.map((stay) => stay.fromS));
  const endS = Math.max(...stays.map((stay) => stay.toS)) + 1;
  // Short ones are not blown up: a second stays a small bar.
  const toS = Math.max(endS, fromS + 20);
  const part = (atS: number) => `${((atS - fromS) / (toS - fromS)) * 100}%`;
  const ticks = ticksOf(fromS, toS, 5);
  return (
    <figure className="timeline">
      <div
        className="timeline-rows"
        role="img"
        aria-label={`Object ${objectId} over ${rows.length} cameras, listed below`}
      >
        {rows.map((cameraId) => (
          <div key={cameraId} className="timeline-row">
            <span className="timeline-name" title={cameraId}>
              {cameraId}
            </span>
            <div className="timeline-track">
              {ticks.map((at) => (
                <i key={at} className="timeline-tick" style={{ left: part(at) }} />
              ))}
              {stays
                .filter((stay) => stay.cameraId === cameraId)
                .map(({ fromS: from, toS: to }) => (
                  <i
                    key={from}
                    className="timeline-stay"
                    style={{
                      left: part(from),
                      width: `${((to + 1 - from) / (toS - fromS)) * 100}%`,
                      background: `var(${colourOf(objectId)})`,
                    }}
                  />
                ))}
            </div>
          </div>
        ))}
        <div className="timeline-row timeline-axis">
          <span className="timeline-name">Server's time</span>
          <div className="timeline-track">
            {ticks
              .filter((at) => at - fromS < labelledPart * (toS - fromS))
              .map((at) => (
                <span key={at} style={{ left: part(at) }}>
                  {clockText(at)}
                </span>
              ))}
          </div>
        </div>
      </div>
      <figcaption>
        <details>
          <summary>
            {stays.length} {stays.length === 1 ? "stay" : "stays"} as text
          </summary>
          <ol className="timeline-list">
            {stays.slice(-mostListed).map(({ cameraId, fromS: from, toS: to }) => (
              <li key={`${cameraId} ${from}`}>
                {cameraId}: {clockText(from)} to {clockText(to)}, {durationText(to + 1 - from)}
              </li>
            ))}
          </ol>
        </details>
      </figcaption>
    </figure>
  );
}
