/** A really started server: the built command in a process of its own, on a free port of loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "./inbox.ts";
import { cliPath, projectPath } from "./paths.ts";
import type { Scope } from "./scope.ts";

export interface ServerOptions {
  /** Written to a file that `--config` names. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Data directory; default: a new one, removed when the scope ends. */
  readonly data?: string;
  /** Default 0, a free one. `null`: no `--port` is given. */
  readonly port?: number | null;
  /** Further arguments of `start`. */
  readonly args?: readonly string[];
  /** Further environment; of the caller's, what starts with SWITCHBOARD_ is not handed on. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A new folder under the system's temporary one, removed when the scope ends. */
export async function temporaryFolder(scope: Scope): Promise<string> {
  return scope.own(await mkdtemp(join(tmpdir(), "switchboard-test-")), (path) =>
    rm(path, { recursive: true, force: true }),
  );
}

/** The caller's environment without our own settings, and `extra`. */
export function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("SWITCHBOARD_"),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}

/** A running `switchboard start`, or one that has ended. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #urls: readonly string[] = [];

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [cliPath, ...args], {
      cwd: projectPath,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    // `close`, not `exit`: by then all that it wrote has been read.
    this.#ended = once(this.#child, "close").then(([code, signal]) => ({ code, signal }));
    const { pid } = this.#child;
    const killWithUs = () => {
      if (pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null)
        process.kill(pid, "SIGKILL");
    };
    process.once("exit", killWithUs);
    void this.#ended.then(() => process.off("exit", killWithUs));
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${process.execPath} could not be started`);
    return pid;
  }

  /** What it has written to stdout. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it has written to stderr: its log. */
  get log(): string {
    return this.#stderr;
  }

  /** Every URL of the ready line: the main listener's, then one for each further listener. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /** The main listener, `http://127.0.0.1:PORT`. */
  get url(): string {
    const [url] = this.#urls;
    if (url === undefined) throw new Error("the server is not ready yet");
    return url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** `url` with `ws:` and a path. */
  ws(path = "/"): string {
    return `${this.url.replace(/^http/, "ws")}${path}`;
  }

  /** Resolves when the ready line is out; rejects with the log if the process ends first. */
  async ready(deadlineMs = 20_000): Promise<void> {
    const line = new Promise<void>((resolve) => {
      const look = () => this.#stdout.includes("\n") && resolve();
      this.#child.stdout?.on("data", look);
      look();
    });
    const outcome = await within(
      Promise.race([line.then(() => "ready" as const), this.#ended]),
      `ready line of ${cliPath}; its log: ${this.#stderr}`,
      deadlineMs,
    );
    if (outcome !== "ready")
      throw new Error(
        `the server ended with ${JSON.stringify(outcome)} before it was ready; its log: ${this.#stderr}`,
      );
    this.#urls =
      this.#stdout
        .match(/(?:https?|wss?):\/\/[^\s,;"']+/g)
        ?.map((url) => url.replace(/\/+$/, "")) ?? [];
    if (this.#urls.length === 0)
      throw new Error(`no URL in the ready line ${JSON.stringify(this.#stdout)}`);
  }

  /** Sends a signal; SIGKILL if none is named. Waits until the process is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL", deadlineMs = 15_000): Promise<Ended> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    return await this.ended(deadlineMs);
  }

  /** Resolves when the process has ended by itself. */
  async ended(deadlineMs = 15_000): Promise<Ended> {
    return await within(
      this.#ended,
      `end of process ${this.#child.pid}; its log: ${this.#stderr.slice(-2000)}`,
      deadlineMs,
    );
  }

  /** Ends it politely, and with SIGKILL if it is not gone within 10 s. Never rejects: for cleaning up. */
  async stop(): Promise<void> {
    await this.kill("SIGTERM", 10_000).catch(() => this.kill("SIGKILL"));
  }

  /** Memory it holds now, in bytes. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
}

/** Starts a server without waiting for it to be ready: for starts that are meant to fail. It is ended with the scope. */
export async function launchServer(
  scope: Scope,
  options: ServerOptions = {},
): Promise<ServerProcess> {
  const folder = await temporaryFolder(scope);
  const args = ["start", "--data", options.data ?? join(folder, "data")];
  const port = options.port === undefined ? 0 : options.port;
  if (port !== null) args.push("--port", String(port));
  if (options.config !== undefined) {
    const path = join(folder, "config.json");
    await writeFile(path, JSON.stringify(options.config));
    args.push("--config", path);
  }
  args.push(...(options.args ?? []));
  return scope.own(new ServerProcess(args, environment(options.env)), (server) => server.stop());
}

/** Starts a server and waits until it is ready. It is ended, and its folder removed, with the scope. */
export async function startServer(
  scope: Scope,
  options: ServerOptions = {},
): Promise<ServerProcess> {
  const server = await launchServer(scope, options);
  await server.ready();
  return server;
}
