/** Keeps a name for one holder at a time, over all pages of an origin. */
import { SwitchboardError } from "../../wire/error.ts";

/** How long to wait for a page that is just going: a reload overlaps with what it replaces. */
const waitMs = 1000;

/**
 * Resolves to what lets go of it; rejects with `data_locked` if somebody has it. A page that goes lets go of it. Without `navigator.locks`
 * (pages from an insecure origin) everybody gets it.
 */
export async function takeWebLock(name: string): Promise<() => void> {
  if (globalThis.navigator?.locks === undefined) return () => {};
  return new Promise((resolve, reject) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), waitMs);
    const held = async (): Promise<void> => {
      clearTimeout(timer);
      await new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(name, { signal: giveUp.signal }, held).catch((error: unknown) => {
      clearTimeout(timer);
      if (!giveUp.signal.aborted) reject(error);
      else {
        reject(
          new SwitchboardError(
            "data_locked",
            `the outbox ${name} is in use by another connection of this page or by another tab: close that, or give each its own name`,
            { name },
          ),
        );
      }
    });
  });
}
