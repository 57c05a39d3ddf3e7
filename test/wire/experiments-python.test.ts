/** experiments with Debian's python3-websockets, unmodified. */
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

describe("python3-websockets", () => {
  const run = (scenario: string) =>
    runPython("experiments_client.py", scenario, server.ws(""), server.url);

  it("follows the documented script: log, names, the data of one subscription, in one read each", async () => {
    expect(await run("script")).toEqual({
      seen: [
        { message: { action: "experiment:output", data: "line 1\nline 2\n" } },
        {
          message: {
            action: "names",
            data: [{ chain: "chain_default", names: ["a/val", "b/val"] }],
          },
        },
        {
          message: {
            action: "experiment:event",
            data: [
              { chain: "chain_default", data: { "a/val": [1, 2.5, "NaN"] }, from: { "a/val": 0 } },
            ],
          },
        },
      ],
      // 1.0 must not have become an int on the way.
      kinds: ["float", "float", "str"],
    });
  });

  it("gets an empty log and no names of an empty experiment", async () => {
    expect(await run("empty")).toEqual([
      { message: { action: "experiment:output", data: "" } },
      { message: { action: "names", data: [] } },
    ]);
  });

  it("reads a long log and much data within its frame limit of 1 MiB", async () => {
    expect(await run("long")).toEqual({
      order: ["experiment:output", "names", "experiment:output"],
      log: true,
      samples: true,
    });
  });

  it("publishes, and hears the echo of its finish", async () => {
    expect(await run("publisher")).toEqual({
      echo: { action: "experiment:control", data: "finish" },
      samples: true,
      floats: true,
    });
  });
});
