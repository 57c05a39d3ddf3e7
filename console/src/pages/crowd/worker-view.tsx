/** The worker's own page. */
import { type FormEvent, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { SelectField } from "../../parts/select-field.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { keep, readKept } from "./kept-unit.ts";
import { NumbersPanel } from "./numbers-panel.tsx";
import type { StudyCounts } from "./study-counts.ts";
import { UnitPanel } from "./unit-panel.tsx";
import { useDesk } from "./use-desk.ts";

/** Who works, and at what. */
interface Who {
  readonly worker: string;
  readonly study: string | undefined;
}

export function WorkerView() {
  const [who, setWho] = useState<Who | undefined>(() => readKept());
  if (who === undefined) return <WhoForm enter={setWho} />;
  const leave = () => {
    keep(undefined);
    setWho(undefined);
  };
  return <AtWork key={JSON.stringify(who)} who={who} leave={leave} />;
}

function WhoForm({ enter }: { enter(who: Who): void }) {
  // Who may not see the studies works at any of them.
  const { data: studies = [] } = usePolled<readonly StudyCounts[]>(
    "/crowd/studies",
    Number.POSITIVE_INFINITY,
  );
  const [worker, setWorker] = useState("");
  const [study, setStudy] = useState("");
  const [tried, setTried] = useState(false);
  const problem =
    worker.trim() === ""
      ? "Give a name"
      : worker.length > 200
        ? "At most 200 characters"
        : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (problem === undefined)
      enter({ worker: worker.trim(), study: study === "" ? undefined : study });
  };
  return (
    <Panel title="Who works?">
      <form className="stack crowd-who" onSubmit={submit} noValidate>
        <p className="quiet">
          This is what a worker sees: sentences to rewrite, versions of others to rank, and what
          became of it, live. Any name will do; the same name has the same numbers.
        </p>
        <Field
          label="Worker name"
          value={worker}
          onChange={setWorker}
          problem={tried ? problem : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder="ann"
        />
        <SelectField
          label="Study"
          hint="Where units come from"
          value={study}
          onChange={setStudy}
          options={[
            { value: "", name: "Any study" },
            ...studies.map(({ id }) => ({ value: id, name: id })).reverse(),
          ]}
        />
        <p>
          <Button type="submit" look="primary">
            Begin
          </Button>
        </p>
      </form>
    </Panel>
  );
}

function AtWork({ who: { worker, study }, leave }: { readonly who: Who; leave(): void }) {
  const desk = useDesk(worker, study);
  return (
    <>
      <p className="row">
        <span>
          You work as <strong>{worker}</strong>
          {study === undefined ? ", at any study" : ` at the study ${study}`}
        </span>
        <Button look="bare" onClick={leave}>
          Change
        </Button>
      </p>
      <div className="crowd-worker">
        <div className="crowd-unit-place">{desk !== undefined && <UnitPanel desk={desk} />}</div>
        <NumbersPanel worker={worker} />
      </div>
    </>
  );
}
