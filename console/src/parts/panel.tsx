/** A titled region of a page. */
import { type ReactNode, useId } from "react";
import "./panel.css";

interface PanelProps {
  readonly title: string;
  /** Beside the title: a badge, an age, a button. */
  readonly aside?: ReactNode;
  /** `flush`: the content goes to the panel's edges (a DataTable, a canvas). Default `padded`. */
  readonly fit?: "padded" | "flush";
  readonly children: ReactNode;
}

/** A titled region of a page. */
export function Panel({ title, aside, fit = "padded", children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className="row panel-aside">{aside}</div>}
      </header>
      <div className={`panel-body panel-${fit}`}>{children}</div>
    </section>
  );
}
