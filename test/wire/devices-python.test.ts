/** devices with Debian's python3-socketio, unmodified. */
import { beforeAll, describe, expect, it } from "vitest";
import { runPython } from "../support/python.ts";
import { needs, pythonRequests, pythonSocketio, pythonWebsocket } from "../support/requirements.ts";
import { scopePerFile } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

needs(pythonSocketio, pythonRequests, pythonWebsocket);

const file = scopePerFile();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

describe.each(["websocket", "polling", "upgrade"])("python3-socketio over %s", (transport) => {
  const run = (scenario: string) => runPython("devices_client.py", scenario, server.url, transport);

  it("sends commands and answers them", async () => {
    expect(await run("commands")).toEqual([
      "Query ok",
      "Connection ok",
      ...["Command ok", "open", "Command finish"],
      ...["Command ok", "close", "stuck"],
      ...["Command ok", "ünï", "Command finish"],
    ]);
  });

  it("is acknowledged without arguments where it waits with call", async () => {
    expect(await run("calls")).toEqual({
      answers: [null, null, null, null],
      finish: "Command finish",
    });
  });

  it("reads the failure, then the close", async () => {
    expect(await run("failures")).toEqual([
      "Invalid monitor_id",
      false,
      "Invalid monitor_id",
      false,
      true,
      "Invalid command",
    ]);
  });

  it("gets what waited while it was away", async () => {
    expect(await run("away")).toEqual(["a", "b", "c", "Command finish"]);
  });
});
