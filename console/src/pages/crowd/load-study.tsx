/** Loading a study. */
import { type ChangeEvent, type FormEvent, useId, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { Panel } from "../../parts/panel.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useSession } from "../../session/session.tsx";
import { counted } from "./counted.ts";
import type { StudyCounts } from "./study-counts.ts";
import { exampleStudy, readStudy } from "./study-text.ts";

/** `loaded` is called with the new study's id. */
export function LoadStudy({ loaded }: { loaded(id: string): void }) {
  const { fetchJson } = useSession();
  const say = useToast();
  const fileId = useId();
  const [text, setText] = useState("");
  const [id, setId] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isLoading, setIsLoading] = useState(false);

  const change = (next: string) => {
    setText(next);
    setProblem(undefined);
  };
  const choose = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const file = target.files?.[0];
    if (file === undefined) return;
    try {
      change(await file.text());
    } catch {
      setProblem(`${file.name} could not be read: is it still there?`);
    }
  };
  const load = async (event: FormEvent) => {
    event.preventDefault();
    const study = readStudy(text, id);
    if ("problem" in study) {
      setProblem(study.problem);
      return;
    }
    setIsLoading(true);
    try {
      const { data } = await fetchJson<{ readonly data: StudyCounts }>("/crowd/studies", {
        method: "POST",
        body: JSON.stringify(study.body),
      });
      change("");
      setId("");
      say(
        `The study ${data.id} is loaded: ${counted(data.sentences, "sentence")}; wanted so far: ${counted(data.CAD.wanted, "version")}, ${counted(data.RANKING.wanted, "ranking")}`,
      );
      loaded(data.id);
    } catch (error) {
      setProblem(`The server did not take it: ${messageOf(error)}`);
    }
    setIsLoading(false);
  };

  return (
    <Panel title="Load a study">
      <form className="stack" onSubmit={(event) => void load(event)} noValidate>
        <p className="quiet">
          A study is a list of sentences; workers write <code>max_cads</code> versions of each
          (default 4) and rank <code>sentences_per_ranking</code> of them (4),{" "}
          <code>rankings_per_original</code> times (2). To try it:{" "}
          <code>examples/data/crowd_sentences.json</code>.
        </p>
        <div className="crowd-choose">
          <label className="crowd-file" htmlFor={fileId}>
            <span>JSON file</span>
            <input
              id={fileId}
              type="file"
              accept=".json,application/json"
              onChange={(event) => void choose(event)}
            />
          </label>
          <Button look="bare" onClick={() => change(exampleStudy)}>
            Fill in an example
          </Button>
        </div>
        <Field
          label="Or its text"
          lines={6}
          value={text}
          onChange={change}
          spellCheck={false}
          problem={problem}
          reserveProblem
        />
        <div className="crowd-load">
          <Field
            label="Name (optional)"
            hint="Letters, digits, dots, - or _"
            value={id}
            onChange={setId}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" look="primary" busy={isLoading}>
            Load the study
          </Button>
        </div>
      </form>
    </Panel>
  );
}
