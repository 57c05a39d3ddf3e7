/** A running command of the command line that talks to a server: its lines as they come. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { Inbox, within } from "./inbox.ts";
import { cliPath, projectPath } from "./paths.ts";
import type { Scope } from "./scope.ts";
import { environment } from "./server-process.ts";

export class CliProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<number | null>;
  /** Lines of standard output, and of standard error. */
  readonly lines: Inbox<string>;
  readonly remarks: Inbox<string>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [cliPath, ...args], {
      cwd: projectPath,
      env: environment(env),
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    const name = `switchboard ${args.join(" ")}`;
    this.lines = linesOf(child.stdout, `line of ${name}`);
    this.remarks = linesOf(child.stderr, `remark of ${name}`);
    this.#ended = once(child, "close").then(([code]) => code as number | null);
  }

  /** Starts one; it is killed with the scope. `SWITCHBOARD_URL` says where the server is. */
  static start(scope: Scope, url: string, ...args: string[]): CliProcess {
    return scope.own(new CliProcess(args, { SWITCHBOARD_URL: url }), async (running) => {
      running.#child.kill("SIGKILL");
      await running.#ended;
    });
  }

  /** Standard input. */
  get input(): Writable {
    return this.#child.stdin;
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** Its exit code. */
  ended(): Promise<number | null> {
    return within(this.#ended, "the end of the command", 20_000);
  }
}

function linesOf(stream: Readable, what: string): Inbox<string> {
  const lines = new Inbox<string>(what);
  createInterface({ input: stream })
    .on("line", (line) => lines.push(line))
    .on("close", () => lines.end("the command has ended"));
  return lines;
}
