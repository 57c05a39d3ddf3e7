/** How old something is: "3 s ago". */
import { useSyncExternalStore } from "react";
import { useTicker } from "./ticker.tsx";
import "./age.css";

interface AgeProps {
  /** When it was, in ms since 1970 by this browser's clock: for a number that came over a socket, when it came. */
  readonly atMs: number;
}

/** Counts up by itself; rendered again only when its text changes. Times to come are "now". */
export function Age({ atMs }: AgeProps) {
  const ticker = useTicker();
  const text = useSyncExternalStore(ticker.subscribe, () => ageText(ticker.nowMs - atMs));
  return (
    <time className="age" dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString()}>
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
