/** What a plot shows of something that changes, as long as it is seen. */
import { useRef } from "react";
import { useExternal } from "../../parts/use-external.ts";
import type { Changes } from "./changes.ts";

const never = (): (() => void) => () => {};

/** `read()`, again after each change, at most once a frame; while not `visible`, what it was last. With another `key` it is read in any case. */
export function useColumns<T>(changes: Changes, visible: boolean, read: () => T, key: unknown): T {
  const version = useExternal(visible ? changes.subscribe : never, changes.version);
  const held = useRef<{
    readonly changes: Changes;
    readonly key: unknown;
    readonly version: number;
    readonly value: T;
  }>();
  const had = held.current;
  if (
    had !== undefined &&
    had.changes === changes &&
    had.key === key &&
    (!visible || had.version === version)
  )
    return had.value;
  held.current = { changes, key, version, value: read() };
  return held.current.value;
}
