/** A unit of writing: a counterfactual of a sentence. */
import { useState } from "react";
import type { CadUnit } from "switchboard/client/crowd";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { SavedMark } from "./saved-mark.tsx";
import type { DeskView, UnitDesk } from "./unit-desk.ts";

interface WriteUnitProps {
  readonly unit: CadUnit;
  readonly desk: UnitDesk;
  readonly view: DeskView;
}

/** Give it a `key` for each unit. */
export function WriteUnit({ unit, desk, view }: WriteUnitProps) {
  const [text, setText] = useState(unit.draft ?? "");
  const [explanation, setExplanation] = useState<string>();
  const [tried, setTried] = useState<"submit" | "skip">();
  const isSending = view.phase.is === "sending";

  const change = (next: string) => {
    setText(next);
    desk.draft({ cad: next });
  };
  const submit = () => {
    setTried("submit");
    if (problemOf(text, unit.original) === undefined) void desk.submit({ cad: text.trim() });
  };
  const skip = () => {
    setTried("skip");
    if (explanation !== undefined && explanation.trim() !== "") void desk.skip(explanation.trim());
  };
  return (
    <div className="stack">
      <p>Rewrite the sentence so that something in it is otherwise. Change as little as you can.</p>
      <figure className="crowd-original">
        <figcaption className="quiet crowd-small">The sentence</figcaption>
        <blockquote>{unit.original}</blockquote>
      </figure>
      <Field
        label="Your version"
        lines={3}
        value={text}
        onChange={change}
        disabled={isSending}
        problem={tried === "submit" ? problemOf(text, unit.original) : undefined}
      />
      <div className="crowd-actions">
        <span className="row">
          <Button look="primary" busy={isSending} onClick={submit}>
            Submit
          </Button>
          <Button
            look="bare"
            pressed={explanation !== undefined}
            onClick={() => setExplanation(explanation === undefined ? "" : undefined)}
          >
            Skip this one
          </Button>
        </span>
        <SavedMark view={view} />
      </div>
      {explanation !== undefined && (
        <div className="stack crowd-skip">
          <Field
            label="Why do you skip it?"
            hint="The requester reads this; somebody else is asked for this sentence"
            value={explanation}
            onChange={setExplanation}
            disabled={isSending}
            problem={
              tried === "skip" && explanation.trim() === "" ? "Say in a word or two why" : undefined
            }
          />
          <p>
            <Button busy={isSending} onClick={skip}>
              Skip with this explanation
            </Button>
          </p>
        </div>
      )}
    </div>
  );
}

function problemOf(text: string, original: string): string | undefined {
  if (text.trim() === "") return "Write your version first, or skip this one";
  return text.trim() === original.trim()
    ? "This is the sentence itself: change something in it"
    : undefined;
}
