/** What stands where nothing is yet. */
import type { ReactNode } from "react";
import "./message-state.css";

interface EmptyStateProps {
  /** What is not there: "No players wait". */
  readonly title: string;
  /** When something will be, or what to do for it. */
  readonly children?: ReactNode;
  /** A button or link that does it. */
  readonly action?: ReactNode;
}

export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <div className="message-state">
      <svg
        width="36"
        height="36"
        viewBox="0 0 36 36"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <circle cx="9" cy="10" r="4.5" />
        <circle cx="27" cy="26" r="4.5" />
        <path d="M14 10h4c6.5 0 -6.5 16 0 16h4" strokeDasharray="0.1 4.4" />
      </svg>
      <h3>{title}</h3>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}
