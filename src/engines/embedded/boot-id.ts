/** Tells one run of the machine from another. */
import { readFileSync } from "node:fs";

/** The same as long as the machine runs; `""` where the system does not say (then no run is the same as another). */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
