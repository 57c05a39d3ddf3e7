/** The overview: what the server is doing now, service by service and node by node. */
import { Page } from "../../parts/page.tsx";
import { useNow } from "../../parts/ticker.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { useContracts } from "../../session/use-contracts.ts";
import { CloseTable, ErrorTable } from "./code-tables.tsx";
import { Glossary } from "./glossary.tsx";
import { NodePanel } from "./node-panel.tsx";
import { counted, type OverviewState } from "./overview-state.ts";
import { OverviewStore } from "./overview-store.ts";
import { useIsStale } from "./report-age.tsx";
import { ServiceGrid } from "./service-grid.tsx";
import { grandTotal, serviceSums } from "./service-sums.ts";
import { SlowClientsPanel } from "./slow-clients.tsx";
import { summarySentence } from "./summary.ts";
import { TryIt } from "./try-it.tsx";
import "./overview.css";

const nothing: OverviewState = [];
const never = () => () => {};
const nothingYet = () => nothing;

/** The services that are no team's: what consoles use, and connections that have not said yet whose they are. */
const ownNames = new Set(["admin", "none"]);

export function OverviewPage() {
  const { baseUrl, clientOptions } = useSession();
  const store = useLive(() => new OverviewStore(baseUrl, clientOptions), [baseUrl, clientOptions]);
  const state = useExternal(store?.subscribe ?? never, store?.snapshot ?? nothingYet);
  const { contracts } = useContracts();

  const heard = counted(state, useNow());
  const sums = serviceSums(heard);
  const services = sums.filter(({ service }) => !ownNames.has(service));
  const hasCome = state.length > 0;
  // Nothing is shown before there is something: what appears at once does not move.
  const atMs = hasCome ? Math.min(...heard.map((view) => view.atMs)) : undefined;
  return (
    <Page title="Overview">
      {atMs === undefined ? (
        <p className="overview-summary">Asking the server what it is doing.</p>
      ) : (
        <Summary
          text={summarySentence(services, heard.length, state.length - heard.length)}
          atMs={atMs}
        />
      )}
      {atMs !== undefined && (
        <>
          <TryIt baseUrl={baseUrl} isNobodyThere={grandTotal(services).connections === 0} />
          <ServiceGrid sums={sums} contracts={contracts} />
          {state.map((view) => (
            <NodePanel key={view.figures.node} view={view} />
          ))}
          <div className="columns">
            <SlowClientsPanel nodes={heard} count={grandTotal(sums).slowConnections} atMs={atMs} />
            <ErrorTable sums={sums} contracts={contracts} atMs={atMs} />
            <div className="overview-wide">
              <CloseTable sums={sums} contracts={contracts} atMs={atMs} />
            </div>
          </div>
          <Glossary />
        </>
      )}
    </Page>
  );
}

function Summary({ text, atMs }: { readonly text: string; readonly atMs: number }) {
  const isStale = useIsStale(atMs);
  return (
    <p className={isStale ? "overview-summary quiet" : "overview-summary"}>
      {isStale && "When the server was last heard of: "}
      {text}
    </p>
  );
}
