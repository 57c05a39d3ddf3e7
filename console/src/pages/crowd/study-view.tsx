/** One study: how far it is, who has done what, and what came of it. */
import { Button } from "../../parts/button.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { BonusesPanel } from "./bonuses-panel.tsx";
import { counted } from "./counted.ts";
import { ExportButtons } from "./export-buttons.tsx";
import { FeedbackPanel } from "./feedback-panel.tsx";
import { ProgressBar } from "./progress-bar.tsx";
import { ResultsPanel } from "./results-panel.tsx";
import { type StudyCounts, versionOf } from "./study-counts.ts";
import type { StudyExport } from "./study-export.ts";
import { WorkersPanel } from "./workers-panel.tsx";

const everyMs = 3000;

/** The export of a larger study comes when it is opened and when it is asked for, not whenever a unit is done. */
const followedSentences = 1000;

export function StudyView({ id }: { readonly id: string }) {
  const path = `/crowd/studies/${encodeURIComponent(id)}`;
  const progress = usePolled<StudyCounts>(path, everyMs);
  const { data: counts, error } = progress;
  const version =
    counts === undefined || counts.sentences > followedSentences ? undefined : versionOf(counts);
  const exported = usePolled<StudyExport>(
    counts === undefined ? undefined : `${path}/export`,
    Number.POSITIVE_INFINITY,
    version,
  );

  if (counts === undefined) {
    return (
      <Panel title={`Study ${id}`}>
        <div className="crowd-study-place">
          {error !== undefined && (
            <ErrorState title="The study did not load" error={error} onRetry={progress.refresh} />
          )}
        </div>
      </Panel>
    );
  }
  return (
    <>
      <Panel
        title={`Study ${id}`}
        aside={
          <>
            <Freshness of={progress} />
            <Button look="bare" onClick={exported.refresh}>
              Refresh all
            </Button>
          </>
        }
      >
        <div className="stack">
          <p className="quiet">
            {counted(counts.sentences, "sentence")}; of each {counted(counts.max_cads, "version")}{" "}
            and {counted(counts.rankings_per_original, "ranking")} of{" "}
            {counted(counts.sentences_per_ranking, "version")} are wanted.{" "}
            {counted(counts.cads, "version")} so far, with those that were loaded.
          </p>
          <div className="columns">
            <ProgressBar label="Versions" counts={counts.CAD} />
            <ProgressBar label="Rankings" counts={counts.RANKING} />
          </div>
          <ExportButtons study={id} />
        </div>
      </Panel>
      {exported.data === undefined && exported.error !== undefined && (
        <ErrorState
          title="What was done in the study did not load"
          error={exported.error}
          onRetry={exported.refresh}
        />
      )}
      <WorkersPanel polled={exported} />
      <div className="columns">
        <ResultsPanel polled={exported} />
        <BonusesPanel study={id} version={version} />
      </div>
      <FeedbackPanel polled={exported} />
    </>
  );
}
