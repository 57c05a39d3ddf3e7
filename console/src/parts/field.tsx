/** A labelled input. */
import type { HTMLInputAutoCompleteAttribute } from "react";
import { Labelled, type LabelledProps } from "./labelled.tsx";

interface FieldProps extends LabelledProps {
  readonly value: string;
  onChange(value: string): void;
  /** Default `text`. */
  readonly type?: "text" | "number" | "password" | "search";
  /** More than one: a text area of so many lines. Default 1. */
  readonly lines?: number;
  readonly placeholder?: string;
  readonly autoComplete?: HTMLInputAutoCompleteAttribute;
  readonly spellCheck?: boolean;
  readonly inputMode?: "numeric" | "decimal";
  readonly disabled?: boolean;
}

/** One line of text (or several), with its label, hint and problem. */
export function Field({
  label,
  hint,
  problem,
  reserveProblem,
  value,
  onChange,
  lines = 1,
  type = "text",
  ...rest
}: FieldProps) {
  return (
    <Labelled
      label={label}
      problem={problem}
      {...(hint !== undefined && { hint })}
      {...(reserveProblem !== undefined && { reserveProblem })}
      control={(attributes) =>
        lines > 1 ? (
          <textarea
            {...attributes}
            {...rest}
            className="input"
            value={value}
            rows={lines}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <input
            {...attributes}
            {...rest}
            className="input"
            type={type}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    />
  );
}
