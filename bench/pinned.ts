/** Starts Node on one core. The process ends with the benchmark, however that ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The server under test has one core to itself, what loads it the other. */
export const cores = { server: 0, load: 1 } as const;

export interface PinnedOptions {
  /** True: a channel for messages, and the output is the benchmark's. False: the output can be read here. */
  readonly channel: boolean;
  /** Runs only while nothing else on its core wants to. */
  readonly yielding?: boolean;
}

/** `chrt` and `taskset` become the process that they start: its pid is Node's. */
export function spawnPinned(
  core: number,
  args: readonly string[],
  options: PinnedOptions,
): ChildProcess {
  const yielding = options.yielding === true ? ["chrt", "--idle", "0"] : [];
  const [program = "", ...rest] = [
    ...yielding,
    "taskset",
    "-c",
    String(core),
    process.execPath,
    ...args,
  ];
  const child = spawn(program, rest, {
    stdio: options.channel ? ["ignore", "inherit", "inherit", "ipc"] : ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.on("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return child;
}

/** Kills the process and resolves when it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
