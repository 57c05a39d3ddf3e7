/** The unit that a worker is at. */
import { useEffect, useRef } from "react";
import { Button } from "../../parts/button.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { FeedbackForm } from "./feedback-form.tsx";
import { RankUnit } from "./rank-unit.tsx";
import type { DeskView, UnitDesk } from "./unit-desk.ts";
import { WriteUnit } from "./write-unit.tsx";

const done = {
  written:
    "Your version is stored. Others will rank it; when they put it first, you see it in your numbers.",
  ranked: "Your ranking is stored.",
  skipped: "Skipped. Somebody else is asked for this sentence.",
} as const;

const titles = { CAD: "Write a counterfactual", RANKING: "Rank sentences" } as const;

export function UnitPanel({ desk }: { readonly desk: UnitDesk }) {
  const view = useExternal(desk.subscribe, desk.snapshot);
  const { unit, phase, problem } = view;
  const isAtWork = phase.is === "working" || phase.is === "sending";
  return (
    <Panel
      title={isAtWork && unit !== undefined ? titles[unit.stage] : "Your unit"}
      aside={<Standing view={view} />}
    >
      <div className="crowd-unit">
        <Content desk={desk} view={view} />
        <p className="crowd-problem" role="alert">
          {problem}
        </p>
        {unit !== undefined && <FeedbackForm desk={desk} />}
      </div>
    </Panel>
  );
}

function Content({ desk, view }: { readonly desk: UnitDesk; readonly view: DeskView }) {
  const { phase, unit } = view;
  const get = () => void desk.getUnit();
  switch (phase.is) {
    case "idle":
      return (
        <EmptyState
          title="You have no unit"
          action={
            <Button look="primary" onClick={get}>
              Get a unit
            </Button>
          }
        >
          A unit is one small piece of work: a sentence to rewrite, or a few to rank. A ranking can
          only come when a sentence has enough versions.
        </EmptyState>
      );
    case "asking":
      return <EmptyState title="Asking for a unit" />;
    case "none":
      return (
        <EmptyState
          title="There is nothing to do for you now"
          action={<Button onClick={get}>Ask again</Button>}
        >
          {phase.reason === "" ? "Nobody gets the same sentence twice." : phase.reason} New work
          comes when others have finished theirs, or when a requester loads a study.
        </EmptyState>
      );
    case "failed":
      return (
        <ErrorState
          title="No unit could be had"
          error={phase.error}
          onRetry={() => void desk.getUnit(phase.registrationId)}
        />
      );
    case "done":
      return <Done what={phase.what} get={get} />;
    default:
      if (unit === undefined) return null;
      return unit.stage === "CAD" ? (
        <WriteUnit key={unit.agentId} unit={unit} desk={desk} view={view} />
      ) : (
        <RankUnit key={unit.agentId} unit={unit} desk={desk} view={view} />
      );
  }
}

/** What was pressed has gone: the focus is on what comes next. */
function Done({ what, get }: { readonly what: keyof typeof done; get(): void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.querySelector("button")?.focus(), []);
  return (
    <div ref={place} role="status">
      <EmptyState
        title="Done, thank you"
        action={
          <Button look="primary" onClick={get}>
            Get the next unit
          </Button>
        }
      >
        {done[what]}
      </EmptyState>
    </div>
  );
}

function Standing({ view: { state, phase } }: { readonly view: DeskView }) {
  if (phase.is !== "working" && phase.is !== "sending") return null;
  if (state === undefined || state.status === "open")
    return <StatusBadge tone="ok">Connected</StatusBadge>;
  if (state.status === "closed") return <StatusBadge tone="bad">Ended: reload</StatusBadge>;
  // Short: beside the title at 390 px, too.
  if (state.status === "connecting") return <StatusBadge tone="busy">Connecting</StatusBadge>;
  return <StatusBadge tone="warn">Reconnecting</StatusBadge>;
}
