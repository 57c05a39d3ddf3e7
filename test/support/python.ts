/** Runs one of the Python clients beside the tests with Debian's Python. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pythonPath } from "./requirements.ts";

/**
 * Runs `test/wire/SCRIPT` with these arguments and returns the JSON that it printed. Rejects with what it wrote to stderr if it
 * ends with another code than 0 or takes longer than 25 s. The file that calls this says `needs(…)` first.
 */
export async function runPython(script: string, ...args: readonly string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`../wire/${script}`, import.meta.url));
  return await new Promise((resolve, reject) => {
    execFile(
      pythonPath,
      [path, ...args],
      { timeout: 25_000, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout));
        else
          reject(
            new Error(
              `${script} ${args.join(" ")} ended with ${error.code ?? error.signal}: ${stderr || stdout}`,
            ),
          );
      },
    );
  });
}
