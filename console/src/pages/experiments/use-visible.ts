/** Whether an element is in the window, or soon will be. */
import { type RefObject, useEffect, useState } from "react";

/** So far beyond the window counts as well: what is scrolled to is there. */
const margin = "160px";

export function useVisible(element: RefObject<Element>): boolean {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const observer = new IntersectionObserver(
      (entries) => setVisible(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: margin },
    );
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return visible;
}
