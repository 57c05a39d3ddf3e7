/** A button. */
import type { ReactNode } from "react";
import "./button.css";

interface ButtonProps {
  readonly children: ReactNode;
  /** `primary`: the one thing to do here. `danger`: it cannot be undone. Default `plain`. */
  readonly look?: "plain" | "primary" | "danger" | "bare";
  /** Under way: it does not react, keeps its size, and says so. */
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** Default `button`. */
  readonly type?: "button" | "submit";
  /** A name for who does not see it, where `children` alone does not say enough. */
  readonly label?: string;
  readonly pressed?: boolean;
  onClick?(): void;
}

/** Does something; what leads somewhere is a link. */
export function Button({
  children,
  look = "plain",
  busy = false,
  disabled = false,
  type = "button",
  label,
  pressed,
  onClick,
}: ButtonProps) {
  return (
    <button
      className={`button button-${look}`}
      type={type}
      disabled={disabled}
      aria-label={label}
      aria-pressed={pressed}
      aria-busy={busy || undefined}
      onClick={(event) => {
        // Not `disabled`, which would take the focus away.
        if (busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </button>
  );
}
