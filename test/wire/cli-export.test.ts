/** `switchboard export` where there is much, and where the server breaks off. */
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { join as joinPath } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../support/cli.ts";
import { CliProcess } from "../support/cli-process.ts";
import { newMonitorId } from "../support/device-socket.ts";
import { type Scope, scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();

/** A server that answers as told; its URL. */
async function stub(scope: Scope, answer: RequestListener): Promise<string> {
  const server = scope.own(createServer(answer), (server) => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

/** Says that 1,000 bytes come, and breaks off after 16. */
const breaksOff: RequestListener = (_, response) => {
  response.writeHead(200, { "content-length": "1000" });
  response.write("index,value\n0,1\n", () => response.destroy());
};

describe("export", () => {
  it("has every command of a monitor, also where the server gives them in pages", async () => {
    const server = await startServer(scope);
    const monitorId = newMonitorId();
    const path = `/devices/${monitorId}/commands`;
    // As many may wait at once by default.
    const atOnce = 100;
    for (let sent = 0; sent < 1100; sent += atOnce) {
      await Promise.all(
        Array.from({ length: atOnce }, async (_, nth) => {
          const body = JSON.stringify({ command: `c${sent + nth}` });
          const { data } = (await (
            await fetch(server.url + path, { method: "POST", body })
          ).json()) as { data: { command_id: string } };
          const cancelled = await fetch(`${server.url}${path}/${data.command_id}`, {
            method: "DELETE",
          });
          expect(cancelled.status).toBe(200);
        }),
      );
    }
    const { code, stdout, stderr } = await runCli(
      "export",
      "devices",
      monitorId,
      "--status",
      "cancelled",
      "--url",
      server.url,
    );
    expect([code, stderr]).toEqual([0, ""]);
    const exported: readonly { readonly command: string; readonly offset: number }[] =
      JSON.parse(stdout).data;
    expect(exported.map(({ command }) => command).sort()).toEqual(
      Array.from({ length: 1100 }, (_, nth) => `c${nth}`).sort(),
    );
    const offsets = exported.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });

  it("says that the server broke off, and leaves no part of a file", async () => {
    const url = await stub(scope, breaksOff);
    const folder = joinPath(await temporaryFolder(scope), "out");
    await mkdir(folder);
    const out = joinPath(folder, "mu.csv");
    const args = ["export", "experiments", "e", "--variable", "mu", "--url", url];
    const said = `error: the server broke off after 16 bytes: ${out} is not written\n`;
    expect(await runCli(...args, "--out", out)).toEqual({ code: 1, stdout: "", stderr: said });
    expect(await readdir(folder)).toEqual([]);
    await writeFile(out, "of before");
    expect(await runCli(...args, "--out", out)).toEqual({ code: 1, stdout: "", stderr: said });
    expect([await readdir(folder), await readFile(out, "utf8")]).toEqual([["mu.csv"], "of before"]);
    expect(await runCli(...args)).toEqual({
      code: 1,
      stdout: "index,value\n0,1\n",
      stderr: "error: the server broke off after 16 bytes: what was printed is not all of it\n",
    });
  });

  it("names the file where it is the file's fault", async () => {
    const url = await stub(scope, (_, response) => response.end("[]"));
    const out = joinPath(await temporaryFolder(scope), "nowhere", "x.json");
    const { code, stderr } = await runCli("export", "tracking", "--url", url, "--out", out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*x\.json could not be written: ENOENT/);
  });

  it("leaves no part of a file at Ctrl-C", async () => {
    const folder = joinPath(await temporaryFolder(scope), "out");
    await mkdir(folder);
    const url = await stub(scope, (_, response) =>
      response.writeHead(200).write("index,value\n0,1\n"),
    );
    const exporting = CliProcess.start(
      scope,
      url,
      "export",
      "experiments",
      "e",
      "--variable",
      "mu",
      "--out",
      joinPath(folder, "mu.csv"),
    );
    await expect.poll(() => readdir(folder)).toHaveLength(1);
    exporting.interrupt();
    expect(await exporting.remarks.next()).toMatch(/^interrupted: .*mu\.csv is not written$/);
    expect(await exporting.ended()).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});
