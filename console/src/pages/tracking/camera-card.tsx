/** One camera: how it is, and what it sees. */
import type { Box } from "switchboard/client/tracking";
import { Age } from "../../parts/age.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { BoxList } from "./box-list.tsx";
import { BoxesCanvas } from "./boxes-canvas.tsx";
import type { CameraRow } from "./camera-book.ts";
import { cameraWords } from "./camera-words.ts";
import type { FrameFeed, ShownFrame } from "./frame-feed.ts";

interface CameraCardProps {
  readonly camera: CameraRow;
  readonly feed: FrameFeed;
  onChoose(frame: ShownFrame, box: Box): void;
}

export function CameraCard({ camera, feed, onChoose }: CameraCardProps) {
  const { cameraId, state, since, lastFrameAt, framesPerSecond } = camera;
  const { tone, name, about } = cameraWords[state];
  const isStale = state !== "online";
  // A rate takes two frames.
  const isUnmeasured = state === "unknown" || (state === "online" && framesPerSecond === 0);
  return (
    <article
      className={`camera camera-${state}`}
      id={`camera ${cameraId}`}
      tabIndex={-1}
      aria-label={`Camera ${cameraId}`}
    >
      <header className="camera-head">
        <h3 title={cameraId}>{cameraId}</h3>
        <StatusBadge tone={tone}>{name}</StatusBadge>
      </header>
      <div className="camera-picture">
        <BoxesCanvas cameraId={cameraId} feed={feed} isStale={isStale} onChoose={onChoose} />
        {isStale && <p className="camera-note">{about}</p>}
      </div>
      <BoxList cameraId={cameraId} feed={feed} onChoose={onChoose} />
      <dl className="camera-facts">
        <div>
          <dt>Frames</dt>
          <dd>{isUnmeasured ? "–" : `${framesPerSecond.toFixed(1)} /s`}</dd>
        </div>
        <div>
          <dt>Last frame</dt>
          <dd>{lastFrameAt === undefined ? "none yet" : <Age atMs={lastFrameAt} />}</dd>
        </div>
        <div>
          <dt>Connected</dt>
          <dd>
            {since !== undefined ? <Age serverMs={since} /> : state === "unknown" ? "–" : "no"}
          </dd>
        </div>
      </dl>
    </article>
  );
}
