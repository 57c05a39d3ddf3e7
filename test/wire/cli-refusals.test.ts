/** `switchboard send` where the server, or the command itself, refuses what is sent. */
import { writeFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../support/cli.ts";
import { Scope, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();
const all = new Scope();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(all);
  return () => all.end();
});

describe("send text", () => {
  it.each(["/lobby", "/"])(
    "says that no service takes the first message at %s, and ends with 1",
    async (path) => {
      const { code, stdout, stderr } = await runCli(
        "send",
        "text",
        path,
        "garbage",
        "--url",
        server.url,
      );
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^error: .*1000 invalid message type/);
    },
  );
});

describe("send tracking", () => {
  it.each([
    ["start", "hall", "--frame", "1", "--box", "1.7"],
    ["stop", "99.5"],
  ])("%s %s … with a number that is not whole is a wrong call", async (...args) => {
    const { code, stdout, stderr } = await runCli("send", "tracking", ...args, "--url", server.url);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Write a whole number.");
  });

  it("refuses an empty image", async () => {
    const image = joinPath(await temporaryFolder(scope), "empty.png");
    await writeFile(image, "");
    const { code, stdout, stderr } = await runCli(
      "send",
      "tracking",
      "start",
      "hall",
      "--image",
      image,
      "--url",
      server.url,
    );
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      `error: ${image} is empty: give a file with an image in it\n`,
    ]);
  });
});
