/** tracking's boxes: unchanged to every client, spelled as they came; timelines over HTTP; what is bad disturbs nobody. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";
import {
  clientAt,
  handled,
  nothingCame,
  openAt,
  processorAt,
  startObject,
} from "../support/tracking.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file, { env: { TZ: "Asia/Kathmandu" } });
});

const client = (images = false) => clientAt(scope, server, images);
const processor = (id: string) => processorAt(scope, server, id);
const newCamera = () => `camera ${randomUUID()}`;
const get = (path: string) => request(server.url, `GET ${path}`);

describe("boundingBoxes", () => {
  it.each([
    ["1.0", '[{"boxId":1,"rect":[0.10,1e-7,0.5E+0,1.0],"objectType":"person","certainty":1.0}]'],
    [
      "12345678901234567890",
      '[ {"boxId" : 12345678901234567890,"own":{"a":[1.50]}} , 7.0,"text",null ]',
    ],
    ["-0.0", "[]"],
    ["1e2", '[{"a":1,"a":2.0,"\\u0062":"\\u00e9"}]'],
  ])("of frame %s with boxes %s go to every client as they came", async (frameId, boxes) => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const clients = [await client(), await client(true)];
    for (const dan of clients) await handled(dan);
    camera.send(`{"boxes":${boxes},"type":"boundingBoxes","extra":[], "frameId": ${frameId} }`);
    const wanted = `{"type":"boundingBoxes","cameraId":${JSON.stringify(cameraId)},"frameId":${frameId},"boxes":${boxes}}`;
    for (const dan of clients) expect(await dan.next()).toBe(wanted);
    await nothingCame(camera);
  });

  it("has null where Python printed NaN or an infinity", async () => {
    const camera = await processor("nan");
    const dan = await client();
    camera.send(
      '{"type":"boundingBoxes","frameId":1.0,"boxes":[{"rect":[NaN,-Infinity,Infinity,1.0],"n":"NaN"}]}',
    );
    expect(await dan.next()).toBe(
      '{"type":"boundingBoxes","cameraId":"nan","frameId":1.0,"boxes":[{"rect":[null,null,null,1.0],"n":"NaN"}]}',
    );
  });

  it("are dropped before identifier, without a number, and where they are no list", async () => {
    const dan = await client();
    const early = await openAt(scope, server, "/processor");
    early.send({ type: "boundingBoxes", frameId: 1, boxes: [] });
    expect(await early.json()).toMatchObject({ type: "error", code: "wrong_state" });
    early.send({ type: "identifier", id: newCamera() });
    await handled(early);
    for (const bad of [
      '"boxes":{}',
      '"boxes":"[]"',
      '"boxes":null',
      "",
      '"boxes":[],"frameId":"1"',
      '"boxes":[],"frameId":NaN',
    ]) {
      early.send(`{"type":"boundingBoxes","frameId":1${bad === "" ? "" : ","}${bad}}`);
      expect(await early.json()).toMatchObject({ type: "error", code: "bad_message" });
    }
    early.send({ type: "boundingBoxes", frameId: 2, boxes: [] });
    expect(await dan.json()).toMatchObject({ frameId: 2 });
  });

  it("of chosen cameras only go to who asked for them", async () => {
    const names = [newCamera(), newCamera(), newCamera()];
    const cameras = await Promise.all(names.map(processor));
    const dan = await client();
    const frameOf = async (chosen: readonly (string | undefined)[]) => {
      dan.send({ type: "cameras", cameraIds: chosen });
      await handled(dan);
      for (const camera of cameras) {
        camera.send({ type: "boundingBoxes", frameId: 1, boxes: [] });
        await handled(camera);
      }
      return (await handled(dan)).map((frame) => JSON.parse(frame).cameraId);
    };
    expect(await frameOf([names[0], names[2], "unknown"])).toEqual([names[0], names[2]]);
    expect(await frameOf([names[1], names[1]])).toEqual([names[1]]);
    expect(await frameOf([])).toEqual([]);
    dan.send({ type: "cameras", cameraIds: ["a", 5] });
    expect(await dan.json()).toMatchObject({ code: "bad_message" });
  });
});

describe("a start's frame id", () => {
  it.each([
    ["12.0", "12", "12.0"],
    ["12", "12.0", "12"],
    ["1e-7", "1e-7", "1e-7"],
    ["0.0000001", "1e-7", "0.0000001"],
    ["12345678901234567890", "12345678901234567000", "12345678901234567890"],
    ["3.0", "4", "4"],
  ])("goes out, where the camera sent %s and the client %s, as %s", async (sent, asked, out) => {
    const cameraId = newCamera();
    const camera = await processor(cameraId);
    const dan = await client();
    camera.send(`{"type":"boundingBoxes","frameId":${sent},"boxes":[]}`);
    await dan.next();
    dan.send(`{"type":"start","cameraId":"${cameraId}","frameId":${asked},"boxId":5.0}`);
    expect(await camera.next()).toMatch(
      new RegExp(`^{"type":"start","objectId":\\d+,"frameId":${out},"boxId":5\\.0}$`),
    );
  });

  it("is the camera's own, not another's, and outlives its connection", async () => {
    const [one, two] = [newCamera(), newCamera()];
    const [first, second] = [await processor(one), await processor(two)];
    first.send('{"type":"boundingBoxes","frameId":12.0,"boxes":[]}');
    second.send('{"type":"boundingBoxes","frameId":12.00,"boxes":[]}');
    await handled(first);
    await handled(second);
    first.close();
    await first.closed();
    const again = await processor(one);
    (await client()).send({ type: "start", cameraId: one, frameId: 12, boxId: 1 });
    expect(await again.next()).toContain('"frameId":12.0,');
  });
});

describe("timelines", () => {
  it("have one entry a second and processor, there before the boxes are, in the server's local time", async () => {
    const [one, two] = [newCamera(), newCamera()];
    const cameras = [await processor(one), await processor(two)];
    const dan = await client();
    const [camera] = cameras;
    if (camera === undefined) throw new Error("no camera");
    const objectId = await startObject(dan, camera, { cameraId: one, image: "x" });
    const never = await startObject(dan, camera, { cameraId: one, image: "y" });
    const box = { boxId: 1, rect: [0, 0, 1, 1], objectType: "person", certainty: 1 };
    const boxes = [
      { ...box, objectId },
      box,
      { ...box, objectId: 99_999 },
      { ...box, objectId: "1" },
    ];
    const startMs = Date.now();
    for (let frameId = 0; frameId < 40; frameId++) {
      for (const each of cameras) each.send({ type: "boundingBoxes", frameId, boxes });
      for (let n = 0; n < 2; n++) {
        const { cameraId } = await dan.ofType("boundingBoxes");
        const { data } = (await get(`/timelines?objectId=${objectId}`)).json as {
          data: { processorId: string; timeStamp: string }[];
        };
        expect(data.map(({ processorId }) => processorId)).toContain(cameraId);
      }
    }
    const { json, text } = await get(`/timelines?objectId=${objectId}`);
    const { data } = json as { data: { processorId: string; timeStamp: string }[] };
    expect(text.startsWith('{"data":[{"timeStamp":"')).toBe(true);
    const seconds = Math.ceil((Date.now() - startMs) / 1000) + 1;
    expect(data.length).toBeLessThanOrEqual(2 * seconds);
    expect(new Set(data.map((entry) => JSON.stringify(entry))).size).toBe(data.length);
    const [first] = data;
    // Nepal is 5:45 ahead: a time in UTC, or in the test's zone, would show.
    const inNepal = new Date(startMs + 345 * 60_000).toISOString();
    const [day = "", clock = ""] = first?.timeStamp.split(" | ") ?? [];
    expect(
      Math.abs(Date.parse(`${day.replaceAll("/", "-")}T${clock}Z`) - Date.parse(inNepal)),
    ).toBeLessThan(3000);
    expect(await get(`/timelines?objectId=${never}`)).toMatchObject({
      status: 400,
      text: "Object id not present in tracking history",
    });
    dan.send({ type: "stop", objectId });
    await handled(dan);
    camera.send({ type: "boundingBoxes", frameId: 41, boxes });
    await handled(camera);
    expect((await get(`/timelines?objectId=${objectId}`)).text).toBe(text);
    const { data: ids } = (await get("/objectIds")).json as { data: number[] };
    expect(ids).toEqual(expect.arrayContaining([objectId, never]));
  });

  it.each([
    ["/timelines", 'Missing "objectId" query parameter'],
    ["/timelines?object=1", 'Missing "objectId" query parameter'],
    ["/timelines?objectId=99999", "Object id not present in tracking history"],
    ["/timelines?objectId=", "Object id not present in tracking history"],
    ["/timelines?objectId=a.b", "Object id not present in tracking history"],
    ["/timelines?objectId=1e0", "Object id not present in tracking history"],
  ])("%s is a 400 with the text %s", async (path, text) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status: 400, text });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("and object ids may be read from any page, and have their spacing", async () => {
    const empty = await startServer(scope, { config: { cors: { origins: "*" } } });
    const ids = () =>
      request(empty.url, "GET /objectIds", { headers: { origin: "https://any.example" } });
    expect((await ids()).text).toBe('{"data":[]}');
    const camera = await processorAt(scope, empty, "a");
    const dan = await clientAt(scope, empty);
    for (let n = 0; n < 3; n++) await startObject(dan, camera, { cameraId: "a", image: "x" });
    dan.send({ type: "stop", objectId: 2 });
    await handled(dan);
    const answer = await ids();
    expect(answer.text).toBe('{"data":[1, 2, 3]}');
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("what is bad", () => {
  it.each(["/client", "/processor", "/tracking/client", "/tracking/processor"])(
    "at %s is ignored, without a word to who did not ask",
    async (path) => {
      const quiet = await TextSocket.open(scope, server.ws(path));
      const messages = [
        "",
        "no JSON",
        "5",
        "null",
        "[]",
        "{}",
        '{"type":5}',
        '{"type":"nonsense"}',
        '{"type":"authenticate","jwt":"x"}',
      ];
      for (const message of [
        ...messages,
        '{"type":"stop"}',
        '{"type":"identifier"}',
        '{"type":"newObject","objectId":1}',
      ])
        quiet.send(message);
      const isClient = path.endsWith("client");
      // A message of the other endpoint is none here.
      quiet.send(
        isClient
          ? { type: "identifier", id: "wrong end" }
          : { type: "setUsesImages", usesImages: true },
      );
      const camera = isClient ? await processor(newCamera()) : quiet;
      if (!isClient) quiet.send({ type: "identifier", id: newCamera() });
      const dan = isClient ? quiet : await client();
      camera.send({ type: "boundingBoxes", frameId: 77, boxes: [] });
      expect(await dan.ofType("boundingBoxes")).toMatchObject({ frameId: 77 });
      const rest = isClient
        ? []
        : camera.frames.unread.filter((frame) => !frame.includes('"featureMap"'));
      expect(rest).toEqual([]);
    },
  );

  it("that is binary closes with 1003", async () => {
    for (const path of ["/client", "/processor"]) {
      const socket = await openAt(scope, server, path);
      socket.send(Buffer.from('{"type":"stop","objectId":1}'));
      expect(await socket.closed()).toMatchObject({ code: 1003 });
    }
  });

  it("a message of the other endpoint is told to who asked", async () => {
    const dan = await client();
    dan.send({ type: "identifier", id: "x" });
    expect(await dan.json()).toMatchObject({ code: "unknown_message" });
    const camera = await processor(newCamera());
    camera.send({ type: "stop", objectId: 1 });
    expect(await camera.json()).toMatchObject({ code: "unknown_message" });
  });
});
