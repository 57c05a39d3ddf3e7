/** The page that asks for a token. */
import { type FormEvent, useId, useState } from "react";
import { Button } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Mark } from "../shell/mark.tsx";
import { useTitle } from "../shell/title.ts";
import "./login.css";

interface LoginProps {
  /** What was wrong with the last token. */
  readonly problem: string | undefined;
  /** Resolves when the server has judged it. `keep`: also for further pages of this tab. */
  logIn(token: string, keep: boolean): Promise<void>;
}

const command = "node dist/cli/main.js token create \\\n  --name you --role admin";

export function Login({ problem, logIn }: LoginProps) {
  useTitle("Log in");
  const [token, setToken] = useState("");
  const [keep, setKeep] = useState(false);
  const [asking, setAsking] = useState(false);
  const [missing, setMissing] = useState(false);
  const keepId = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const given = token.trim();
    setMissing(given === "");
    if (given === "") return;
    setAsking(true);
    try {
      await logIn(given, keep);
    } finally {
      setAsking(false);
    }
  };
  const shown = missing ? "Paste a token first." : asking ? undefined : problem;

  return (
    <main className="alone">
      <form className="login" onSubmit={(event) => void submit(event)} noValidate>
        <Mark size={40} />
        <h1>Log in to Switchboard</h1>
        <p className="quiet">This server asks for a token. Whoever runs it can make one for you:</p>
        <pre className="login-command">{command}</pre>
        <Field
          label="Token"
          type="password"
          value={token}
          onChange={setToken}
          autoComplete="off"
          spellCheck={false}
          problem={shown}
          reserveProblem
        />
        <label className="check" htmlFor={keepId}>
          <input
            id={keepId}
            type="checkbox"
            checked={keep}
            onChange={(event) => setKeep(event.target.checked)}
          />
          Keep for this tab
        </label>
        <Button type="submit" look="primary" busy={asking}>
          Log in
        </Button>
        <p className="quiet login-note">
          The token stays in this page's memory, or, if you keep it, in this tab until it is closed.
          It is never stored beyond that.
        </p>
      </form>
    </main>
  );
}
