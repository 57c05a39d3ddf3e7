/** All cameras, with what is wrong said first. */
import { useState } from "react";
import type { Box } from "switchboard/client/tracking";
import { Button } from "../../parts/button.tsx";
import { CommandLine } from "../../parts/command-line.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import { ShowMore } from "../../parts/show-more.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import type { CameraRow, ConnectedCamera } from "./camera-book.ts";
import { CameraCard } from "./camera-card.tsx";
import { cameraWords } from "./camera-words.ts";
import type { ShownFrame } from "./frame-feed.ts";
import type { TrackingStore } from "./tracking-store.ts";

interface CameraWallProps {
  readonly store: TrackingStore;
  /** What the server says of who is connected. */
  readonly connected: Polled<readonly ConnectedCamera[]>;
  readonly cameras: readonly CameraRow[];
  onChoose(frame: ShownFrame, box: Box): void;
}

/** So many pictures at first: a hundred canvases are of use to nobody. */
const atOnce = 24;

export function CameraWall({ store, connected, cameras, onChoose }: CameraWallProps) {
  const [limit, setLimit] = useState(atOnce);
  const troubled = cameras.filter(({ state }) => state === "stopped" || state === "offline");
  const { data, error } = connected;
  const lookAt = ({ cameraId }: CameraRow) => {
    const at = cameras.findIndex((camera) => camera.cameraId === cameraId);
    setLimit((before) => Math.max(before, at + 1));
    requestAnimationFrame(() => {
      const card = document.getElementById(`camera ${cameraId}`);
      card?.scrollIntoView({ block: "center" });
      card?.focus({ preventScroll: true });
    });
  };
  return (
    <Panel title="Cameras" aside={<Freshness of={connected} />}>
      <div className="stack">
        <Trouble troubled={troubled} all={cameras.length} isLive={store.isLive} lookAt={lookAt} />
        {cameras.length === 0 && data === undefined && error !== undefined && (
          <ErrorState title="The list of cameras did not load" error={error} />
        )}
        {cameras.length === 0 && data !== undefined && (
          <EmptyState title="No camera is connected" action={<CommandLine text="npm run demo" />}>
            A camera's processor connects to <code>/processor</code>, says who it is and sends the
            boxes of each frame. To see three of them, start the demo:
          </EmptyState>
        )}
        <div className="camera-grid">
          {cameras.slice(0, limit).map((camera) => (
            <CameraCard
              key={camera.cameraId}
              camera={camera}
              feed={store.feed(camera.cameraId)}
              onChoose={onChoose}
            />
          ))}
        </div>
        <ShowMore
          count={cameras.length}
          shown={limit}
          step={atOnce}
          what="cameras"
          onMore={setLimit}
        />
      </div>
    </Panel>
  );
}

interface TroubleProps {
  readonly troubled: readonly CameraRow[];
  readonly all: number;
  readonly isLive: boolean;
  lookAt(camera: CameraRow): void;
}

/** More than this are counted, not named. */
const mostNamed = 8;

function Trouble({ troubled, all, isLive, lookAt }: TroubleProps) {
  const worstFirst = [...troubled].sort(
    (a, b) => Number(a.state === "offline") - Number(b.state === "offline"),
  );
  return (
    <div className="camera-trouble" role="status" aria-label="Cameras that need a look">
      {troubled.length === 0 && all > 0 && (
        <p className="quiet">
          {isLive
            ? "No camera is silent or gone."
            : "How they are is not known: the page has lost its connection, and tries again."}
        </p>
      )}
      {worstFirst.slice(0, mostNamed).map((camera) => (
        <span key={camera.cameraId} className="row">
          <Button onClick={() => lookAt(camera)}>
            <StatusBadge tone={cameraWords[camera.state].tone}>
              {cameraWords[camera.state].name}
            </StatusBadge>
            {camera.cameraId}
          </Button>
        </span>
      ))}
      {troubled.length > mostNamed && <p>and {troubled.length - mostNamed} more</p>}
    </div>
  );
}
