/** The objects that are tracked. */
import { Link } from "wouter";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Panel } from "../../parts/panel.tsx";
import { colourOf } from "./frame-geometry.ts";
import { imageSource } from "./image-source.ts";
import type { ObjectRow } from "./object-book.ts";
import { objectAddress } from "./use-object-address.ts";

interface ObjectsPanelProps {
  readonly objects: readonly ObjectRow[];
  readonly selectedId: number | undefined;
  /** False while nothing can be sent. */
  readonly isLive: boolean;
  onStop(objectId: number): void;
}

export function ObjectsPanel({ objects, selectedId, isLive, onStop }: ObjectsPanelProps) {
  const columns: readonly Column<ObjectRow>[] = [
    { key: "picture", head: "Picture", cell: (object) => <ObjectPicture object={object} /> },
    {
      key: "object",
      head: "Object",
      cell: ({ objectId }) => (
        <Link href={objectAddress(objectId)} aria-label={`Timeline of object ${objectId}`}>
          #{objectId}
        </Link>
      ),
      sortBy: ({ objectId }) => objectId,
      align: "end",
    },
    {
      key: "seen",
      head: "Last seen",
      cell: ({ lastSeen, isUnseen }) =>
        lastSeen === undefined ? (
          <span className="quiet">{isUnseen ? "not yet" : "not since you came"}</span>
        ) : (
          <span className="object-seen">
            {lastSeen.cameraId}
            <Age atMs={lastSeen.atMs} />
          </span>
        ),
      sortBy: ({ lastSeen }) => lastSeen?.atMs,
    },
    {
      key: "stop",
      head: "Stop",
      cell: ({ objectId, isStopping }) => (
        <Button
          busy={isStopping}
          disabled={!isLive}
          label={`Stop tracking object ${objectId}`}
          onClick={() => onStop(objectId)}
        >
          Stop
        </Button>
      ),
      align: "end",
    },
  ];
  return (
    <Panel title="Tracked objects" fit="flush" aside={`${objects.length} tracked`}>
      <div className="objects-place">
        <DataTable
          caption="Tracked objects"
          columns={columns}
          rows={objects}
          rowKey={({ objectId }) => String(objectId)}
          selectedKey={selectedId === undefined ? undefined : String(selectedId)}
          maxHeightPx={316}
          empty={
            <EmptyState title="Nothing is tracked">
              Click a box in a camera's picture, or choose one in the list below it.
            </EmptyState>
          }
        />
      </div>
    </Panel>
  );
}

/** What was given with the object, or its colour where that was no picture. */
function ObjectPicture({ object: { objectId, image } }: { readonly object: ObjectRow }) {
  const source = image === undefined ? undefined : imageSource(image);
  const color = `var(${colourOf(objectId)})`;
  if (source !== undefined)
    return (
      <img className="object-picture" style={{ color }} src={source} alt={`Object ${objectId}`} />
    );
  return (
    <span
      className="object-picture object-picture-none"
      style={{ color }}
      title="Chosen by its box: it has no picture"
    />
  );
}
