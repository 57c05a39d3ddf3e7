/** tracking with Debian's Tornado, as the processor's Python client uses it. */
import { beforeAll, describe, expect, it } from "vitest";
import { runPython } from "../support/python.ts";
import { needs, pythonTornado } from "../support/requirements.ts";
import { scopePerFile } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

needs(pythonTornado);

const file = scopePerFile();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

describe.each(["", "/tracking"])("Tornado below %s/", (prefix) => {
  const run = (scenario: string) =>
    runPython("tracking_client.py", scenario, server.ws(prefix), server.url);

  it("tracks an object over two cameras, its floats being floats", async () => {
    expect(await run("tracked")).toEqual({
      kept: true,
      start: { type: "start", frameId: 12, boxId: 1 },
      maps: [
        [0.25, 3],
        [0.25, 3],
      ],
      seenBy: [true],
      stopped: [true, true],
      closes: [1000, 1000, 1000],
    });
  });

  it("reads the NaN that it sent", async () => {
    expect(await run("nan")).toEqual({
      boxes: [{ boxId: 1, certainty: null }],
      featureMap: ["1.0", "nan", "-inf"],
    });
  });

  it("is never sent a map of no features", async () => {
    expect(await run("empty")).toEqual({ greeting: {}, same: true, next: ["stop", "stop"] });
  });

  it("sees its older connection end when it comes again", async () => {
    expect(await run("replaced")).toEqual([null, 4409, 1000]);
  });
});
