/** What every page is in. */
import type { ReactNode } from "react";
import { useTitle } from "../shell/title.ts";
import "./page.css";

interface PageProps {
  /** Heading of the page, and title of the tab. */
  readonly title: string;
  /** One sentence: what is seen here. */
  readonly about?: ReactNode;
  /** Buttons and fields for the whole page; beside the title, below it at 390 px. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** What every page is in. Its children are set below one another. */
export function Page({ title, about, actions, children }: PageProps) {
  useTitle(title);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {about !== undefined && <p className="quiet">{about}</p>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
