/** The frames of one connection, from the moment it is looked at. */
import { useState } from "react";
import { Link } from "wouter";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Panel } from "../../parts/panel.tsx";
import { SelectField } from "../../parts/select-field.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { Contracts } from "../../session/use-contracts.ts";
import { CloseNote } from "./close-note.tsx";
import { FrameList } from "./frame-list.tsx";
import type { InspectionState, InspectionStore } from "./inspection-store.ts";

interface InspectionPanelProps {
  readonly store: InspectionStore;
  readonly state: InspectionState;
  readonly contracts: Contracts | undefined;
  /** Whose next connection may be waited for. */
  readonly services: readonly string[];
  inspectNext(service: string): void;
  stop(): void;
}

export function InspectionPanel({
  store,
  state,
  contracts,
  services,
  inspectNext,
  stop,
}: InspectionPanelProps) {
  const { status, target, about, closed, problem, log } = state;
  const [service, setService] = useState(services[0] ?? "");
  const isOn = status === "asking" || status === "inspecting";
  return (
    <Panel title="Frames" aside={<Status state={state} />}>
      <div className="stack">
        <div className="inspection-tools">
          <SelectField
            label="From the first frame on"
            value={service}
            options={services.map((name) => ({
              value: name,
              name: `The next connection of ${name}`,
            }))}
            onChange={setService}
          />
          <Button look="primary" onClick={() => inspectNext(service)}>
            Wait for it
          </Button>
          <Button disabled={!isOn} onClick={stop}>
            Stop
          </Button>
        </div>
        <div className="inspection-about">
          {about !== undefined && (
            <p>
              A client of{" "}
              <strong>
                {about.service === "none" ? "a service not known yet" : about.service}
              </strong>{" "}
              at <code>{about.path}</code>, from {about.address}, opened{" "}
              <Age serverMs={about.since} />{" "}
              <span className="quiet connection-id">{about.connection}</span>
            </p>
          )}
          {status === "asking" &&
            target !== undefined &&
            "nextOf" in target &&
            about === undefined && (
              <p className="quiet">
                The next client that connects to {target.nextOf} will be shown here from its first
                frame.
              </p>
            )}
          {problem !== undefined && (
            <p className="field-problem" role="alert">
              {problem}. It may have ended meanwhile:{" "}
              <Link href="/inspector">look at the list</Link>.
            </p>
          )}
          {closed !== undefined && (
            <CloseNote
              code={closed.code}
              reason={closed.reason}
              by={closed.byServer ? "The server" : "The client"}
              contracts={contracts}
            />
          )}
        </div>
        {status === "idle" ? (
          <div className="frames-place">
            <EmptyState title="Nothing is inspected">
              Choose a connection from the list below, or wait for the next one. Secrets are taken
              out by the server, and every inspection is written into its log.
            </EmptyState>
          </div>
        ) : (
          <FrameList label="Frames of the connection" log={log} forget={() => store.forget()} />
        )}
      </div>
    </Panel>
  );
}

function Status({ state: { status, target, about } }: { readonly state: InspectionState }) {
  if (status === "inspecting") return <StatusBadge tone="ok">Inspecting</StatusBadge>;
  if (status === "over") return <StatusBadge tone="idle">Ended</StatusBadge>;
  if (status === "idle" || target === undefined) return <StatusBadge tone="idle">Off</StatusBadge>;
  return (
    <StatusBadge tone="busy">
      {"nextOf" in target && about === undefined ? "Waiting" : "Asking"}
    </StatusBadge>
  );
}
