/** What the library reports, as the core takes it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import type { ConnectOptions } from "../options.ts";
import type { ConnectionState } from "../state.ts";
import { monitorId, Scene } from "./devices.fixture.ts";
import { eventText, parseAcknowledgement, parseEvent } from "./event-text.ts";
import { socketIoTransport } from "./socketio-transport.ts";

let scene: Scene;
let connection: Connection | undefined;

beforeEach(() => {
  scene = new Scene();
});

afterEach(async () => {
  await connection?.close();
  await scene.end();
});

function open(url: string, options: ConnectOptions = {}): Connection {
  connection = connect(`${url}/socket.io/`, { transport: socketIoTransport(), ...options });
  return connection;
}

/** The first state of this status, from now on. */
async function state<Status extends ConnectionState["status"]>(of: Connection, status: Status) {
  for await (const present of of.states())
    if (present.status === status) return present as ConnectionState & { status: Status };
  throw new Error(`never ${status}`);
}

test("an event with an id is acknowledged, with a payload and without, known and unknown", async () => {
  const { url } = await scene.ours();
  const opened = open(url);
  const acknowledged: (string | undefined)[] = [];
  opened.on("message", (text) =>
    acknowledged.push(parseAcknowledgement(text) ?? parseEvent(text)?.name),
  );
  opened.send(eventText("query", { monitor_id: monitorId }, "1"), { id: "1", awaitsAck: true });
  opened.send(eventText("no such event", undefined, "2"));
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toEqual(["query ok", "1", "2"]);
  expect([opened.acknowledge("1"), opened.acknowledge("1")]).toEqual([true, false]);
});

test("a full server is come back to later, an address over its rate too", async () => {
  const full = await scene.ours({ limits: { maxConnections: 1 } });
  await scene.monitor(full.url, () => {});
  expect((await state(open(full.url), "waiting")).loss).toMatchObject({ code: 1013 });
  await connection?.close();
  const strict = await scene.ours({ limits: { connectsPerSecondPerAddress: 0.001 } });
  const codes: number[] = [];
  while (!codes.includes(4429)) {
    const attempt = open(strict.url);
    const settled = await Promise.race([state(attempt, "waiting"), state(attempt, "open")]);
    codes.push(settled.status === "waiting" ? settled.loss.code : 0);
    await attempt.close();
  }
  expect(codes.length).toBeLessThan(10);
});

test("a token that is not good ends the connection with the code for it", async () => {
  const { url } = await scene.ours({ auth: { enabled: true } });
  expect(await open(url, { token: "no such token" }).whenClosed()).toMatchObject({
    kind: "refused",
    loss: { code: 4401, reason: expect.stringContaining("token") },
  });
});

test("a server that leaves is come back to", async () => {
  const server = await scene.restartable();
  const opened = open(server.url, { maxDelayMs: 50 });
  await opened.whenOpen();
  const [waiting] = await Promise.all([state(opened, "waiting"), server.stop()]);
  expect(waiting.loss).toEqual({ code: 1005, reason: "io server disconnect" });
  await server.start();
  await opened.whenOpen();
});

test("where a WebSocket cannot be opened it is long-polling", async () => {
  const server = await scene.original({ transports: ["polling"] });
  const user = scene.user(server.url);
  expect(await user.command("x").accepted).toEqual({ outcome: "acked" });
});

test("a server that has gone silent is noticed by its heartbeat, which is a sign of life to the watchdog", async () => {
  const server = await scene.original({ pingInterval: 50, pingTimeout: 400 });
  const proxy = await scene.proxy(server.url);
  let heard = 0;
  const opened = open(proxy.url, {
    maxDelayMs: 50,
    transport: (opening, events) =>
      socketIoTransport()(opening, { ...events, heard: () => ++heard }),
  });
  await expect.poll(() => heard, { timeout: 20_000 }).toBeGreaterThan(2);
  proxy.stall();
  expect((await state(opened, "waiting")).loss).toEqual({ code: 1006, reason: "ping timeout" });
});

test("a close is clean where the server has acknowledged everything, else it is given up", async () => {
  const server = await scene.original();
  const polite = open(server.url);
  await polite.whenOpen();
  const read = polite.send(eventText("query", { monitor_id: monitorId }));
  await polite.close();
  expect(await read.outcome).toBe("sent");
  const cut = open(server.url);
  await cut.whenOpen();
  const unread = cut.send(eventText("no such event"));
  await cut.close();
  expect(await unread.outcome).toBe("unknown");
});
