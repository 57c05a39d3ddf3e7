/** What fields have in common: a label, a hint, and what is wrong. */
import { type ReactNode, useId } from "react";
import "./field.css";

/** Props that every field takes. */
export interface LabelledProps {
  readonly label: string;
  /** What to write here; between the label and the field. */
  readonly hint?: string;
  /** What is wrong with it, for a person; read out when it appears. */
  readonly problem?: string | undefined;
  /** Keeps two lines (three at 390 px) free for `problem`, so that nothing moves when it comes. */
  readonly reserveProblem?: boolean;
}

/** Attributes that tie the control to its texts. */
interface ControlAttributes {
  readonly id: string;
  readonly "aria-invalid": true | undefined;
  readonly "aria-describedby": string | undefined;
}

interface Props extends LabelledProps {
  control(attributes: ControlAttributes): ReactNode;
}

export function Labelled({ label, hint, problem, reserveProblem = false, control }: Props) {
  const id = useId();
  const described = [
    ...(hint === undefined ? [] : [`${id}-hint`]),
    ...(problem === undefined ? [] : [`${id}-problem`]),
  ];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
      {control({
        id,
        "aria-invalid": problem !== undefined || undefined,
        "aria-describedby": described.length === 0 ? undefined : described.join(" "),
      })}
      {/* Always there, so that a screen reader hears it fill. */}
      <span
        id={`${id}-problem`}
        className={`field-problem${reserveProblem ? " field-problem-reserved" : ""}`}
        role="alert"
      >
        {problem}
      </span>
    </div>
  );
}
