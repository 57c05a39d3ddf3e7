/** One of the servers compared, as a fresh process on its own core. */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cores, kill, spawnPinned } from "./pinned.ts";

export const serverNames = ["switchboard", "ws", "socket.io"] as const;
export type ServerName = (typeof serverNames)[number];

/** How long a server may take to print its URL. */
const startDeadlineMs = 20_000;

const switchboardMain = "dist/cli/main.js";

function command(name: ServerName, dataFolder: string): readonly string[] {
  if (name === "switchboard")
    return [switchboardMain, "start", "--port", "0", "--data", dataFolder];
  const file = name === "ws" ? "./peers/ws-loop.js" : "./peers/socket-io.js";
  return [fileURLToPath(new URL(file, import.meta.url))];
}

export class ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #dataFolder: string;

  private constructor(child: ChildProcess, pid: number, port: number, dataFolder: string) {
    this.#child = child;
    this.pid = pid;
    this.port = port;
    this.#dataFolder = dataFolder;
  }

  /** Resolves when the server listens. */
  static async start(name: ServerName): Promise<ServerProcess> {
    if (name === "switchboard" && !existsSync(switchboardMain)) {
      throw new Error(
        `${switchboardMain} is missing: build Switchboard first, and run this in the folder of package.json`,
      );
    }
    const dataFolder = mkdtempSync(join(tmpdir(), "switchboard-bench-"));
    const child = spawnPinned(cores.server, command(name, dataFolder), { channel: false });
    try {
      const port = await printedPort(name, child);
      if (child.pid === undefined) throw new Error(`${name} did not start`);
      return new ServerProcess(child, child.pid, port, dataFolder);
    } catch (error) {
      await kill(child);
      rmSync(dataFolder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends it at once; its data is removed. */
  async stop(): Promise<void> {
    await kill(this.#child);
    rmSync(this.#dataFolder, { recursive: true, force: true });
  }
}

/** The port in the first URL that the server prints. Its output is read on for as long as it runs, so that it never waits for us. */
async function printedPort(name: ServerName, child: ChildProcess): Promise<number> {
  let output = "";
  return await new Promise<number>((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new Error(`${name} ${reason}; it printed: ${output.slice(-2_000)}`));
    const deadline = setTimeout(
      () => fail(`printed no URL within ${startDeadlineMs} ms`),
      startDeadlineMs,
    );
    let found = false;
    const read = (chunk: Buffer): void => {
      if (found) return;
      output += chunk.toString();
      const url = /http:\/\/127\.0\.0\.1:(\d+)\D/.exec(output);
      if (url === null) return;
      found = true;
      clearTimeout(deadline);
      resolve(Number(url[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    child.once("exit", (code) => {
      clearTimeout(deadline);
      fail(`ended with code ${code}`);
    });
  });
}
