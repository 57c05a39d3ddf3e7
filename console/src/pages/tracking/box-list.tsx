/** A camera's boxes as a list of buttons: what the picture shows, for keys and for who does not see it. */
import { useEffect, useRef, useState } from "react";
import type { Box } from "switchboard/client/tracking";
import { useTicker } from "../../parts/ticker.tsx";
import type { FrameFeed, ShownFrame } from "./frame-feed.ts";
import { colourOf, nameOf, whereOf } from "./frame-geometry.ts";

interface BoxListProps {
  readonly cameraId: string;
  readonly feed: FrameFeed;
  onChoose(frame: ShownFrame, box: Box): void;
}

/** A frame may have more boxes than anybody reads. */
const most = 50;

/** It is renewed once a second, and stands still while the focus or the pointer is in it: what is chosen is what was read. */
export function BoxList({ cameraId, feed, onChoose }: BoxListProps) {
  const ticker = useTicker();
  const [frame, setFrame] = useState(feed.snapshot);
  const list = useRef<HTMLUListElement>(null);
  const isPointed = useRef(false);

  useEffect(() => {
    const renew = () => {
      const isHeld = isPointed.current || list.current?.contains(document.activeElement) === true;
      if (!isHeld) setFrame(feed.snapshot());
    };
    renew();
    const endTicks = ticker.subscribe(renew);
    // The first frame is not waited for.
    const endFirst = feed.subscribe(() => setFrame((before) => before ?? feed.snapshot()));
    return () => {
      endTicks();
      endFirst();
    };
  }, [ticker, feed]);

  const boxes = frame?.boxes ?? [];
  return (
    <ul
      ref={list}
      className="box-list"
      aria-label={`Boxes of camera ${cameraId}`}
      onPointerEnter={() => {
        isPointed.current = true;
      }}
      onPointerLeave={() => {
        isPointed.current = false;
      }}
    >
      {frame !== undefined &&
        boxes.slice(0, most).map((box) => (
          <li key={`${box.boxId} ${box.objectId ?? ""}`}>
            <BoxButton box={box} onChoose={() => onChoose(frame, box)} />
          </li>
        ))}
      {boxes.length === 0 && (
        <li className="quiet">{frame === undefined ? "No frame yet" : "Nothing in view"}</li>
      )}
      {boxes.length > most && <li className="quiet">and {boxes.length - most} more</li>}
    </ul>
  );
}

function BoxButton({ box, onChoose }: { readonly box: Box; onChoose(): void }) {
  const { objectId } = box;
  const verb = objectId === undefined ? "Track" : "Show";
  return (
    <button
      type="button"
      className="box-button"
      aria-label={`${verb} ${nameOf(box)}, ${whereOf(box)}`}
      onClick={onChoose}
    >
      {objectId === undefined ? (
        <>
          <span className="box-sign" aria-hidden="true" />
          {box.objectType} {box.boxId}
        </>
      ) : (
        <>
          <span
            className="box-sign box-sign-tracked"
            style={{ color: `var(${colourOf(objectId)})` }}
            aria-hidden="true"
          />
          #{objectId}
        </>
      )}
    </button>
  );
}
