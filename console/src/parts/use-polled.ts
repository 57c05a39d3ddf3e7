/** What a route answers, asked for again and again. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "../session/session.tsx";
import { useTicker } from "./ticker.tsx";

/** The last good answer, and whether it still holds. */
export interface Polled<T> {
  /** The answer's `data`; undefined until the first has come. It stays while later ones fail. */
  readonly data: T | undefined;
  /** When `data` came, by this browser's clock. */
  readonly atMs: number | undefined;
  /** The same by the server's clock, about. */
  readonly serverAtMs: number | undefined;
  /** Why the last question was not answered; undefined when it was. */
  readonly error: unknown;
  /** Asks now. */
  refresh(): void;
}

interface Answer<T> {
  readonly path: string | undefined;
  readonly data?: T;
  readonly atMs?: number;
  readonly serverAtMs?: number;
  readonly error?: unknown;
}

const nothing = { data: undefined, atMs: undefined, serverAtMs: undefined, error: undefined };

/**
 * Asks for `path` at once, and again `everyMs` after each answer, good or bad (Infinity: only when refreshed); one request at a time. While the
 * tab is hidden nobody is asked; when it is seen again, at once; so too when `version` changes. Another `path` begins anew, without what was known of the one before; undefined asks
 * nothing.
 */
export function usePolled<T>(
  path: string | undefined,
  everyMs: number,
  version?: string,
): Polled<T> {
  const { fetchAnswer } = useSession();
  const { serverClock } = useTicker();
  const [answer, setAnswer] = useState<Answer<T>>({ path: undefined });
  const askNow = useRef<() => void>(() => {});

  // biome-ignore lint/correctness/useExhaustiveDependencies: another version asks again
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    let isAskedAgain = false;

    const ask = async () => {
      clearTimeout(timer);
      isAskedAgain = isAsking;
      if (isAsking) return;
      isAsking = true;
      try {
        const { json, serverAtMs: saidAtMs } = await fetchAnswer<{ readonly data: T }>(path, {
          signal: abort.signal,
        });
        const atMs = Date.now();
        serverClock.heard(atMs, saidAtMs);
        if (!abort.signal.aborted)
          setAnswer({ path, data: json.data, atMs, serverAtMs: atMs - serverClock.leadMs() });
      } catch (error) {
        if (!abort.signal.aborted)
          setAnswer((before) => ({ ...(before.path === path ? before : { path }), error }));
      }
      isAsking = false;
      if (abort.signal.aborted) return;
      if (isAskedAgain) void ask();
      else if (document.visibilityState === "visible" && Number.isFinite(everyMs))
        timer = setTimeout(() => void ask(), everyMs);
    };
    const look = () => {
      if (document.visibilityState === "visible") void ask();
      else clearTimeout(timer);
    };

    askNow.current = () => void ask();
    document.addEventListener("visibilitychange", look);
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
      askNow.current = () => {};
    };
  }, [path, everyMs, version, fetchAnswer, serverClock]);

  const refresh = useCallback(() => askNow.current(), []);
  const { data, atMs, serverAtMs, error } = answer.path === path ? answer : nothing;
  return { data, atMs, serverAtMs, error, refresh };
}
