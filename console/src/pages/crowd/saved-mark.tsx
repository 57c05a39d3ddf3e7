/** Whether the draft is with the server. */
import { Age } from "../../parts/age.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { DeskView } from "./unit-desk.ts";

export function SavedMark({ view: { saved, state } }: { readonly view: DeskView }) {
  if (saved.is === "nothing")
    return <span className="quiet crowd-small">Saved while you work, also over a reload</span>;
  if (saved.is === "lost") return <StatusBadge tone="bad">Not saved: {saved.why}</StatusBadge>;
  if (saved.is === "waiting") {
    const isLost = state !== undefined && state.status !== "open";
    return isLost ? (
      <StatusBadge tone="warn">Not saved yet: waiting for the connection</StatusBadge>
    ) : (
      <StatusBadge tone="busy">Saving the draft</StatusBadge>
    );
  }
  return (
    <span className="row">
      <StatusBadge tone="ok">Draft saved</StatusBadge>
      <Age atMs={saved.atMs} />
    </span>
  );
}
