/** What somebody who looks at an experiment must know: it has failed, or what is seen is not live. */
import type { ReactNode } from "react";
import type { Tone } from "../../parts/status-badge.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { LinkState } from "./experiment-store.ts";

interface NoticesProps {
  readonly link: LinkState;
  readonly failure: string | undefined;
  readonly refusal: string | undefined;
  readonly isKnown: boolean;
}

/** A screen reader hears them when they come. */
export function Notices({ link, failure, refusal, isKnown }: NoticesProps) {
  return (
    <div className="experiment-notices" role="status">
      {failure !== undefined && (
        <Notice tone="bad" word="Failed">
          Its publisher said: {failure}
        </Notice>
      )}
      {link === "coming" && isKnown && (
        <Notice tone="warn" word="Not live">
          The connection was lost and comes back by itself; until then you see what was there
          before. Nothing is missed.
        </Notice>
      )}
      {link === "removed" && (
        <Notice tone="warn" word="Removed">
          The experiment has been removed from the server: what you see is all that is left of it.
        </Notice>
      )}
      {typeof link === "object" && (
        <Notice tone="bad" word="Not live">
          The server has ended the connection: {link.ended}. Reload the page to try again.
        </Notice>
      )}
      {refusal !== undefined && (
        <Notice tone="warn" word="Not done">
          The server would not do something that this page asked for: {refusal}
        </Notice>
      )}
    </div>
  );
}

function Notice({
  tone,
  word,
  children,
}: {
  readonly tone: Tone;
  readonly word: string;
  readonly children: ReactNode;
}) {
  return (
    <p className={`experiment-notice experiment-notice-${tone}`}>
      <StatusBadge tone={tone}>{word}</StatusBadge>
      <span>{children}</span>
    </p>
  );
}
