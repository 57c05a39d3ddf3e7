/** Time and chance, the same in browsers and in Node. */
import type { Platform } from "./platform.ts";

/** setTimeout takes no more than this (24.8 days); a longer time is waited for in pieces. */
const longestTimeoutMs = 2 ** 31 - 1;

export const timers: Pick<Platform, "now" | "monotonic" | "after" | "random" | "newId"> = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    let timeout: ReturnType<typeof setTimeout>;
    const wait = (leftMs: number) => {
      if (leftMs > longestTimeoutMs)
        timeout = setTimeout(() => wait(leftMs - longestTimeoutMs), longestTimeoutMs);
      else timeout = setTimeout(run, Math.max(0, leftMs));
    };
    wait(ms);
    return { cancel: () => clearTimeout(timeout) };
  },
  random: () => Math.random(),
  newId,
};

/** A random UUID. `crypto.randomUUID` is there on secure origins only, `getRandomValues` everywhere. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
