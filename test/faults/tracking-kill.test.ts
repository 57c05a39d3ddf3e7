/** kill -9 of the server amid tracking: ids go on, objects, their maps and their timelines are there. */
import { join as joinPath } from "node:path";
import { describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { within } from "../support/inbox.ts";
import { scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";
import type { TextSocket } from "../support/text-socket.ts";
import {
  clientAt,
  handled,
  objectIdsOf,
  openAt,
  processorAt,
  startObject,
} from "../support/tracking.ts";

const scope = scopePerTest();

async function freshServer(): Promise<{ readonly data: string; readonly server: ServerProcess }> {
  const data = joinPath(await temporaryFolder(scope), "data");
  return { data, server: await startServer(scope, { data }) };
}

const timelineOf = async (server: ServerProcess, id: number) => {
  const { json } = await request(server.url, `GET /timelines?objectId=${id}`);
  return ((json as { data?: { timeStamp: string; processorId: string }[] } | undefined)?.data ??
    []) as readonly object[];
};

/** What a processor that comes is told of the present objects: by id the text of the map. */
async function mapsOf(server: ServerProcess): Promise<Map<number, string>> {
  const processor = await openAt(scope, server, "/processor");
  processor.send({ type: "identifier", id: "newcomer" });
  const frames = await handled(processor);
  return new Map(
    frames.map((frame) => [
      JSON.parse(frame).objectId,
      /"featureMap":(.*)}$/.exec(frame)?.[1] ?? "",
    ]),
  );
}

describe("after kill -9", () => {
  it("objects, images, maps in their spelling, timelines and ids are there, and ids go on", async () => {
    const { data, server } = await freshServer();
    const camera = await processorAt(scope, server, "a");
    const dan = await clientAt(scope, server);
    const ids: number[] = [];
    for (let n = 0; n < 4; n++)
      ids.push(
        await startObject(dan, camera, {
          cameraId: "a",
          ...(n === 1 ? { frameId: 1, boxId: 1 } : { image: `image ${n}` }),
        }),
      );
    expect(ids).toEqual([1, 2, 3, 4]);
    for (const map of ["[1.0]", "[2.0,1e-7]"]) {
      camera.send(`{"type":"featureMap","objectId":1,"featureMap":${map}}`);
      await camera.ofType("featureMap");
    }
    dan.send({ type: "stop", objectId: 3 });
    dan.send({ type: "stop", objectId: 4 });
    camera.send({ type: "boundingBoxes", frameId: 1, boxes: [{ objectId: 1 }, { objectId: 2 }] });
    await dan.ofType("boundingBoxes");
    const before = await Promise.all([1, 2, 3].map((id) => timelineOf(server, id)));
    expect(before.map((entries) => entries.length)).toEqual([1, 1, 0]);
    await server.kill("SIGKILL");

    const again = await startServer(scope, { data });
    expect(await Promise.all([1, 2, 3].map((id) => timelineOf(again, id)))).toEqual(before);
    expect(await objectIdsOf(again.url)).toEqual({ data: [1, 2, 3, 4] });
    expect(await mapsOf(again)).toEqual(
      new Map([
        [1, "[2.0,1e-7]"],
        [2, "{}"],
      ]),
    );
    const eve = await openAt(scope, again, "/client");
    eve.send({ type: "setUsesImages", usesImages: true });
    expect((await handled(eve)).map((frame) => JSON.parse(frame))).toEqual([
      { type: "newObject", objectId: 1, image: "image 0" },
    ]);
    const back = await processorAt(scope, again, "a");
    expect(await startObject(eve, back, { cameraId: "a", image: "x" })).toBe(5);
    back.send({ type: "boundingBoxes", frameId: 2, boxes: [{ objectId: 1 }] });
    await eve.ofType("boundingBoxes");
    const after = await timelineOf(again, 1);
    expect(after.slice(0, before[0]?.length)).toEqual(before[0]);
  });

  it("amid starts, stops, maps and boxes nothing that was told is lost, and no id is given twice", {
    timeout: 60_000,
  }, async () => {
    const { data, server } = await freshServer();
    const camera = await processorAt(scope, server, "a");
    const clients = [await clientAt(scope, server), await clientAt(scope, server)];
    const started: number[] = [];
    const stopped = new Set<number>();
    const spotted = new Set<number>();
    const told = new Map<number, string>();
    const ended = (socket: TextSocket) => socket.closed(30_000).then(() => {});
    let killed: Promise<unknown> | undefined;

    /** The camera maps what it starts, again and again, and sees all there is. */
    const work = async () => {
      for (let n = 0; ; n++) {
        const message = await camera.json();
        const id = Number(message.objectId);
        if (message.type === "start") started.push(id);
        if (message.type === "stop") stopped.add(id);
        if (message.type === "featureMap") told.set(id, JSON.stringify(message.featureMap));
        camera.send({ type: "featureMap", objectId: id, featureMap: [n, "x".repeat(3000)] });
        camera.send({
          type: "boundingBoxes",
          frameId: n,
          boxes: started.map((objectId) => ({ objectId })),
        });
        if (started.length >= 150) killed ??= server.kill("SIGKILL");
      }
    };
    /** A client keeps some starts on their way, and stops every third object of those it sees in boxes. */
    const ask = async (client: TextSocket) => {
      for (let n = 0; n < 4; n++) client.send({ type: "start", cameraId: "a", image: "x" });
      for (;;) {
        const { type, boxes } = await client.json();
        if (type !== "boundingBoxes") continue;
        const seen = (boxes as { objectId: number }[]).map(({ objectId }) => objectId);
        for (const id of seen) if (!stopped.has(id)) spotted.add(id);
        const last = seen.at(-1);
        if (last !== undefined && last % 3 === 0) client.send({ type: "stop", objectId: last });
        client.send({ type: "start", cameraId: "a", image: "x" });
      }
    };
    const over = [camera, ...clients].map(ended);
    for (const running of [work(), ...clients.map(ask)]) running.catch(() => {});
    await within(Promise.all(over), "the end of all connections", 40_000);
    await killed;

    const again = await startServer(scope, { data });
    expect(new Set(started).size).toBe(started.length);
    const { data: ids } = (await objectIdsOf(again.url)) as { data: number[] };
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(ids).toEqual(expect.arrayContaining(started));
    const maps = await mapsOf(again);
    for (const id of stopped) expect(maps.has(id), `stopped ${id}`).toBe(false);
    for (const [id, map] of told) {
      if (!maps.has(id)) continue;
      // What was told, or what was stored after that and could not be told any more.
      const [toldNth, storedNth] = [map, maps.get(id) ?? "[-1]"].map((text) =>
        Number(JSON.parse(text)[0]),
      );
      expect(storedNth, `map of ${id}`).toBeGreaterThanOrEqual(toldNth ?? 0);
    }
    const seenBoth = [...spotted].filter((id) => maps.has(id));
    expect(seenBoth.length).toBeGreaterThan(10);
    for (const id of seenBoth)
      expect((await timelineOf(again, id)).length, `timeline of ${id}`).toBeGreaterThan(0);
    const back = await processorAt(scope, again, "a");
    const eve = await clientAt(scope, again);
    expect(await startObject(eve, back, { cameraId: "a", image: "x" })).toBe(ids.length + 1);
  });
});
