/** A form for one message, made from its contract. */
import { Field } from "../../parts/field.tsx";
import { SelectField } from "../../parts/select-field.tsx";
import type { Filled, MessageField } from "./message-fields.ts";

interface MessageFormProps {
  readonly fields: readonly MessageField[];
  readonly filled: Filled;
  /** Shown where something was filled in, and everywhere once sending was tried. */
  readonly problems: Readonly<Record<string, string>>;
  readonly showsAll: boolean;
  fill(name: string, text: string): void;
}

export function MessageForm({ fields, filled, problems, showsAll, fill }: MessageFormProps) {
  if (fields.length === 0) return <p className="quiet">This message has no fields.</p>;
  return (
    <>
      {fields.map(({ name, kind, required, hint, choices }) => {
        const text = filled[name] ?? "";
        const common = {
          label: required ? `${name} *` : name,
          hint,
          value: text,
          problem: showsAll || text !== "" ? problems[name] : undefined,
          onChange: (value: string) => fill(name, value),
        };
        if (kind === "choice") {
          const none = { value: "", name: required ? "Choose" : "Left out" };
          return (
            <SelectField
              key={name}
              {...common}
              options={[none, ...choices.map((choice) => ({ value: choice, name: choice }))]}
            />
          );
        }
        return (
          <Field
            key={name}
            {...common}
            lines={kind === "json" ? 3 : 1}
            spellCheck={false}
            autoComplete="off"
          />
        );
      })}
    </>
  );
}
