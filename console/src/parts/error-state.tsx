/** What stands where something went wrong. */
import { Button } from "./button.tsx";
import { messageOf } from "./message-of.ts";
import "./message-state.css";

interface ErrorStateProps {
  /** What could not be done: "The list of lobbies did not load". */
  readonly title: string;
  /** Its message is shown: for a person, as a RequestError's is. */
  readonly error: unknown;
  /** Without it there is no button. */
  onRetry?(): void;
}

export function ErrorState({ title, error, onRetry }: ErrorStateProps) {
  return (
    <div className="message-state message-state-error" role="alert">
      <svg
        width="36"
        height="36"
        viewBox="0 0 36 36"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d="M18 5.5 32 30H4z" strokeLinejoin="round" />
        <path d="M18 14v8M18 26v.2" strokeWidth="2.6" />
      </svg>
      <h3>{title}</h3>
      <p>{messageOf(error)}</p>
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
