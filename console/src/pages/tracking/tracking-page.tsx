/** The tracking page: which cameras are well, what they see, and where tracked objects have been. */
import { useEffect, useState } from "react";
import type { Box } from "switchboard/client/tracking";
import { Figure } from "../../parts/figure.tsx";
import { Page } from "../../parts/page.tsx";
import { useNow } from "../../parts/ticker.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { type Polled, usePolled } from "../../parts/use-polled.ts";
import { useSession } from "../../session/session.tsx";
import type { CameraRow, CameraState, ConnectedCamera } from "./camera-book.ts";
import { CameraWall } from "./camera-wall.tsx";
import type { ShownFrame } from "./frame-feed.ts";
import type { ObjectRow } from "./object-book.ts";
import { ObjectsPanel } from "./objects-panel.tsx";
import { TimelinePanel } from "./timeline-panel.tsx";
import type { TrackResult } from "./track-requests.ts";
import { TrackingStore } from "./tracking-store.ts";
import { useObjectAddress } from "./use-object-address.ts";
import "./tracking.css";
import "./timeline.css";

/** How often it is asked who is connected. */
const camerasEveryMs = 2000;

export function TrackingPage() {
  const { baseUrl, clientOptions } = useSession();
  const store = useLive(() => new TrackingStore(baseUrl, clientOptions), [baseUrl, clientOptions]);
  return (
    <Page
      title="Tracking"
      about="Cameras report boxes around what they see. Click a box: that object is tracked from camera to camera until you stop it."
    >
      {store !== undefined && <Tracking store={store} />}
    </Page>
  );
}

function Tracking({ store }: { readonly store: TrackingStore }) {
  useExternal(store.subscribe, store.version);
  const nowMs = useNow();
  const say = useToast();
  const [addressed, show] = useObjectAddress();
  const cameras = store.cameras(nowMs);
  const objects = store.objects(nowMs);
  const objectId = useShownObject(addressed, objects);
  const connected = useConnected(store);
  // What is below the cameras comes when it is known how many there are: it would be pushed down.
  const isKnown = store.knowsCameras || connected.error !== undefined;

  const choose = async (frame: ShownFrame, box: Box) => {
    if (box.objectId !== undefined) {
      show(box.objectId);
      return;
    }
    const result = await store.track(frame, box);
    say(wordsOf(result, frame.cameraId), result.is === "tracked" ? "ok" : "bad");
    if (result.is === "tracked") show(result.objectId);
  };
  const stop = (id: number) => {
    if (!store.stop(id))
      say(
        `Object ${id} is still tracked: this page has no connection to the server. Try again when it is back.`,
        "bad",
      );
  };
  return (
    <>
      <Summary cameras={cameras} store={store} />
      <CameraWall
        store={store}
        connected={connected}
        cameras={cameras}
        onChoose={(frame, box) => void choose(frame, box)}
      />
      {isKnown && (
        <div className="columns">
          <ObjectsPanel
            objects={objects}
            selectedId={objectId}
            isLive={store.isLive}
            onStop={stop}
          />
          <TimelinePanel
            objectId={objectId}
            isUnseen={objectId !== undefined && store.isUnseen(objectId)}
            isOver={objectId !== undefined && store.hasStopped(objectId)}
            cameraIds={cameras.map(({ cameraId }) => cameraId)}
            onShow={show}
          />
        </div>
      )}
    </>
  );
}

interface SummaryProps {
  readonly cameras: readonly CameraRow[];
  readonly store: TrackingStore;
}

function Summary({ cameras, store }: SummaryProps) {
  const count = (state: CameraState) =>
    store.isLive ? cameras.filter((camera) => camera.state === state).length : undefined;
  const framesPerSecond = cameras.reduce((sum, camera) => sum + camera.framesPerSecond, 0);
  const isMeasured = store.isLive && (framesPerSecond > 0 || count("online") === 0);
  return (
    <div className="figures tracking-figures">
      <Figure label="Cameras online" value={count("online")} />
      <Figure label="Stopped: connected, silent" value={count("stopped")} />
      <Figure label="Offline" value={count("offline")} />
      <Figure
        label="Frames"
        value={isMeasured ? framesPerSecond.toFixed(1) : undefined}
        unit="/s, last 5 s"
      />
      <Figure label="Skipped for this page" value={store.skipped} unit="frames" />
    </div>
  );
}

/** Tells the store who is connected; asks at once when the page's own connection is back. */
function useConnected(store: TrackingStore): Polled<readonly ConnectedCamera[]> {
  const polled = usePolled<readonly ConnectedCamera[]>("/tracking/cameras", camerasEveryMs);
  const { data, refresh } = polled;
  const { isLive } = store;
  useEffect(() => {
    if (data !== undefined) store.connected(data);
  }, [store, data]);
  useEffect(() => {
    if (isLive) refresh();
  }, [isLive, refresh]);
  return polled;
}

/** The addressed object, or else the first one that was seen: it stays, so that the page is calm. */
function useShownObject(
  addressed: number | undefined,
  objects: readonly ObjectRow[],
): number | undefined {
  const [first, setFirst] = useState<number>();
  const candidate = objects.findLast(({ lastSeen }) => lastSeen !== undefined)?.objectId;
  useEffect(() => setFirst((before) => before ?? candidate), [candidate]);
  return addressed ?? first;
}

function wordsOf(result: TrackResult, cameraId: string): string {
  if (result.is === "tracked") return `Object ${result.objectId} is tracked now`;
  if (result.is === "unsent")
    return "Not tracked: this page has no connection to the server. Try again when it is back.";
  return `Not tracked: no object came of it. Camera ${cameraId} may have gone; choose a box in a newer frame.`;
}
