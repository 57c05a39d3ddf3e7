/** Runs the built command to its end: `token create` and the like. */
import { execFile } from "node:child_process";
import { cliPath, projectPath } from "./paths.ts";
import { environment } from "./server-process.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves with how it ended, whatever its exit code. */
export async function runCli(...args: string[]): Promise<CliResult> {
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      [cliPath, ...args],
      { cwd: projectPath, env: environment(), timeout: 15_000 },
      (error, stdout, stderr) => {
        resolve({
          code: error === null ? 0 : typeof error.code === "number" ? error.code : -1,
          stdout,
          stderr,
        });
      },
    );
  });
}

export interface TokenOptions {
  readonly name: string;
  readonly roles: readonly string[];
  readonly lobbies?: readonly string[];
  readonly monitors?: readonly string[];
}

/** Creates a static token in a data directory and returns it. */
export async function createToken(data: string, options: TokenOptions): Promise<string> {
  const flags = (flag: string, values: readonly string[] = []) =>
    values.flatMap((value) => [flag, value]);
  const { code, stdout, stderr } = await runCli(
    "token",
    "create",
    "--data",
    data,
    "--name",
    options.name,
    ...flags("--role", options.roles),
    ...flags("--lobby", options.lobbies),
    ...flags("--monitor", options.monitors),
  );
  if (code !== 0) throw new Error(`token create ended with ${code}: ${stderr}`);
  return stdout.trim();
}

/** Revokes a static token by its name; a running server on that data directory must notice by itself. */
export async function revokeToken(data: string, name: string): Promise<void> {
  const { code, stderr } = await runCli("token", "revoke", "--data", data, "--name", name);
  if (code !== 0) throw new Error(`token revoke ended with ${code}: ${stderr}`);
}
