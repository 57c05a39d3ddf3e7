/** A labelled choice. */
import { Labelled, type LabelledProps } from "./labelled.tsx";

interface SelectFieldProps extends LabelledProps {
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly name: string }[];
  onChange(value: string): void;
  readonly disabled?: boolean;
}

/** One of a few choices; for two or three, buttons with `pressed` show more. */
export function SelectField({
  label,
  hint,
  problem,
  reserveProblem,
  value,
  options,
  onChange,
  disabled = false,
}: SelectFieldProps) {
  return (
    <Labelled
      label={label}
      problem={problem}
      {...(hint !== undefined && { hint })}
      {...(reserveProblem !== undefined && { reserveProblem })}
      control={(attributes) => (
        <select
          {...attributes}
          className="input"
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.name}
            </option>
          ))}
        </select>
      )}
    />
  );
}
