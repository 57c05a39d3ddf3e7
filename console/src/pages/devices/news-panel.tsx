/** What is told of a monitor's commands, as it happens: those of others too. */
import { useState } from "react";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge, type Tone } from "../../parts/status-badge.tsx";
import type { DeviceStore, News } from "./device-store.ts";

const tones: Readonly<Record<News["what"], Tone>> = { accepted: "busy", done: "ok", failed: "bad" };

/** Seen at once; the rest is in the history. */
const mostShown = 30;

export function NewsPanel({ store }: { readonly store: DeviceStore }) {
  const [isOwnOnly, setOwnOnly] = useState(false);
  const news = store.news.filter(({ isOwn }) => isOwn || !isOwnOnly).slice(0, mostShown);
  return (
    <Panel
      title="As it happens"
      aside={
        <Button look="plain" pressed={!isOwnOnly} onClick={() => setOwnOnly(!isOwnOnly)}>
          Others' commands too
        </Button>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <ul className="news" aria-label="As it happens" tabIndex={0}>
        {news.map((item) => (
          <li key={item.id}>
            <StatusBadge tone={tones[item.what]}>
              {item.late ? `${item.what} late` : item.what}
            </StatusBadge>
            <span className="news-text">
              {item.text ??
                (item.commandId === undefined
                  ? "a command"
                  : store.find(item.commandId)?.command) ??
                "a command"}
              {item.reason !== undefined && <span className="quiet">: {item.reason}</span>}
              {!item.isOwn && <span className="quiet"> (another user's)</span>}
            </span>
            <Age atMs={item.atMs} />
          </li>
        ))}
        {news.length === 0 && (
          <li className="quiet">
            Nothing has been told since you chose this monitor. Send it a command.
          </li>
        )}
      </ul>
    </Panel>
  );
}
