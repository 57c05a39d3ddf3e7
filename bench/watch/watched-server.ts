/** The built server as a process of its own, with a probe in it, its log read and its figures at hand. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProbeAnswer, ProbeQuestion } from "./probe-messages.ts";
import { ServerLog } from "./server-log.ts";

const main = "dist/cli/main.js";
const probe = fileURLToPath(new URL("./probe.js", import.meta.url));

const startDeadlineMs = 30_000;
/** Longest wait for the probe's answer: a server that is held for so long counts as frozen. */
const answerDeadlineMs = 60_000;
/** Longest wait for the end after SIGTERM; the server's own drain has 8 s. */
const leaveDeadlineMs = 15_000;

/** The roles of a token that may do everything. */
const allRoles = [
  "admin",
  "lobby.host",
  "devices.user",
  "devices.monitor",
  "experiments.subscribe",
  "experiments.publish",
  "experiments.remove",
  "tracking.client",
  "tracking.processor",
  "crowd.worker",
  "crowd.requester",
];

/** Waits are short, so that what clients leave behind is gone soon after them. */
const config = {
  limits: { authTimeoutMs: 3000, pingIntervalMs: 2000, idleTimeoutMs: 8000 },
  services: {
    devices: { waitMs: 1000, answerMs: 2000, handOverMs: 500, maxQueued: 100, maxUnanswered: 200 },
    crowd: { unitTimeoutMs: 5000 },
    experiments: { authorizationMs: 3000 },
    tracking: { maxObjects: 200 },
  },
};

/** How the process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class WatchedServer {
  readonly log = new ServerLog();
  readonly pid: number;
  /** A token with all roles; undefined with auth off. */
  readonly token: string | undefined;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #answers = new Map<number, (answer: ProbeAnswer) => void>();
  readonly #whenEnded: Promise<Ended>;
  #ended: Ended | undefined;
  #port = 0;
  #nextId = 1;
  /** What it wrote to stdout and, as text, the end of its log. */
  #output = "";

  private constructor(child: ChildProcess, folder: string, token: string | undefined) {
    this.#child = child;
    this.#folder = folder;
    this.token = token;
    this.pid = child.pid ?? 0;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.log.push(text);
      this.#output = (this.#output + text).slice(-20_000);
    });
    child.on("message", (answer: ProbeAnswer) => this.#answers.get(answer.id)?.(answer));
    this.#whenEnded = once(child, "close").then(([code, signal]) => {
      this.#ended = { code, signal };
      return this.#ended;
    });
    const killWithUs = (): void => {
      child.kill("SIGKILL");
    };
    process.on("exit", killWithUs);
    child.once("exit", () => process.off("exit", killWithUs));
  }

  /** Resolves when the server listens. `auth`: whether it asks for tokens. */
  static async start(auth: boolean): Promise<WatchedServer> {
    if (!existsSync(main))
      throw new Error(`${main} is missing: run npm run build first, in the folder of package.json`);
    const folder = mkdtempSync(join(tmpdir(), "switchboard-watched-"));
    const data = join(folder, "data");
    const token = auth ? createToken(data) : undefined;
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify({ ...config, auth: { enabled: auth } }));
    const args = ["start", "--port", "0", "--data", data, "--config", file];
    const child = spawn(process.execPath, ["--expose-gc", "--import", probe, main, ...args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: environment(),
    });
    const server = new WatchedServer(child, folder, token);
    await server.#listening();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** How it ended; undefined while it runs. */
  get ended(): Ended | undefined {
    return this.#ended;
  }

  /** The last of what it wrote. */
  get lastOutput(): string {
    return this.#output;
  }

  /** Asks the probe. Rejects if the process ends or is held for longer than a minute. */
  async ask(what: ProbeQuestion["ask"]): Promise<ProbeAnswer> {
    const id = this.#nextId++;
    let deadline: NodeJS.Timeout | undefined;
    try {
      const answer = await Promise.race([
        new Promise<ProbeAnswer>((resolve, reject) => {
          deadline = setTimeout(
            () =>
              reject(new Error(`the server did not answer the probe for ${answerDeadlineMs} ms`)),
            answerDeadlineMs,
          );
          this.#answers.set(id, resolve);
          if (this.#ended === undefined)
            this.#child.send({ id, ask: what } satisfies ProbeQuestion, () => {});
        }),
        this.#whenEnded.then(() => {
          throw new Error("the server's process has ended");
        }),
      ]);
      if (answer.failure !== undefined) throw new Error(answer.failure);
      return answer;
    } finally {
      clearTimeout(deadline);
      this.#answers.delete(id);
    }
  }

  /** Open file descriptors of the process. */
  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Its largest resident memory so far; 0 once it has ended. */
  peakBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  /** The metrics whose names begin so, summed by their whole names with labels. */
  async metrics(prefix: string): Promise<ReadonlyMap<string, number>> {
    const response = await fetch(`${this.url}/metrics`, {
      headers: this.token === undefined ? {} : { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(30_000),
    });
    if (response.status !== 200)
      throw new Error(`GET /metrics was answered with ${response.status}`);
    const lines = (await response.text()).split("\n").filter((line) => line.startsWith(prefix));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }

  /** All connections that the server has, of whatever service. */
  async connections(): Promise<number> {
    const counts = await this.metrics("switchboard_connections{");
    return [...counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Asks it to leave with SIGTERM; resolves with how it ended, and kills it where it does not. */
  async leave(): Promise<Ended & { readonly tookMs: number }> {
    const begin = performance.now();
    this.#child.kill("SIGTERM");
    const deadline = setTimeout(() => this.#child.kill("SIGKILL"), leaveDeadlineMs);
    const ended = await this.#whenEnded;
    clearTimeout(deadline);
    rmSync(this.#folder, { recursive: true, force: true });
    return { ...ended, tookMs: performance.now() - begin };
  }

  /** Resolves when the process has ended, however. */
  async whenEnded(): Promise<Ended> {
    return await this.#whenEnded;
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#whenEnded;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Rejects with its output if it ends before it listens. */
  async #listening(): Promise<void> {
    let stdout = "";
    const printed = new Promise<void>((resolve) => {
      this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        stdout = (stdout + text).slice(0, 10_000);
        const url = /http:\/\/127\.0\.0\.1:(\d+)\D/.exec(stdout);
        if (url === null) return;
        this.#port = Number(url[1]);
        resolve();
      });
    });
    let deadline: NodeJS.Timeout | undefined;
    try {
      await Promise.race([
        printed,
        this.#whenEnded.then(({ code, signal }) => {
          throw new Error(`the server ended with ${signal ?? code}: ${stdout}${this.#output}`);
        }),
        new Promise((_, reject) => {
          deadline = setTimeout(
            () => reject(new Error(`the server did not listen within ${startDeadlineMs} ms`)),
            startDeadlineMs,
          );
        }),
      ]);
    } catch (error) {
      await this.kill();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }
}

/**
 * Creates a token and puts a fixed one in its place: conversations of one seed have the same bytes
 * in every run, and a saved one is good for the next server.
 */
function createToken(data: string): string {
  const roles = allRoles.flatMap((role) => ["--role", role]);
  const args = [main, "token", "create", "--data", data, "--name", "bench", ...roles];
  const created = execFileSync(process.execPath, args, {
    encoding: "utf8",
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const token = `sb_${"b".repeat(43)}`;
  const file = join(data, "tokens.json");
  const kept = readFileSync(file, "utf8");
  const fixed = kept.replace(sha256Of(created.trim()), sha256Of(token));
  if (fixed === kept) throw new Error(`${file} has no SHA-256 of the created token`);
  writeFileSync(file, fixed);
  return token;
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Ours, without settings of a server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("SWITCHBOARD_")),
  );
}
