/** One node: the process, and what it costs. */
import { Figure, shortNumber } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { bytesText, durationText, millisecondsText, percentText } from "../../parts/units.ts";
import { historyLength, type NodeView } from "./overview-state.ts";
import { ReportAge, useIsStale } from "./report-age.tsx";
import { nodeName } from "./slow-elsewhere.ts";

/** What an engine stores in, by its kind. */
const stores: Readonly<Record<string, string>> = {
  embedded: "SQLite",
  nats: "NATS",
  memory: "Memory",
};

/** An event loop that is later than this holds up every client. */
const lateMs = 100;

export function NodePanel({ view }: { readonly view: NodeView }) {
  const isStale = useIsStale(view.atMs);
  const { figures } = view;
  const { cpuShare, rssBytes, eventLoopDelayMs, uptimeSeconds } = figures.process;
  const delay = eventLoopDelayMs?.p99;
  return (
    <Panel
      title={`Node ${nodeName(figures)}`}
      aside={
        <>
          {!isStale && <NodeState draining={figures.draining} />}
          <ReportAge atMs={view.atMs} />
        </>
      }
    >
      <div className={isStale ? "node-figures is-stale" : "node-figures"}>
        <Figure
          label="CPU, of one core"
          value={cpuShare === undefined ? undefined : percentText(cpuShare)}
        >
          <Sparkline
            label="CPU, last minute"
            values={view.cpu}
            capacity={historyLength}
            max={Math.max(1, ...view.cpu)}
          />
        </Figure>
        <Figure label="Memory" value={bytesText(rssBytes)} />
        <Figure
          label="Event loop late by"
          value={delay === undefined ? undefined : millisecondsText(delay)}
        >
          {delay !== undefined && delay > lateMs ? (
            <span className="figure-note">
              <StatusBadge tone="warn">Busy</StatusBadge>
            </span>
          ) : (
            <span className="figure-note">99 of 100 times less</span>
          )}
        </Figure>
        <Figure label="Connections" value={figures.connections}>
          <span className="figure-note">{shortNumber(figures.refused)} refused</span>
        </Figure>
        <Figure label="Up for" value={durationText(uptimeSeconds)}>
          <span className="figure-note">version {figures.version}</span>
        </Figure>
        <Figure label="Stores in" value={stores[figures.engine.kind] ?? figures.engine.kind}>
          <span className="figure-note">{figures.engine.kind} engine</span>
        </Figure>
      </div>
    </Panel>
  );
}

function NodeState({ draining }: { readonly draining: boolean }) {
  return draining ? (
    <StatusBadge tone="warn">Draining</StatusBadge>
  ) : (
    <StatusBadge tone="ok">Takes clients</StatusBadge>
  );
}
