/** Frames as they come, with ways to hold them and to find one. */
import { useLayoutEffect, useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { type FrameLog, forgotten, matching, maxEntries } from "./frame-log.ts";
import { FrameRow } from "./frame-row.tsx";

interface FrameListProps {
  /** What it lists, for who does not see it. */
  readonly label: string;
  readonly log: FrameLog;
  forget(): void;
}

/** Follows the newest while it is at its end. Paused, it shows what there was; what comes meanwhile is kept as long as it would be anyway. */
export function FrameList({ label, log, forget }: FrameListProps) {
  const [paused, setPaused] = useState<FrameLog>();
  const [words, setWords] = useState("");
  const box = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const held = paused ?? log;
  const shown = matching(held.entries, words);

  useLayoutEffect(() => {
    if (box.current !== null && isAtEnd.current && shown.length > 0)
      box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);

  const clear = () => {
    setPaused(undefined);
    forget();
  };
  const followEnd = () => {
    const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = box.current ?? {};
    isAtEnd.current = scrollTop + clientHeight > scrollHeight - 24;
  };
  const waiting = paused === undefined ? 0 : log.added - paused.added;
  const gone = forgotten(held);
  return (
    <div className="frames">
      <div className="frames-tools">
        <Field
          label="Only frames with"
          type="search"
          value={words}
          onChange={setWords}
          placeholder="lobby_id"
        />
        <div className="row">
          <Button
            pressed={paused !== undefined}
            onClick={() => setPaused(paused === undefined ? log : undefined)}
          >
            {paused === undefined ? "Pause" : "Go on"}
          </Button>
          <Button onClick={clear}>Clear</Button>
        </div>
      </div>
      <section
        className="frames-list"
        ref={box}
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
        tabIndex={0}
        onScroll={followEnd}
      >
        {shown.map((entry) => (
          <FrameRow key={entry.key} entry={entry} />
        ))}
        {shown.length === 0 && (
          <p className="quiet frames-none">
            {held.entries.length === 0 ? "No frame yet." : "No frame has these words."}
          </p>
        )}
      </section>
      <p className="quiet frames-foot">
        {shown.length.toLocaleString("en")} shown
        {gone > 0 &&
          `; ${gone.toLocaleString("en")} older ones were let go: ${maxEntries} are kept`}
        {waiting > 0 && `; paused, ${waiting.toLocaleString("en")} came since`}
      </p>
    </div>
  );
}
