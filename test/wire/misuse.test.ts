/** Clients that misuse what a server reads: they are bounded, and others are served meanwhile. */
import { describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { join, newLobbyId } from "../support/lobby.ts";
import { encodeFrame, opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const scope = scopePerTest();

/** As many copies of a frame as make up some `bytes`. */
function copies(frame: Buffer, bytes: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.floor(bytes / frame.length) }, () => frame));
}

/** Plays `rounds` messages of a player alone in a lobby, and as many requests to `/healthz`. */
async function roundTrips(server: ServerProcess, rounds: number): Promise<void> {
  const player = await join(scope, server.ws(), { user: "calm", lobby_id: newLobbyId() });
  for (let round = 0; round < rounds; round++) {
    player.send({ type: "start", in: round });
    expect(await player.json()).toMatchObject({ type: "start", in: round });
    expect((await request(server.url, "GET /healthz")).status).toBe(200);
  }
}

describe("a flood that takes the server seconds", () => {
  const fragments = encodeFrame(opcodes.continuation, "x", { fin: false });
  it.each([
    { what: "pings", path: "/lobby", frame: encodeFrame(opcodes.ping, "") },
    { what: "pongs", path: "/lobby", frame: encodeFrame(opcodes.pong, "") },
    { what: "heartbeats", path: "/lobby?heartbeat=1", frame: encodeFrame(opcodes.text, "") },
    { what: "empty messages", path: "/lobby", frame: encodeFrame(opcodes.text, "") },
    { what: "fragments of one byte", path: "/lobby", first: "{", frame: fragments },
  ])("of $what lets others pass", { timeout: 60_000 }, async ({ path, first, frame }) => {
    const server = await startServer(scope);
    const flooder = await RawWebSocket.open(scope, server.ws(path));
    if (first !== undefined) await flooder.send(opcodes.text, first, { fin: false });
    let taken = false;
    const flood = copies(frame, 24 << 20);
    void flooder.write(flood).then(() => {
      taken = true;
    });
    await roundTrips(server, 10);
    // Fragments are too many for one message before that.
    if (first === undefined) expect(taken).toBe(false);
  });
});

it("what follows a close of the server's is not read, and the connection goes", async () => {
  const server = await startServer(scope);
  const client = await RawWebSocket.open(scope, server.ws("/lobby"));
  await client.send(opcodes.binary, "bytes");
  expect(await client.closeCode()).toBe(1003);
  void client.write(copies(encodeFrame(opcodes.ping, ""), 24 << 20));
  await roundTrips(server, 3);
  await client.ended();
  const metrics = (await request(server.url, "GET /metrics")).text;
  expect(metrics).toMatch(/^switchboard_connections\{service="lobby"\} 1$/m);
});

it("a client that answers the server's close has its TCP connection ended by the server", async () => {
  const server = await startServer(scope);
  const client = await RawWebSocket.open(scope, server.ws("/lobby"));
  await client.send(opcodes.binary, "bytes");
  expect(await client.closeCode()).toBe(1003);
  await client.send(opcodes.close, Buffer.from([0x03, 0xeb]));
  await client.ended(3000);
});

it("half frames are bounded for an address: 1013, counted; they are released when their sockets go", async () => {
  const limits = { maxInputBytesPerAddress: 4 << 20 };
  const server = await startServer(scope, { config: { limits } });
  const half = encodeFrame(opcodes.text, "x".repeat(1_000_000)).subarray(0, 900_000);
  const clients = [];
  for (let nth = 0; nth < 6; nth++) {
    const client = await RawWebSocket.open(scope, server.ws("/processor"));
    clients.push(client);
    void client.write(half);
  }
  const isRefused = async () => (await request(server.url, "GET /metrics")).text;
  const metrics = await eventually("refusals", isRefused, (text) =>
    /^switchboard_input_refused_total [1-9]/m.test(text),
  );
  const used = Number(/^switchboard_input_bytes (\d+)$/m.exec(metrics)?.[1]);
  expect(used).toBeGreaterThan(3 << 20);
  expect(used).toBeLessThanOrEqual(limits.maxInputBytesPerAddress);
  const reasons = await Promise.any(
    clients.map(async (client) => {
      const { payload } = await client.frames.until(({ opcode }) => opcode === opcodes.close);
      return [payload.readUInt16BE(0), payload.subarray(2).toString()];
    }),
  );
  expect(reasons).toEqual([1013, expect.stringContaining("limits.maxInputBytesPerAddress")]);
});

it("a message that never ends is closed with 4408, whatever signs of life come in between", async () => {
  const limits = { idleTimeoutMs: 1500, pingIntervalMs: 500 };
  const server = await startServer(scope, { config: { limits } });
  const client = await RawWebSocket.open(scope, server.ws("/lobby"));
  await client.send(opcodes.text, "{", { fin: false });
  const drip = setInterval(() => {
    void client.send(opcodes.pong, "");
    void client.send(opcodes.continuation, " ", { fin: false });
  }, 100);
  scope.own(drip, (timer) => clearInterval(timer));
  expect(await client.closeCode()).toBe(4408);
});

it("with auth on, a frame of 64 KiB is the most before a client has authenticated: 1009", async () => {
  const server = await startServer(scope, { config: { auth: { enabled: true } } });
  const client = await RawWebSocket.open(scope, server.ws("/processor"));
  await client.write(encodeFrame(opcodes.text, "x".repeat(65_537)).subarray(0, 20));
  const { payload } = await client.frames.until(({ opcode }) => opcode === opcodes.close);
  expect([payload.readUInt16BE(0), payload.subarray(2).toString()]).toEqual([
    1009,
    expect.stringContaining("limits.maxUnauthenticatedBytes"),
  ]);
});
