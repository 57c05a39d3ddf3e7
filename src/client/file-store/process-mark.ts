/** Tells a process from a later one with the same id. */
import { readFileSync } from "node:fs";

/**
 * What only this run of process `pid` has: on Linux the machine's boot and the moment of its start, elsewhere nothing ("", any process with
 * that id is taken for it). `undefined`: there is no such process.
 */
export function processMark(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the name, may hold spaces and parentheses; behind it, field 3 is the state and field 22 the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has let go of everything already.
    if (fields[0] === "Z") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${fields[19]}`;
  } catch {
    return "";
  }
}
