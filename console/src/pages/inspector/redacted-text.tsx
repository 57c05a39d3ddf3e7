/** Text in which what the server has taken out is marked. */
import { Fragment } from "react";

const redacted = "[redacted]";

/** What stands in the place of a secret. */
export function RedactedText({ text }: { readonly text: string }) {
  const parts = text.split(redacted);
  if (parts.length === 1) return <>{text}</>;
  return (
    <>
      {parts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text that does not change
        <Fragment key={at}>
          {at > 0 && (
            <mark className="redacted" title="A secret: the server does not show it">
              {redacted}
            </mark>
          )}
          {part}
        </Fragment>
      ))}
    </>
  );
}
