/** The crowd: the worker's own page and the requester's. */
import type { ReactNode } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { Page } from "../../parts/page.tsx";
import { useAddressPart } from "../../parts/use-address-part.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { RequesterView } from "./requester-view.tsx";
import { WorkerView } from "./worker-view.tsx";
import "./crowd.css";

const parts = [
  { path: "/crowd/worker", name: "As a worker" },
  { path: "/crowd/requester", name: "As the requester" },
] as const;

export function CrowdPage() {
  const studyId = useAddressPart("/crowd/requester/:id");
  return (
    <Switch>
      <Route path="/crowd">
        <Redirect to="/crowd/worker" replace />
      </Route>
      <Route path="/crowd/worker">
        <Frame>
          <WorkerView />
        </Frame>
      </Route>
      <Route path="/crowd/requester/:id?">
        <Frame>
          <RequesterView id={studyId} />
        </Frame>
      </Route>
      <Route component={NotFound} />
    </Switch>
  );
}

function Frame({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
  return (
    <Page
      title="Crowd"
      about="Workers write versions of sentences in which something is otherwise, and rank those of others; requesters load the sentences and see what comes."
    >
      <nav className="crowd-tabs" aria-label="Parts of the crowd">
        {parts.map(({ path: to, name }) => (
          <Link
            key={to}
            href={to}
            aria-current={path === to || path.startsWith(`${to}/`) ? "page" : undefined}
          >
            {name}
          </Link>
        ))}
      </nav>
      {children}
    </Page>
  );
}
