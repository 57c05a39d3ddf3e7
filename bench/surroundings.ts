/** Where a benchmark ran: machine, kernel, versions, and whether something else was running. */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release } from "node:os";

export interface Surroundings {
  readonly date: string;
  readonly node: string;
  readonly ws: string;
  readonly socketIo: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  /** Running tasks, averaged over the minute before: near 0 on a quiet machine. */
  readonly loadBefore: number;
}

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as {
    version: string;
  };
  return version;
}

/** Throws where the benchmarks cannot run: they need Linux and two cores. */
export function surroundings(): Surroundings {
  if (process.platform !== "linux")
    throw new Error("the benchmarks read /proc and pin processes with taskset: they need Linux");
  if (availableParallelism() < 2)
    throw new Error("the benchmarks need two cores, one for the server and one for the load");
  return {
    date: new Date().toISOString(),
    node: process.version,
    ws: versionOf("ws"),
    socketIo: versionOf("socket.io"),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    kernel: release(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** One line for the head of a report, and a warning if the machine is not quiet. */
export function describe(where: Surroundings): string {
  const line = `Node ${where.node}, ws ${where.ws}, Socket.IO ${where.socketIo}, Linux ${where.kernel}, ${where.cores} × ${where.cpu}`;
  const busy = `\nThe machine was busy before (load ${where.loadBefore.toFixed(1)}): trust the ratios, not the figures.`;
  return where.loadBefore > 0.5 ? line + busy : line;
}

/** Writes what was measured as JSON, if a file was named. */
export function writeJson(file: string | undefined, measured: object): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
}
