/** Every route and message of docs/security.md, tried with each role and without a token: allowed exactly where its tables say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { projectPath } from "../support/paths.ts";
import { rawRequest } from "../support/raw-request.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

/** A row of the tables of routes and messages. */
interface Row {
  readonly service: string;
  /** The route, or the message's name. */
  readonly what: string;
  readonly access: string;
}

const docs = readFileSync(join(projectPath, "docs/security.md"), "utf8");

function rowsOf(table: string): Row[] {
  const text = docs.split(`<!-- ${table}: `)[1]?.split(`<!-- /${table} -->`)[0] ?? "";
  return text
    .split("\n")
    .filter((line) => /^\| .*`/.test(line))
    .map((line) => {
      const [service = "", what = "", access = ""] = line.slice(2, -2).split(" | ");
      return { service, what: what.replaceAll("`", ""), access };
    });
}

const roles = Array.from(
  (docs.split("<!-- roles: ")[1]?.split("<!-- /roles -->")[0] ?? "").matchAll(/^\| `([^`]+)`/gm),
  ([, role]) => role ?? "",
);

/** Holders of tokens: one of each role, one without a role, and nobody. */
const holders = [...roles, "no role", "nobody"];

function mayUse({ access }: Row, holder: string): boolean {
  if (access === "no token") return true;
  if (holder === "nobody") return false;
  return access === "any good token" || holder === "admin" || access.includes(`\`${holder}\``);
}

const file = scopePerFile();
const scope = scopePerTest();
const tokens = new Map<string, string>();
let server: ServerProcess;

beforeAll(async () => {
  const data = join(await temporaryFolder(file), "data");
  for (const holder of holders.filter((each) => each !== "nobody")) {
    const options = { name: holder, roles: [holder === "no role" ? "some.other" : holder] };
    tokens.set(holder, await createToken(data, options));
  }
  server = await startServer(file, { data, config: { auth: { enabled: true } } });
}, 120_000);

/** A header, or none. */
function bearer(holder: string): Record<string, string> {
  const token = tokens.get(holder);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

it("the tables have every role, route and message", () => {
  expect(roles.length).toBeGreaterThan(10);
  expect(rowsOf("routes").length).toBeGreaterThan(35);
  expect(rowsOf("messages").length).toBeGreaterThan(35);
});

describe("routes", () => {
  it.each(rowsOf("routes"))("$service: $what is for: $access", async (row) => {
    const route = row.what.replaceAll(/:[^/]+/g, "0".repeat(32)).replace("*", "");
    const body = /^P/.test(route) ? { body: "{}" } : {};
    for (const holder of holders) {
      const { status } = await rawRequest(server.url, route, { headers: bearer(holder), ...body });
      const refused = status === 401 || status === 403;
      expect([holder, !refused, status]).toEqual([holder, mayUse(row, holder), status]);
      if (refused) expect(status).toBe(holder === "nobody" ? 401 : 403);
    }
  });
});

const ids = { lobby_id: 1, prompt_id: 1 };
const waitStart = { type: "wait_start", user: "dan", ...ids };
const box = { type: "boundingBoxes", frameId: 1, boxes: [] };
const packet = { subject_id: "x", data: {} };
const subscribe = { data: [{ variables: ["mu"] }] };

/** For each message: where it is sent, and what: the last one counts. */
const samples: Readonly<Record<string, readonly [path: string, ...messages: object[]]>> = {
  "lobby wait_start": ["/lobby", waitStart],
  "lobby start": ["/lobby", waitStart, { type: "start" }],
  "lobby leaderboard": ["/lobby", { type: "leaderboard", ...ids }],
  "lobby leaderboard_update": ["/lobby", { type: "leaderboard_update", ...ids }],
  "lobby lobby_prompts": ["/lobby", { type: "lobby_prompts", lobby_id: 1 }],
  "lobby lobby_prompts_update": [
    "/lobby",
    { type: "lobby_prompts", lobby_id: 1 },
    { type: "lobby_prompts_update" },
  ],
  "experiments subscribe": ["/experiments/x", { action: "subscribe", ...subscribe }],
  "experiments unsubscribe": ["/experiments/x", { action: "unsubscribe", ...subscribe }],
  "experiments experiment:event": [
    "/experiments/x/publish",
    { action: "experiment:event", data: [{ chain: "a", data: { mu: [1] } }] },
  ],
  "experiments experiment:output": [
    "/experiments/x/publish",
    { action: "experiment:output", data: "text" },
  ],
  "experiments experiment:error": [
    "/experiments/x/publish",
    { action: "experiment:error", data: "text" },
  ],
  "experiments experiment:control": [
    "/experiments/x/publish",
    { action: "experiment:control", data: "finish" },
  ],
  "tracking start": ["/client", { type: "start", cameraId: "a", image: "x" }],
  "tracking stop": ["/client", { type: "stop", objectId: 99 }],
  "tracking setUsesImages": ["/client", { type: "setUsesImages", usesImages: true }],
  "tracking cameras": ["/client", { type: "cameras", cameraIds: ["a"] }],
  "tracking identifier": ["/processor", { type: "identifier", id: "a" }],
  "tracking boundingBoxes": ["/processor", box],
  "tracking featureMap": ["/processor", { type: "featureMap", objectId: 99, featureMap: [1] }],
  "crowd alive": ["/", { packet_type: "alive", ...packet }],
  "crowd heartbeat": ["/", { packet_type: "heartbeat", ...packet }],
  "crowd mephisto_bound_live_update": [
    "/",
    { packet_type: "mephisto_bound_live_update", ...packet },
  ],
  "crowd get_worker_stats": ["/crowd?worker=w", { message: "get_worker_stats" }],
  "crowd set_feedback": ["/crowd?worker=w", { message: "set_feedback", feedback: "x" }],
  "crowd submit_feedback": ["/crowd?worker=w", { message: "submit_feedback", feedback: "x" }],
  "crowd set_cad": ["/crowd?worker=w", { message: "set_cad", cad: "x" }],
  "crowd set_permutation": ["/crowd?worker=w", { message: "set_permutation", permutation: [] }],
  "crowd get_unit": ["/crowd?worker=w", { message: "get_unit" }],
  "crowd submit": ["/crowd?worker=w", { message: "submit", cad: "x" }],
  "admin overview": ["/admin", { type: "overview" }],
  "admin inspect": ["/admin", { type: "inspect", connection: "x" }],
  "admin inspect_next": ["/admin", { type: "inspect_next", service: "lobby" }],
  "admin uninspect": ["/admin", { type: "uninspect" }],
};

/** The messages that carry a token themselves. */
const carriers: Readonly<Record<string, readonly [path: string, name: object, field: string]>> = {
  "experiments authorization": ["/experiments/x", { action: "authorization" }, "token"],
  "tracking authenticate": ["/client", { type: "authenticate" }, "jwt"],
};

const key = ({ service, what }: Row): string => `${service} ${what}`;

/** Sends, and resolves to whether the server took it: it closed with 4401 or 4403, or handled what came behind it. */
async function isTaken(
  path: string,
  messages: readonly object[],
  holder: string,
): Promise<boolean> {
  const url = `${server.ws(path)}${path.includes("?") ? "&" : "?"}errors=1`;
  const socket = await TextSocket.open(scope, url, { headers: bearer(holder) });
  for (const message of messages) socket.send(message);
  socket.send("no JSON");
  const behind = socket.frames
    .until((text) => text.includes("JSON"))
    .then(
      () => 1000,
      async () => (await socket.closed()).code,
    );
  const code = await behind;
  socket.terminate();
  if (code !== 1000) expect([4401, 4403], `${path} ${JSON.stringify(messages)}`).toContain(code);
  return code === 1000;
}

describe("messages over WebSocket", () => {
  const rows = rowsOf("messages").filter(
    (row) => row.service !== "devices" && !(key(row) in carriers),
  );

  it.each(rows)("$service: $what is for: $access", async (row) => {
    const [path, ...messages] = samples[key(row)] ?? expect.fail(`no sample of ${key(row)}`);
    for (const holder of holders) {
      const taken = await isTaken(path, messages, holder);
      expect([holder, taken]).toEqual([holder, mayUse(row, holder)]);
    }
  });

  it.each(Object.entries(carriers))(
    "%s needs no token but the one in it",
    async (name, carrier) => {
      const row = rowsOf("messages").find((each) => key(each) === name);
      expect(row?.access).toBe("no token");
      const [path, message, field] = carrier;
      const token = tokens.get(
        name.startsWith("tracking") ? "tracking.client" : "experiments.subscribe",
      );
      expect(await isTaken(path, [{ ...message, [field]: token }], "nobody")).toBe(true);
      expect(await isTaken(path, [{ ...message, [field]: tokens.get("metrics") }], "nobody")).toBe(
        false,
      );
    },
  );
});

describe("events over Socket.IO", () => {
  const payloads: Readonly<Record<string, () => object>> = {
    query: () => ({ monitor_id: newMonitorId() }),
    "command send": () => ({ command: "x" }),
    con: () => ({ monitor_id: newMonitorId() }),
    "command done": () => ({}),
    "command error": () => ({ reason: "x" }),
  };
  const rows = rowsOf("messages").filter(({ service }) => service === "devices");

  /** Whether the server took the event: it acknowledges one behind it, and the connection stays. */
  async function isHandled(event: string, holder: string): Promise<boolean> {
    const token = tokens.get(holder);
    const options = token === undefined ? {} : { token };
    const socket = DeviceSocket.launch(scope, server.url, options);
    if ((await socket.events.next()).event !== "connect") return false;
    socket.emit(event, payloads[event]?.());
    const ended = socket.events.until(({ event: came }) => came === "disconnect");
    return await Promise.race([
      ended.then(
        () => false,
        () => false,
      ),
      socket.call("nonsense").then(() => true),
    ]);
  }

  it.each(rows)("$what is for: $access", async (row) => {
    expect(payloads).toHaveProperty([row.what]);
    for (const holder of holders) {
      const handled = await isHandled(row.what, holder);
      expect([holder, handled]).toEqual([holder, mayUse(row, holder)]);
    }
  });
});
