/** What leaves on real sockets, and how they end. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { eventually, within } from "../../../test/support/inbox.ts";
import { encodeFrame, opcodes, RawWebSocket } from "../../../test/support/raw-websocket.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { TextSocket } from "../../../test/support/text-socket.ts";
import { encodeTextFrame } from "./text-frame.ts";
import { connectionOf, type Served, serve, unsentBytesOf } from "./websocket.fixture.ts";

const scope = scopePerTest();

function writesOf({ sockets }: Served, nth = 0): readonly Uint8Array[] {
  // Without the answer to the upgrade.
  return sockets[nth]?.writes.slice(1) ?? [];
}

const items = (n: number) => Array.from({ length: n }, (_, i) => `{"type":"item","n":${i}}`);

describe("writing", () => {
  test("a burst leaves in one write", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, served.url);
    for (const n of [50, 1]) {
      client.send({ type: "burst", n });
      for (const text of items(n)) expect(await client.next()).toBe(text);
    }
    expect(writesOf(served).map((bytes) => Buffer.from(bytes))).toEqual([
      Buffer.concat(items(50).map(encodeTextFrame)),
      encodeTextFrame(items(1)[0] ?? ""),
    ]);
  });

  test("members of a topic are written the very same bytes, joined once", async () => {
    const served = await serve(scope);
    const clients = [
      await TextSocket.open(scope, served.url),
      await TextSocket.open(scope, served.url),
      await TextSocket.open(scope, served.url),
    ];
    const topic = served.context.topic("all");
    for (const nth of clients.keys()) topic.join(await connectionOf(served, nth));
    for (const n of [1, 2, 3]) topic.publish("item", { n });
    for (const client of clients)
      for (const n of [1, 2, 3]) expect(await client.json()).toEqual({ type: "item", n });
    topic.publish("item", { n: 4 });
    for (const client of clients) expect(await client.json()).toEqual({ type: "item", n: 4 });
    const [first, ...others] = clients.map((_, nth) => writesOf(served, nth));
    expect(first?.length).toBe(2);
    for (const writes of others) {
      expect(writes.length).toBe(2);
      expect(writes.every((bytes, n) => bytes === first?.[n])).toBe(true);
    }
  });

  test("what waited for a slow client leaves in one write, of each key the newest, in order", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    const connection = await connectionOf(served);
    client.stopReading();
    const filler = "x".repeat(8 << 20);
    served.context.send(connection, "item", { n: 0, filler });
    await eventually(
      "bytes that wait",
      async () => unsentBytesOf(served),
      (unsent) => unsent > 0,
    );
    for (let n = 1; n <= 100; n++) {
      served.context.send(connection, "newest", { n });
      served.context.send(connection, "item", { n });
    }
    const writesBefore = writesOf(served).length;
    client.readAgain();
    const texts: string[] = [];
    while (texts.length < 102) texts.push((await client.frames.next()).payload.toString());
    expect(texts.slice(1)).toEqual([
      ...Array.from({ length: 99 }, (_, n) => `{"type":"item","n":${n + 1}}`),
      '{"type":"newest","n":100}',
      '{"type":"item","n":100}',
    ]);
    expect(writesOf(served).length).toBe(writesBefore + 1);
    expect(connection.skipped).toBe(99);
  });
});

describe("closing", () => {
  test("what was sent before a close arrives before it", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    await client.text({ type: "burst", n: 500, close: true });
    for (const text of items(500))
      expect((await client.frames.next()).payload.toString()).toBe(text);
    const { opcode, payload } = await client.frames.next();
    expect([opcode, payload.readUInt16BE(0), payload.subarray(2).toString()]).toEqual([
      opcodes.close,
      1000,
      "as asked",
    ]);
    expect(await served.closed(0)).toEqual({ code: 1000, reason: "as asked", byServer: true });
  });

  test("messages before the peer's close count, and are answered before the answering close frame if their handlers are quick", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    const frames = [
      JSON.stringify({ type: "burst", n: 3 }),
      JSON.stringify({ type: "echo", n: 7 }),
    ].map((text) => encodeFrame(opcodes.text, text));
    // All in one packet, as of a client that closes at once after sending.
    await client.write(
      Buffer.concat([...frames, encodeFrame(opcodes.close, Buffer.from([0x03, 0xe8]))]),
    );
    for (const text of items(3)) expect((await client.frames.next()).payload.toString()).toBe(text);
    expect(await client.closeCode()).toBe(1000);
    await client.ended();
    expect(await served.closed(0)).toEqual({ code: 1000, reason: "", byServer: false });
    expect(served.echoed).toEqual([7]);
  });

  test("a client has left when its close frame arrives, although it keeps TCP open", async () => {
    const served = await serve(scope);
    const { hostname, port } = new URL(served.url);
    // Half-open: it does not end its side when the server ends the other.
    const client = scope.own(
      connect({ host: hostname, port: Number(port), allowHalfOpen: true }),
      (socket) => socket.destroy(),
    );
    client.write(
      "GET /lab HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    const connection = await connectionOf(served);
    const topic = served.context.topic("all");
    topic.join(connection);
    let answer = Buffer.alloc(0);
    client.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
    });
    client.write(
      encodeFrame(opcodes.close, Buffer.concat([Buffer.from([0x0f, 0xa0]), Buffer.from("bye")])),
    );
    expect(await within(served.closed(0), "the close")).toEqual({
      code: 4000,
      reason: "bye",
      byServer: false,
    });
    expect(topic.size).toBe(0);
    await within(once(client, "end"), "the end of the server's side");
    expect(answer.subarray(-7)).toEqual(Buffer.from([0x88, 5, 0x0f, 0xa0, ...Buffer.from("bye")]));
    expect(served.connections.size).toBe(1);
    client.end();
    await within(served.connections.whenEmpty(), "the end of the connection");
  });

  test("a connection that drops without a close frame has ended with 1006", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, served.url);
    await connectionOf(served);
    client.terminate();
    expect(await within(served.closed(0), "the close")).toEqual({
      code: 1006,
      reason: "",
      byServer: false,
    });
    await within(served.connections.whenEmpty(), "the end of the connection");
  });

  test.each([
    ["a binary frame", 1003, encodeFrame(opcodes.binary, "{}")],
    ["text that is not UTF-8", 1007, encodeFrame(opcodes.text, Buffer.from([0x22, 0xff, 0x22]))],
    ["a frame over the limit", 1009, encodeFrame(opcodes.text, "x".repeat(1001))],
    [
      "fragments over the limit",
      1009,
      Buffer.concat([
        encodeFrame(opcodes.text, "x".repeat(600), { fin: false }),
        encodeFrame(opcodes.continuation, "x".repeat(600)),
      ]),
    ],
    ["a frame without a mask", 1002, encodeFrame(opcodes.text, "{}", { masked: false })],
  ])("%s closes with %i, and nobody else notices", async (_what, code, bytes) => {
    const served = await serve(scope, { limits: { maxFrameBytes: 1000 } });
    const [bad, good] = [
      await RawWebSocket.open(scope, served.url),
      await TextSocket.open(scope, served.url),
    ];
    await bad.write(
      Buffer.concat([bytes, encodeFrame(opcodes.text, JSON.stringify({ type: "echo", n: 1 }))]),
    );
    expect(await bad.closeCode()).toBe(code);
    expect((await served.closed(0)).code).toBe(code);
    good.send({ type: "echo", n: 2 });
    expect(await good.json()).toEqual({ type: "item", n: 2 });
    expect(served.echoed).toEqual([2]);
  });

  test("a frame as large as the limit is taken", async () => {
    const served = await serve(scope, { limits: { maxFrameBytes: 1000 } });
    const client = await TextSocket.open(scope, served.url);
    client.send(
      JSON.stringify({ type: "echo", n: 1, filler: "" }).replace(
        '""',
        `"${"x".repeat(1000 - 33)}"`,
      ),
    );
    expect(await client.json()).toEqual({ type: "item", n: 1 });
  });

  test("a long reason is cut at a character's border", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, served.url);
    served.context.close(await connectionOf(served), "done", "漢".repeat(100));
    expect(await client.closed()).toEqual({ code: 1000, reason: "漢".repeat(41) });
  });
});
