/** What Linux says about a process: its CPU time and its memory. */
import { readFileSync } from "node:fs";

/** The unit of the times in /proc, 1/100 s on every Linux (USER_HZ). */
const ticksPerSecond = 100;

/** User plus system time of all threads of a process so far, to 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the command's name in brackets and may hold spaces: count from behind it. utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory (VmRSS), in KiB. */
export function residentKib(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (found === null) throw new Error(`/proc/${pid}/status has no VmRSS: the process has ended`);
  return Number(found[1]);
}
