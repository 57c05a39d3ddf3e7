/** The inspector: who is connected, what they say and are told, and a client of one's own to try a message with. */
import { useEffect, useRef } from "react";
import { useLocation, useRoute } from "wouter";
import { ErrorState } from "../../parts/error-state.tsx";
import { Page } from "../../parts/page.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { type Contracts, useContracts } from "../../session/use-contracts.ts";
import { ConnectionsPanel } from "./connections-panel.tsx";
import { InspectionPanel } from "./inspection-panel.tsx";
import { InspectionStore } from "./inspection-store.ts";
import { TestMessagePanel } from "./test-message-panel.tsx";
import "./inspector.css";

export function InspectorPage() {
  const { baseUrl, clientOptions } = useSession();
  const store = useLive(
    () => new InspectionStore(baseUrl, clientOptions),
    [baseUrl, clientOptions],
  );
  const { contracts, error, retry } = useContracts();
  return (
    <Page
      title="Inspector"
      about="See the frames of one client as they come and go, and send a message as a client would."
    >
      {store !== undefined && <Inspection store={store} contracts={contracts} />}
      {contracts !== undefined && <TestMessagePanel contracts={contracts} />}
      {error !== undefined && (
        <ErrorState title="The contracts did not load" error={error} onRetry={retry} />
      )}
    </Page>
  );
}

/** What is inspected is in the address: `/inspector/connection/ID`, `/inspector/next/SERVICE`. */
function Inspection({
  store,
  contracts,
}: {
  readonly store: InspectionStore;
  readonly contracts: Contracts | undefined;
}) {
  const { services } = useSession();
  const state = useExternal(store.subscribe, store.snapshot);
  const [, ofConnection] = useRoute("/inspector/connection/:id");
  const [, ofNext] = useRoute("/inspector/next/:service");
  const [, go] = useLocation();
  const place = useRef<HTMLDivElement>(null);
  const id = ofConnection?.id;
  const nextOf = ofNext?.service;

  useEffect(() => {
    if (id === undefined && nextOf === undefined) {
      store.end();
      return;
    }
    store.begin(id === undefined ? { nextOf: nextOf ?? "" } : { connection: id });
    // A link in the list below has been followed.
    place.current?.scrollIntoView({ block: "nearest" });
  }, [store, id, nextOf]);

  const inspectNext = (service: string) => {
    // The same address again is another wait.
    if (service === nextOf) store.begin({ nextOf: service });
    else go(`/inspector/next/${service}`);
  };
  return (
    <>
      <div ref={place}>
        <InspectionPanel
          store={store}
          state={state}
          contracts={contracts}
          services={services.filter((name) => name !== "admin")}
          inspectNext={inspectNext}
          stop={() => go("/inspector")}
        />
      </div>
      <ConnectionsPanel
        selected={state.status === "inspecting" ? state.about?.connection : undefined}
      />
    </>
  );
}
