/** Where one object has been, camera by camera. */
import { type FormEvent, useState } from "react";
import type { TimelineEntry } from "switchboard/client/tracking";
import { Button } from "../../parts/button.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Field } from "../../parts/field.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { RequestError } from "../../session/request-error.ts";
import { staysOf } from "./stays.ts";
import { TimelineChart } from "./timeline-chart.tsx";

interface TimelinePanelProps {
  readonly objectId: number | undefined;
  /** No camera has seen it yet, so it has no timeline. */
  readonly isUnseen: boolean;
  /** It is tracked no more. */
  readonly isOver: boolean;
  /** Cameras that have a row, seen there or not. */
  readonly cameraIds: readonly string[];
  onShow(objectId: number): void;
}

const everyMs = 2000;

export function TimelinePanel({
  objectId,
  isUnseen,
  isOver,
  cameraIds,
  onShow,
}: TimelinePanelProps) {
  // To ask for one that was never seen is an error to the server.
  const isAsked = objectId !== undefined && !isUnseen;
  const polled = usePolled<readonly TimelineEntry[]>(
    isAsked ? `/timelines?objectId=${objectId}` : undefined,
    isOver ? Number.POSITIVE_INFINITY : everyMs,
  );
  const { data, error, refresh } = polled;
  const wasNeverSeen = error instanceof RequestError && error.status === 400;
  const stays = staysOf(data ?? []);
  return (
    <Panel
      title={objectId === undefined ? "Timeline" : `Timeline of object ${objectId}`}
      aside={
        <>
          {isOver && <StatusBadge tone="idle">Tracked no more</StatusBadge>}
          <Freshness of={polled} />
        </>
      }
    >
      <div className="stack">
        <div className="timeline-place">
          {objectId === undefined ? (
            <EmptyState title="No object chosen">
              Choose a tracked object, and see which cameras saw it when.
            </EmptyState>
          ) : error !== undefined && data === undefined && !wasNeverSeen ? (
            <ErrorState title="The timeline did not load" error={error} onRetry={refresh} />
          ) : stays.length > 0 ? (
            <TimelineChart objectId={objectId} stays={stays} cameraIds={cameraIds} />
          ) : wasNeverSeen || isUnseen ? (
            <EmptyState title={`No camera has seen object ${objectId}`}>
              {isUnseen && !isOver
                ? "It is tracked; its timeline begins when a camera recognises it."
                : "Nor has one before: is it the right number?"}
            </EmptyState>
          ) : null}
        </div>
        <Earlier onShow={onShow} />
      </div>
    </Panel>
  );
}

/** Objects that are tracked no more keep their timelines. */
function Earlier({ onShow }: { onShow(objectId: number): void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const show = (event: FormEvent) => {
    event.preventDefault();
    const isNumber = /^\d{1,15}$/.test(text.trim());
    setProblem(isNumber ? undefined : "An object has a number: 1, 2, 3 and so on");
    if (isNumber) onShow(Number(text));
  };
  return (
    <form className="timeline-earlier" onSubmit={show}>
      <Field
        label="An earlier object"
        value={text}
        onChange={setText}
        problem={problem}
        inputMode="numeric"
        placeholder="12"
      />
      <Button type="submit">Show its timeline</Button>
    </form>
  );
}
