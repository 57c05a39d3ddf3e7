/** Sends a command. */
import { type FormEvent, useState } from "react";
import type { CommandOptions } from "switchboard/client/devices";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { secondsIn } from "./seconds-in.ts";

interface CommandFormProps {
  /** What was wrong; undefined: it is on its way. */
  onSend(text: string, options: CommandOptions): string | undefined;
}

export function CommandForm({ onSend }: CommandFormProps) {
  const [text, setText] = useState("");
  const [wait, setWait] = useState("");
  const [answer, setAnswer] = useState("");
  const [retry, setRetry] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [waitMs, answerMs] = [secondsIn(wait, 0), secondsIn(answer, 0.001)];
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") {
      setProblem("Write what the monitor is to do");
      return;
    }
    if (waitMs === "wrong" || answerMs === "wrong") return;
    const wrong = onSend(text, {
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(answerMs === undefined ? {} : { answerMs }),
      ...(retry ? { retry } : {}),
    });
    setProblem(wrong);
    if (wrong === undefined) setText("");
  };
  return (
    <form className="stack" onSubmit={send}>
      <div className="command-entry">
        <Field
          label="Command"
          value={text}
          onChange={setText}
          problem={problem}
          placeholder="open"
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit" look="primary">
          Send
        </Button>
      </div>
      <details className="command-options">
        <summary>How long it may wait, and whether to try again</summary>
        <div className="stack">
          <div className="columns">
            <Field
              label="Wait for the monitor, seconds"
              hint="Empty: as the server has it. 0: fail at once if it is away."
              value={wait}
              onChange={setWait}
              problem={waitMs === "wrong" ? "A number of seconds, at most 30 days" : undefined}
              inputMode="decimal"
            />
            <Field
              label="Wait for its answer, seconds"
              hint="Empty: as the server has it. Then the command expires."
              value={answer}
              onChange={setAnswer}
              problem={answerMs === "wrong" ? "More than 0 seconds, at most 30 days" : undefined}
              inputMode="decimal"
            />
          </div>
          <label className="command-check">
            <input
              type="checkbox"
              checked={retry}
              onChange={(event) => setRetry(event.target.checked)}
            />
            <span>
              Hand it over again if the monitor drops with it: only for what may be done twice
            </span>
          </label>
        </div>
      </details>
    </form>
  );
}
