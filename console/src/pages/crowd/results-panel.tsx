/** What the rankings of a study come to. */
import { useState } from "react";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import { ShowMore } from "../../parts/show-more.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import { counted } from "./counted.ts";
import {
  type ExportedOriginal,
  type ExportedResult,
  placesOf,
  type StudyExport,
} from "./study-export.ts";

/** More are shown when asked for. */
const originalsAtOnce = 20;

export function ResultsPanel({ polled }: { readonly polled: Polled<StudyExport> }) {
  const [limit, setLimit] = useState(originalsAtOnce);
  const ranked = (polled.data?.originals ?? []).filter(({ results }) => results.length > 0);
  return (
    <Panel title="Rankings, taken together" aside={<Freshness of={polled} />}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <section className="crowd-results" aria-label="Results" tabIndex={0}>
        {polled.data !== undefined && ranked.length === 0 && (
          <EmptyState title="Nothing is ranked yet">
            Rankings begin when a sentence has enough versions.
          </EmptyState>
        )}
        <ul className="crowd-result-list">
          {ranked.slice(0, limit).map((original) => (
            <li key={original.original_id}>
              <OriginalResults original={original} />
            </li>
          ))}
        </ul>
        <ShowMore
          count={ranked.length}
          shown={limit}
          step={originalsAtOnce}
          what="sentences"
          onMore={setLimit}
        />
      </section>
    </Panel>
  );
}

function OriginalResults({
  original: { original, results },
}: {
  readonly original: ExportedOriginal;
}) {
  return (
    <article className="crowd-result" aria-label={original}>
      <h3>{original}</h3>
      {results.map((result) => (
        <ResultPlaces key={JSON.stringify(result.sentences)} result={result} />
      ))}
    </article>
  );
}

function ResultPlaces({ result }: { readonly result: ExportedResult }) {
  return (
    <div>
      <p className="row">
        <StatusBadge tone={result.final ? "ok" : "idle"}>
          {result.final ? "Final" : "So far"}
        </StatusBadge>
        <span className="quiet crowd-small">
          {counted(result.rankings, "ranking")} of {counted(result.sentences.length, "version")}
        </span>
      </p>
      <ol className="crowd-places">
        {placesOf(result).map(({ place, sentences }) => (
          <li key={place}>
            <span className="crowd-rank-place">{place}</span>
            <ul>
              {sentences.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
            <span className="row">
              {sentences.length > 1 && <StatusBadge tone="warn">Tie</StatusBadge>}
              {place === 1 && result.final && <StatusBadge tone="ok">Winner</StatusBadge>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
