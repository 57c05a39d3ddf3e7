/** A private nats-server with JetStream, for tests: its own port, its own folder, gone after. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long the server may take to start or to stop. */
const deadlineMs = 10_000;
const pollMs = 10;

export interface NatsServer {
  /** `nats://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Ends the process (`SIGKILL`: as a crash would) and keeps its folder; `start` goes on with it. */
  kill(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again after `kill`, on the same port with the same data. */
  start(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Why tests that need nats-server must be skipped; undefined if it is there. With `CI=true` and `SWITCHBOARD_REQUIRE_ALL=1` it throws
 * instead, so that no run that counts goes without them.
 */
export function natsServerMissing(): string | undefined {
  const { error, status } = spawnSync("nats-server", ["--version"], { stdio: "ignore" });
  if (error === undefined && status === 0) return undefined;
  const reason = "nats-server is not installed: apt-get install nats-server";
  if (process.env.CI === "true" && process.env.SWITCHBOARD_REQUIRE_ALL === "1")
    throw new Error(reason);
  return reason;
}

/** Starts one on a free port of 127.0.0.1. Rejects with what the server said if it does not come up. */
export async function startNatsServer(): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-nats-"));
  let running: Running | undefined;
  try {
    running = run(folder, -1);
    const port = await portOf(folder, running);
    return {
      url: `nats://127.0.0.1:${port}`,
      port,
      kill: async (signal = "SIGKILL") => {
        await end(running, signal);
        running = undefined;
      },
      start: async () => {
        if (running !== undefined) throw new Error("nats-server is running already");
        running = run(folder, port);
        await until(running, () => answers(port));
      },
      stop: async () => {
        await end(running, "SIGKILL");
        running = undefined;
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await end(running, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  /** The end of what it printed. */
  said: string;
}

function run(folder: string, port: number): Running {
  const options = [
    "-js",
    "-sd",
    join(folder, "data"),
    "-a",
    "127.0.0.1",
    "-p",
    `${port}`,
    "--ports_file_dir",
    folder,
  ];
  const child = spawn("nats-server", options, { stdio: ["ignore", "ignore", "pipe"] });
  // A test run that ends early takes it along.
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);
  const ended = new Promise<void>((resolve) => {
    const over = () => {
      process.off("exit", killed);
      resolve();
    };
    child.once("exit", over);
    child.once("error", over);
  });
  const running: Running = { child, ended, said: "" };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    running.said = (running.said + text).slice(-4_000);
  });
  return running;
}

async function end(running: Running | undefined, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  running?.child.kill(signal);
  await running?.ended;
}

/** Calls `check` again and again until it gives something; rejects if the server ends first, or at the deadline. */
async function until<T>(running: Running, check: () => Promise<T | undefined>): Promise<T> {
  let over = false;
  void running.ended.then(() => {
    over = true;
  });
  for (const start = performance.now(); performance.now() - start < deadlineMs && !over; ) {
    const found = await check();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`nats-server did not start: ${running.said}`);
}

/** The server writes the port it got to a file of its own in `folder`; it may be there before it is written whole. */
async function portOf(folder: string, running: Running): Promise<number> {
  return await until(running, async () => {
    const file = (await readdir(folder)).find((name) => name.endsWith(".ports"));
    const port = /"nats:\/\/127\.0\.0\.1:(\d+)"/.exec(
      file === undefined ? "" : await readFile(join(folder, file), "utf8"),
    )?.[1];
    return port === undefined ? undefined : Number(port);
  });
}

/** True if it takes connections at the port, undefined if not. */
function answers(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(undefined));
  });
}
