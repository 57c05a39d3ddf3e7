/** The data directory goes away under a running server, or is damaged while it is stopped: it says so and acknowledges nothing. */
import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { publish, samplesBody, storedSamples } from "../support/experiments.ts";
import { request } from "../support/http.ts";
import { scopePerTest } from "../support/scope.ts";
import { launchServer, startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();
const newData = async () => join(await temporaryFolder(scope), "data");
const body = (draw: number) =>
  samplesBody({ one: { theta: [draw] } }, { one: [draw, draw] }, "one");
const post = (url: string, draw: number) =>
  request(url, "POST /api/object/E1", {
    body: body(draw),
  });

describe("a data directory that is removed while the server runs", () => {
  it("makes posts 503 and the server not ready, is logged once, and ends when it is back", async () => {
    const data = await newData();
    const server = await startServer(scope, { data });
    await publish(server.url, "E1", body(1));
    expect((await request(server.url, "GET /readyz")).status).toBe(200);
    const aside = `${data}-aside`;
    renameSync(data, aside);
    const unready = await request(server.url, "GET /readyz");
    expect(unready.status).toBe(503);
    expect(unready.text).toContain(`${data} was removed`);
    expect(unready.text).toContain("restart the server");
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const refused = await post(server.url, 2);
      expect(refused.status).toBe(503);
      expect(refused.text).toContain("removed");
    }
    expect(server.log.match(/cannot store/g)).toHaveLength(1);
    renameSync(aside, data);
    await expect.poll(async () => (await request(server.url, "GET /readyz")).status).toBe(200);
    await publish(server.url, "E1", body(2));
    expect(server.log.match(/can store again/g)).toHaveLength(1);
    await server.kill("SIGTERM");
    const again = await startServer(scope, { data });
    expect(await storedSamples(again.url, "E1", "one", "theta")).toEqual([1, 2]);
  });

  it("begins anew after a restart when it is not put back", async () => {
    const data = await newData();
    const server = await startServer(scope, { data });
    rmSync(data, { recursive: true });
    expect((await post(server.url, 1)).status).toBe(503);
    expect(await server.kill("SIGTERM")).toMatchObject({ code: 0 });
    const again = await startServer(scope, { data });
    await publish(again.url, "E1", body(1));
  });
});

describe("a data directory that lacks what was acknowledged", () => {
  it.each([
    [
      "a cut write-ahead log",
      "switchboard.db-wal",
      (path: string) => {
        truncateSync(path, Math.floor(statSync(path).size / 2));
      },
    ],
    [
      "a damaged write-ahead log",
      "switchboard.db-wal",
      (path: string) => {
        const bytes = readFileSync(path);
        bytes.fill(0x5a, bytes.length / 3, bytes.length / 3 + 100);
        writeFileSync(path, bytes);
      },
    ],
    ["no write-ahead log", "switchboard.db-wal", (path: string) => rmSync(path)],
    ["an empty database file", "switchboard.db", (path: string) => truncateSync(path)],
  ])("stops the start with a message: %s", async (_, name, damage) => {
    const data = await newData();
    const server = await startServer(scope, { data });
    for (let draw = 1; draw <= 20; draw += 1) await publish(server.url, "E1", body(draw));
    await server.kill("SIGKILL");
    const path = join(data, name);
    const whole = readFileSync(path);
    damage(path);
    const failed = await launchServer(scope, { data });
    expect(await failed.ended()).toMatchObject({ code: 1 });
    expect(failed.log).toContain(path);
    expect(failed.log).toMatch(/^error: .*backup/m);
    expect(existsSync(join(data, "switchboard.db"))).toBe(true);
    writeFileSync(path, whole);
    const again = await startServer(scope, { data });
    expect(await storedSamples(again.url, "E1", "one", "theta")).toHaveLength(20);
  });
});
