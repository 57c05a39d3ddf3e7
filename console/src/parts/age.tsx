/** How old something is: "3 s ago". */
import { useSyncExternalStore } from "react";
import { useTicker } from "./ticker.tsx";
import "./age.css";

/** When it was, in ms since 1970, by one of two clocks, which may differ by hours. */
type AgeProps =
  | {
      /** By this browser's clock: for what came over a socket, when it came. */
      readonly atMs: number;
    }
  | {
      /** By the server's clock: for a time that the server has said. */
      readonly serverMs: number;
    };

/** Counts up by itself; rendered again only when its text changes. Times to come are "now". Its title is the time as it was given. */
export function Age(props: AgeProps) {
  const ticker = useTicker();
  const { serverClock } = ticker;
  const leadMs = useSyncExternalStore(serverClock.subscribe, serverClock.leadMs);
  const [givenMs, atMs] =
    "serverMs" in props ? [props.serverMs, props.serverMs + leadMs] : [props.atMs, props.atMs];
  const text = useSyncExternalStore(ticker.subscribe, () => ageText(ticker.nowMs - atMs));
  return (
    <time
      className="age"
      dateTime={new Date(givenMs).toISOString()}
      title={new Date(givenMs).toLocaleString()}
    >
      {text}
    </time>
  );
}

function ageText(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000);
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
