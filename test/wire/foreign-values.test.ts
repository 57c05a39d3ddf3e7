/**
 * Values that nobody expects, in every field of every message and route of all services: whatever is made of them, none is an internal
 * error, and the server serves the next client.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { scopePerFile } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

type Json = Readonly<Record<string, unknown>>;

const file = scopePerFile();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

/** Written into the text in the place of the string: what `JSON.stringify` does not print. */
const bareWords: Readonly<Record<string, string>> = {
  "bare:deep list": `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  "bare:deep object": `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  "bare:allowed depth": `${"[".repeat(40)}${"]".repeat(40)}`,
  "bare:infinite": "1e400",
  "bare:minus zero": "-0",
  "bare:tiny": "1e-400",
  "bare:long number": "9".repeat(5000),
  "bare:NaN": "NaN",
};

/** The text as it can be in an address. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

const strings = [
  "",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "\ufeff",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "=",
  "=41",
  "=-",
  ".",
  "a.b",
  "*",
  ">",
  "$x",
  " ",
  "/",
  "..",
  "é",
  "\u{1f600}".repeat(16),
  "x".repeat(1001),
  "x".repeat(20_000),
];

const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...strings, ...Object.keys(bareWords)),
  fc.constantFrom<unknown>(null, true, 0, -1, 0.5, 2 ** 53, 1e308, [], {}, [[]], [null]),
  fc.constantFrom<unknown>(
    JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":[]}}'),
    JSON.parse('[{"__proto__":1}]'),
    JSON.parse('{"toString":1,"toJSON":"x","length":1e9}'),
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The message with one part of it, or one more, changed. */
function changed(message: Json): fc.Arbitrary<Json> {
  return fc
    .oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...placesIn(message)), value) },
      {
        weight: 1,
        arbitrary: fc.tuple(
          fc.constantFrom(...strings).map((key) => [key]),
          value,
        ),
      },
    )
    .map(([place, foreign]) => put(message, place, foreign) as Json);
}

function placesIn(at: unknown): string[][] {
  if (typeof at !== "object" || at === null) return [];
  return Object.entries(at).flatMap(([key, inner]) => [
    [key],
    ...placesIn(inner).map((place) => [key, ...place]),
  ]);
}

function put(at: unknown, [key, ...place]: readonly string[], foreign: unknown): unknown {
  if (key === undefined) return foreign;
  if (Array.isArray(at))
    return at.map((inner, n) => (String(n) === key ? put(inner, place, foreign) : inner));
  const inner =
    typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : {};
  const entries = Object.entries(at as object).filter(([name]) => name !== key);
  return Object.fromEntries([...entries, [key, put(inner, place, foreign)]]);
}

function print(message: unknown): string {
  return JSON.stringify(message).replaceAll(
    /"(bare:[a-zN ]+)"/gi,
    (whole, word: string) => bareWords[word] ?? whole,
  );
}

/** Every part of the message, one after another, as each of the bare words. */
function withBareWords(message: Json): unknown[] {
  const words = Object.keys(bareWords);
  return placesIn(message).flatMap((place) => words.map((word) => put(message, place, word)));
}

/** No internal error so far, and the process lives. */
async function expectHealth(): Promise<void> {
  expect((await request(server.url, "GET /healthz")).status).toBe(200);
  expect(server.log).not.toMatch(/"level":(?:50|60)|internal error/);
}

const lobby = { lobby_id: 7, prompt_id: "p" };
const box = { x: 1, y: 2, w: 3, h: 4, objectId: 1 };
const packet = (data: Json) => ({
  packet_type: "mephisto_bound_live_update",
  subject_id: "a",
  data,
});

/** Where to connect, what to say first, and what is then changed. */
const sockets: readonly (readonly [
  path: string,
  first: readonly Json[],
  messages: readonly Json[],
])[] = [
  [
    "/lobby?errors=1",
    [],
    [
      { type: "wait_start", user: "dan", ...lobby, resume: "r", late: true },
      { type: "leaderboard", ...lobby },
      { type: "leaderboard_update", ...lobby },
      { type: "lobby_prompts", lobby_id: 7 },
    ],
  ],
  [
    "/?errors=1",
    [{ type: "wait_start", user: "dan", ...lobby }],
    [
      { type: "start", in: 10 },
      { type: "wait_start", user: "eve", ...lobby },
    ],
  ],
  [
    "/client?errors=1",
    [],
    [
      { type: "authenticate", jwt: "x" },
      { type: "start", cameraId: "c", image: "i", frameId: 1, boxId: 2 },
      { type: "stop", objectId: 1 },
      { type: "setUsesImages", usesImages: true },
      { type: "cameras", cameraIds: ["c", "d"] },
    ],
  ],
  [
    "/processor?errors=1",
    [{ type: "identifier", id: "c" }],
    [
      { type: "identifier", id: "c" },
      { type: "boundingBoxes", frameId: 1, boxes: [box, box] },
      { type: "featureMap", objectId: 1, featureMap: { a: [1] } },
    ],
  ],
  [
    "/experiments/x?errors=1",
    [{ action: "authorization", token: "t" }],
    [
      { action: "authorization", token: "t", epoch: true },
      {
        action: "subscribe",
        data: [{ chain: "c", variables: ["v", "w"], since: { v: 1 }, max_points: 10 }],
        summary: true,
      },
      { action: "unsubscribe", data: [{ chain: "c", variables: ["v"] }], summary: true },
    ],
  ],
  [
    "/experiments/x/publish?errors=1",
    [],
    [
      { action: "experiment:event", data: [{ chain: "c", data: { v: [1, 2] } }] },
      { action: "experiment:event", data: { data: [{ v: 1 }], message: "m", step: 1 } },
      { action: "experiment:output", data: "line" },
      { action: "experiment:error", data: { why: "x" } },
      { action: "experiment:control", data: "finish" },
    ],
  ],
  [
    "/crowd?worker=w&errors=1",
    [{ message: "get_unit" }],
    [
      { message: "get_worker_stats" },
      { message: "set_feedback", feedback: "f" },
      { message: "set_cad", cad: "c" },
      { message: "set_permutation", permutation: [1, 0] },
      { message: "submit", cad: "c", explanation: "e", permutation: "1,0" },
    ],
  ],
  [
    "/?errors=1",
    [{ packet_type: "alive", subject_id: "" }],
    [
      { packet_type: "heartbeat", subject_id: "a", client_timestamp: 1 },
      packet({ message: "set_cad", cad: "c", update_id: "u" }),
      packet({ message: "set_permutation", permutation: "1,0", update_id: "u" }),
    ],
  ],
  [
    "/admin?errors=1",
    [],
    [
      { type: "inspect", connection: "c" },
      { type: "inspect_next", service: "lobby", path: "/lobby" },
      { type: "uninspect", connection: "c" },
    ],
  ],
];

describe("WebSocket", () => {
  it.each(sockets)("%s", async (path, first, messages) => {
    const tell = async (said: readonly unknown[]) => {
      const socket = await TextSocket.open(file, server.ws(path));
      for (const message of first) socket.send(message);
      for (const message of said) socket.send(print(message));
      socket.close();
      const { code } = await socket.closed();
      expect(code).not.toBe(1011);
    };
    for (const message of messages) await tell(withBareWords(message));
    const some = fc.array(fc.constantFrom(...messages).chain(changed), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(fc.asyncProperty(some, tell), { numRuns: 20 });
    await expectHealth();
  });
});

const monitor_id = "m".repeat(32);

describe("Socket.IO", () => {
  it.each<readonly [event: string, first: readonly (readonly [string, Json])[], payload: Json]>([
    ["query", [], { monitor_id, watch: true }],
    ["con", [], { monitor_id }],
    [
      "command send",
      [["query", { monitor_id }]],
      { command: "c", wait_ms: 10, answer_ms: 10, retry: true, idempotency_key: "k" },
    ],
    ["command done", [["con", { monitor_id }]], { command_id: "c" }],
    ["command error", [["con", { monitor_id }]], { reason: "r", command_id: "c" }],
  ])("%s", async (event, first, payload) => {
    const tell = async (said: unknown) => {
      const path = "/socket.io/?EIO=4&transport=websocket";
      const socket = await TextSocket.open(file, server.ws(path));
      socket.send("40");
      await socket.frames.until((packet) => packet.startsWith("40"));
      for (const sent of first) socket.send(`42${JSON.stringify(sent)}`);
      socket.send(`421[${JSON.stringify(event)},${print(said)}]`);
      const acknowledged = socket.frames.until((packet) => packet.startsWith("431"));
      await Promise.race([acknowledged.catch(() => socket.closed()), socket.closed()]);
      socket.terminate();
    };
    for (const message of withBareWords(payload)) await tell(message);
    await fc.assert(fc.asyncProperty(fc.oneof(changed(payload), value), tell), { numRuns: 20 });
    await expectHealth();
  });
});

const run = { batch_id: "b", run_id: "r" };

/** Method, path with `*` for a foreign value, body. */
const routes: readonly (readonly [method: string, path: string, body?: Json])[] = [
  ["POST", "/lobbies/*/prompts/*/leaderboard-updates"],
  ["GET", "/timelines?objectId=*"],
  ["GET", "/experiments?after=*&limit=*"],
  ["GET", "/experiments/*/variables"],
  ["GET", "/experiments/*/summary"],
  ["GET", "/experiments/x/samples?chain=*&variable=*&from=*&to=*&max_points=*&format=*"],
  ["DELETE", "/experiments/*"],
  [
    "POST",
    "/api/object/y",
    {
      payload: {
        object_type: "experiment.protobuf_message",
        logs: { vars: { c: { v: [1, 2], w: ["a"] } }, iteration: { c: [1, 2, 3] } },
        ...run,
      },
    },
  ],
  [
    "POST",
    "/api/object/y",
    {
      payload: {
        object_type: "experiment.text_message",
        datas: [
          { group: "g", message: { action: "experiment:output", data: "line" } },
          { message: { action: "experiment:error", data: { a: [1] } } },
        ],
      },
    },
  ],
  [
    "POST",
    "/request_agent?study=*",
    { provider_data: { worker_name: "w", agent_registration_id: "a" } },
  ],
  [
    "POST",
    "/submit_task",
    { USED_AGENT_ID: "a", final_data: { cad: "c", explanation: "e", permutation: [1] } },
  ],
  [
    "POST",
    "/crowd/studies",
    {
      id: "s",
      sentences: [{ original_id: "o", original: "text", cads: ["a", "b"] }],
      max_cads: 1,
      sentences_per_ranking: 2,
      rankings_per_original: 1,
    },
  ],
  ["GET", "/crowd/studies/*/export?format=*"],
  ["POST", "/crowd/studies/*/bonuses/*/paid"],
  ["GET", "/crowd/workers/*/stats"],
  ["DELETE", "/crowd/workers/*"],
  ["GET", "/devices?after=*&away=*&order=*&limit=*"],
  ["GET", `/devices/*/commands?status=*&after=*&limit=*`],
  [
    "POST",
    `/devices/${monitor_id}/commands`,
    { command: "c", wait_ms: 10, answer_ms: 10, retry: true, idempotency_key: "k" },
  ],
  ["DELETE", `/devices/${monitor_id}/commands/*`],
  ["GET", "/admin/connections?service=*&limit=*&sort=*&cursor=*"],
  ["POST", "/admin/tests", { service: "lobby", path: "/lobby", message: "start" }],
];

describe("HTTP", () => {
  const text = fc
    .oneof(
      fc.constantFrom(...strings),
      fc.constantFrom("1", "-1", "1e9", "Infinity", "1e400", "0x1"),
      fc.string({ unit: "binary", maxLength: 20 }),
    )
    .map((given) => encodeURIComponent(wellFormed(given.slice(0, 2000))));

  for (const [method, path, body] of routes)
    it(`${method} ${path}`, async () => {
      const tell = async (texts: readonly string[], said: unknown) => {
        let nth = 0;
        const address = path.replaceAll("*", () => texts[nth++] ?? "");
        const answer = await request(server.url, `${method} ${address}`, {
          ...(said === undefined ? {} : { body: print(said) }),
        });
        expect(answer.status).not.toBe(500);
      };
      if (body !== undefined)
        for (const message of withBareWords(body)) await tell(["s", "s"], message);
      const foreignBody =
        body === undefined ? fc.constant(undefined) : fc.oneof(changed(body), value);
      const texts = fc.array(text, { minLength: 6, maxLength: 6 });
      await fc.assert(fc.asyncProperty(texts, foreignBody, tell), { numRuns: 20 });
      await expectHealth();
    });
});
