/** One experiment, live. */
import { useState } from "react";
import { ExperimentViewer } from "switchboard/client/experiments";
import { Link } from "wouter";
import { Page } from "../../parts/page.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { ExperimentFigures } from "./experiment-figures.tsx";
import { ExperimentLog } from "./experiment-log.tsx";
import { ExperimentStore } from "./experiment-store.ts";
import { Notices } from "./notices.tsx";
import { Plots } from "./plots.tsx";
import { SamplesSource } from "./samples-source.ts";
import { VariableTable } from "./variable-table.tsx";

export function ExperimentPage({ experiment }: { readonly experiment: string }) {
  const session = useSession();
  const { baseUrl, clientOptions } = session;
  const store = useLive(() => {
    const viewer = new ExperimentViewer(baseUrl, { ...clientOptions, experiment });
    return new ExperimentStore(viewer, new SamplesSource(session, experiment));
  }, [baseUrl, clientOptions, experiment]);
  // When the page was opened: from then on it has waited.
  const [openedMs] = useState(() => Date.now());
  return (
    <Page
      title={experiment}
      about="The draws of a sampler as they come: its chains should look alike, and mix."
      actions={<Link href="/experiments">All experiments</Link>}
    >
      {store !== undefined && <Live store={store} openedMs={openedMs} />}
    </Page>
  );
}

function Live({ store, openedMs }: { readonly store: ExperimentStore; readonly openedMs: number }) {
  const facts = useExternal(store.changes.subscribe, store.facts);
  const { isKnown, link, failure, refusal } = facts;
  return (
    <>
      <ExperimentFigures store={store} facts={facts} openedMs={openedMs} />
      <Notices link={link} failure={failure} refusal={refusal} isKnown={isKnown} />
      {/* All at once when the server has said what there is: nothing moves then. */}
      {isKnown && (
        <>
          <VariableTable store={store} facts={facts} />
          <Plots store={store} facts={facts} />
          <ExperimentLog store={store} />
        </>
      )}
    </>
  );
}
