/** The title of the tab. */
import { useEffect } from "react";

/** Names the tab `TITLE · Switchboard` while the component lives. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Switchboard`;
  }, [title]);
}
