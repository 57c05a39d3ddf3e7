/** One frame: a line that opens. */
import { memo, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { copyText } from "../../parts/command-line.tsx";
import { useToast } from "../../parts/toast.tsx";
import { bytesText } from "../../parts/units.ts";
import type { LogEntry } from "./frame-log.ts";
import { prettyJson } from "./pretty-json.ts";
import { RedactedText } from "./redacted-text.tsx";

/** Longest beginning that stands in the line. */
const previewLength = 300;

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

export const FrameRow = memo(function FrameRow({ entry }: { readonly entry: LogEntry }) {
  const [open, setOpen] = useState(false);
  const time = (
    <time dateTime={new Date(entry.atMs).toISOString()}>{clock.format(entry.atMs)}</time>
  );
  if (entry.is === "note") {
    return (
      <p className="frame-note">
        {time} {entry.text}
      </p>
    );
  }
  const { direction, text, bytes, truncated } = entry;
  return (
    <details className="frame" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className={`frame-direction frame-${direction}`}>{direction}</span>
        {time}
        <span className="frame-size">{bytesText(bytes)}</span>
        <code className="frame-preview">
          <RedactedText text={text.slice(0, previewLength)} />
        </code>
      </summary>
      {open && <FrameBody text={text} bytes={bytes} truncated={truncated} />}
    </details>
  );
});

function FrameBody({
  text,
  bytes,
  truncated,
}: {
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
}) {
  const say = useToast();
  const pretty = prettyJson(text);
  const copy = () => {
    copyText(text).then(
      () => say("The frame is copied"),
      () => say("The browser does not let this page copy: select the text instead", "bad"),
    );
  };
  return (
    <div className="frame-body">
      <p className="row quiet">
        <span>
          {pretty === undefined ? "Not JSON" : "JSON"}
          {truncated && `; the first 8 KiB of ${bytesText(bytes)}`}
        </span>
        <Button look="bare" onClick={copy}>
          Copy the frame
        </Button>
      </p>
      <pre>
        <RedactedText text={pretty ?? text} />
      </pre>
    </div>
  );
}
