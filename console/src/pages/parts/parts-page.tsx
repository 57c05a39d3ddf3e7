/** Every part in its states: what a page is put together from, and what the tests of the parts look at. */
import { useState } from "react";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Field } from "../../parts/field.tsx";
import { Figure } from "../../parts/figure.tsx";
import { Page } from "../../parts/page.tsx";
import { Panel } from "../../parts/panel.tsx";
import { SelectField } from "../../parts/select-field.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { TimePlot } from "../../parts/time-plot.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useSession } from "../../session/session.tsx";
import { Burst } from "./burst.tsx";
import { LiveSample } from "./live-sample.tsx";

interface Sample {
  readonly id: string;
  readonly state: "open" | "waiting";
  readonly bytes: number;
}

const samples: readonly Sample[] = Array.from({ length: 250 }, (_, at) => ({
  id: `connection ${at + 1}`,
  state: at % 7 === 3 ? "waiting" : "open",
  bytes: (at * 7919) % 5003,
}));

const columns: readonly Column<Sample>[] = [
  { key: "id", head: "Connection", cell: ({ id }) => id, sortBy: ({ id }) => id },
  {
    key: "state",
    head: "State",
    cell: ({ state }) => <StatusBadge tone={state === "open" ? "ok" : "warn"}>{state}</StatusBadge>,
    sortBy: ({ state }) => state,
  },
  {
    key: "bytes",
    head: "Bytes",
    cell: ({ bytes }) => bytes.toLocaleString("en"),
    sortBy: ({ bytes }) => bytes,
    align: "end",
  },
];

const plotted = Array.from({ length: 600 }, (_, at) => at);
const lines = ["chain 1", "chain 2", "chain 3"];
const waves = lines.map((_, line) =>
  plotted.map((at) => Math.sin(at / 23 + line) + Math.cos(at * (1 + line)) / 3),
);

export function PartsPage() {
  const { fetchJson } = useSession();
  const say = useToast();
  const [openedMs] = useState(() => Date.now());
  const [name, setName] = useState("");
  const [kind, setKind] = useState("latest");
  const [selected, setSelected] = useState<string>();
  const [error, setError] = useState<unknown>();

  const ask = () => {
    fetchJson("/console-has-no-such-route").catch((failure: unknown) => setError(failure));
  };

  return (
    <Page
      title="Parts"
      about="What pages are put together from."
      actions={<Button look="primary">The one thing to do</Button>}
    >
      <div className="columns">
        <Panel title="Figures" aside={<Age atMs={openedMs} />}>
          <div className="figures">
            <Figure label="Messages out" value={12_345} unit="/s" atMs={openedMs}>
              <Sparkline
                label="Messages out, last minute"
                values={waves[0]?.slice(0, 60).map((y) => y + 2) ?? []}
                capacity={60}
              />
            </Figure>
            <Figure label="Connections" value={9_999} atMs={openedMs} />
            <Figure label="Queue" value={0.0421} unit="MB" atMs={openedMs - 75_000} />
            <Figure label="Not known yet" value={undefined} />
          </div>
        </Panel>
        <Panel title="States">
          <div className="stack">
            <div className="row">
              <StatusBadge tone="ok">Online</StatusBadge>
              <StatusBadge tone="warn">Slow</StatusBadge>
              <StatusBadge tone="bad">Offline</StatusBadge>
              <StatusBadge tone="busy">Sending</StatusBadge>
              <StatusBadge tone="idle">Stopped</StatusBadge>
            </div>
            <div className="row">
              <Button onClick={() => say("Command sent")}>Say it is done</Button>
              <Button
                look="danger"
                onClick={() => say("The monitor is offline: the command waits", "bad")}
              >
                Say what failed
              </Button>
              <Button busy>Busy</Button>
              <Button disabled>Disabled</Button>
              <Button pressed>Pressed</Button>
              <Button look="bare">Bare</Button>
            </div>
            <Burst />
            <LiveSample />
          </div>
        </Panel>
        <Panel title="Fields">
          <div className="stack">
            <Field
              label="Name"
              hint="1 to 40 letters"
              value={name}
              onChange={setName}
              placeholder="dan"
            />
            <Field
              label="With a problem"
              value="x y"
              onChange={() => {}}
              problem={'"x y" has a space: use letters and digits only'}
            />
            <SelectField
              label="Delivery"
              value={kind}
              onChange={setKind}
              options={[
                { value: "all", name: "All, in order" },
                { value: "latest", name: "The latest" },
              ]}
            />
          </div>
        </Panel>
        <Panel title="Failure">
          {error === undefined ? (
            <EmptyState
              title="Nothing has failed yet"
              action={<Button onClick={ask}>Ask for what is not there</Button>}
            >
              An error comes with what to do.
            </EmptyState>
          ) : (
            <ErrorState
              title="The answer did not come"
              error={error}
              onRetry={() => setError(undefined)}
            />
          )}
        </Panel>
      </div>
      <Panel title="A plot">
        <TimePlot label="three chains" lines={lines} data={[plotted, ...waves]} x="number" />
      </Panel>
      <Panel
        title="A table"
        fit="flush"
        aside={selected === undefined ? "250 rows" : `${selected} is selected`}
      >
        <DataTable
          caption="Connections"
          columns={[
            ...columns,
            {
              key: "select",
              head: "Look at it",
              cell: ({ id }) => (
                <Button look="bare" label={`Select ${id}`} onClick={() => setSelected(id)}>
                  Select
                </Button>
              ),
              align: "end",
            },
          ]}
          rows={samples}
          rowKey={({ id }) => id}
          selectedKey={selected}
          maxHeightPx={360}
          empty={<EmptyState title="Nobody is connected" />}
        />
      </Panel>
    </Page>
  );
}
