/** What an experiment has written, as it writes. */
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { Panel } from "../../parts/panel.tsx";
import { useExternal } from "../../parts/use-external.ts";
import type { ExperimentStore } from "./experiment-store.ts";
import { logTail } from "./log-tail.ts";

/** Nearer to the end than this counts as at the end. */
const nearPx = 24;

/** Follows the end until somebody scrolls up, and again when they are back at the end. */
export function ExperimentLog({ store }: { readonly store: ExperimentStore }) {
  const log = useExternal(store.changes.subscribe, store.log);
  const atMs = useExternal(store.changes.subscribe, store.logAtMs);
  const [follows, setFollows] = useState(true);
  const box = useRef<HTMLElement>(null);
  const { text, isCut } = useMemo(() => logTail(log), [log]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: there is more to scroll when the text has changed
  useLayoutEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text, follows]);

  return (
    <Panel
      title="Log"
      fit="flush"
      aside={
        <>
          {text !== "" && atMs !== undefined && <Age atMs={atMs} />}
          <Button pressed={follows} onClick={() => setFollows(!follows)}>
            Follow
          </Button>
        </>
      }
    >
      <section
        className="experiment-log"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
        tabIndex={0}
        aria-label="Log text"
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
          setFollows(scrollTop + clientHeight > scrollHeight - nearPx)
        }
      >
        {isCut && <p className="quiet">The beginning is left out.</p>}
        {text === "" ? (
          <p className="quiet">The experiment has written nothing yet.</p>
        ) : (
          <pre>{text}</pre>
        )}
      </section>
    </Panel>
  );
}
