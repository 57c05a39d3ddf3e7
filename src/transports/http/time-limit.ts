/** Bounds the time that a request may take. */
import type { Clock } from "../../kit/clock.ts";

/**
 * Resolves to what `work` resolves to, or to `expired()` once nothing has been heard of it for `ms`: each call of `progressed`
 * starts the time anew. An answer that comes too late is let go of.
 */
export function withinTime(
  clock: Clock,
  ms: number,
  work: (progressed: () => void) => Promise<Response>,
  expired: () => Response,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let late = false;
    const expire = () => {
      late = true;
      resolve(expired());
    };
    let timer = clock.after(ms, expire);
    const progressed = () => {
      if (late) return;
      timer.cancel();
      timer = clock.after(ms, expire);
    };
    work(progressed).then(
      (response) => {
        timer.cancel();
        if (late) response.body?.cancel().catch(() => {});
        else resolve(response);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
