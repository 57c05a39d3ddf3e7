/** A state in one word, with a sign of its own shape and colour. */
import type { ReactNode } from "react";
import "./status-badge.css";

/** `ok`: as it should be. `warn`: look at it. `bad`: it does not work. `busy`: under way. `idle`: nothing to say of it. */
export type Tone = "ok" | "warn" | "bad" | "busy" | "idle";

const signs: Readonly<Record<Tone, ReactNode>> = {
  ok: <circle cx="6" cy="6" r="4" fill="currentColor" />,
  warn: <path d="M6 1.5 11 10.5H1z" fill="currentColor" />,
  bad: (
    <path
      d="M2.5 2.5l7 7M9.5 2.5l-7 7"
      stroke="currentColor"
      strokeWidth="2.2"
      strokeLinecap="round"
    />
  ),
  busy: (
    <path
      d="M6 2a4 4 0 1 1-4 4"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      fill="none"
    />
  ),
  idle: <circle cx="6" cy="6" r="3.4" stroke="currentColor" strokeWidth="1.6" fill="none" />,
};

/** The word says it; sign and colour only help to find it. */
export function StatusBadge({
  tone,
  children,
}: {
  readonly tone: Tone;
  readonly children: ReactNode;
}) {
  return (
    <span className={`badge badge-${tone}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {signs[tone]}
      </svg>
      {children}
    </span>
  );
}
