/** State that lives outside of React, rendered at most once a frame. */
import { useCallback, useSyncExternalStore } from "react";

/**
 * The value of `snapshot()`, rendered again after `subscribe`'s listener was called: at most once per animation frame, however often that was,
 * and not at all while the tab is hidden (then once, when it is seen again).
 *
 * `subscribe(listener)` returns what ends it; it must be the same function from render to render (useCallback, or a property of a store), as a
 * new one subscribes anew. `snapshot` must return the very same value until something has changed.
 */
export function useExternal<T>(
  subscribe: (listener: () => void) => () => void,
  snapshot: () => T,
): T {
  const batched = useCallback(
    (render: () => void) => {
      let frame: number | undefined;
      const unsubscribe = subscribe(() => {
        frame ??= requestAnimationFrame(() => {
          frame = undefined;
          render();
        });
      });
      return () => {
        unsubscribe();
        if (frame !== undefined) cancelAnimationFrame(frame);
      };
    },
    [subscribe],
  );
  return useSyncExternalStore(batched, snapshot);
}
