/** lobby with Debian's python3-websockets, unmodified. */
import { beforeAll, describe, expect, it } from "vitest";
import { runPython } from "../support/python.ts";
import { needs, pythonWebsockets } from "../support/requirements.ts";
import { scopePerFile } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

needs(pythonWebsockets);

const file = scopePerFile();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

describe.each(["/", "/lobby"])("python3-websockets at %s", (path) => {
  const run = (scenario: string) => runPython("lobby_client.py", scenario, server.ws(path));

  it("waits, starts and leaves", async () => {
    expect(await run("waiting")).toEqual([
      ["dan", ["dan"]],
      ["again", ["dan", "also dan"]],
      ["dan", ["dan", "also dan"]],
      ["dan", "start"],
      ["again", "start"],
      ["again", ["also dan"]],
    ]);
  });

  it("joins with integer and string ids", async () => {
    expect(await run("numbers")).toEqual(["dan", "eve"]);
  });

  it("signals a leaderboard, closing at once or waiting for the server's close", async () => {
    expect(await run("leaderboard")).toMatchObject({
      heard: "refresh",
      close: [1000, expect.any(String)],
    });
  });

  it("signals prompts, and hears its own signal", async () => {
    expect(await run("prompts")).toEqual([
      ["dan", "refresh"],
      ["dan", "refresh"],
      ["eve", "refresh"],
    ]);
  });

  it("reads the close of what opens nothing", async () => {
    const invalid = [1000, "invalid message type"];
    expect(await run("invalid")).toEqual([
      invalid,
      invalid,
      invalid,
      invalid,
      [1003, expect.any(String)],
    ]);
  });

  it("keeps the connection alive with pings", async () => {
    expect(await run("alive")).toBe(1000);
  });
});
