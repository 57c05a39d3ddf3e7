/** Peers that do not read, send too fast, or are silent. */
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { eventually, within } from "../../../test/support/inbox.ts";
import { encodeFrame, opcodes, RawWebSocket } from "../../../test/support/raw-websocket.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { TextSocket } from "../../../test/support/text-socket.ts";
import { connectionOf, serve, unsentBytesOf } from "./websocket.fixture.ts";

const scope = scopePerTest();

describe("a client that never reads", () => {
  test("costs a bounded number of bytes, is closed with 4408 and destroyed a second after its close frame could not leave", async () => {
    const maxQueueBytes = 256 << 10;
    const served = await serve(scope, { limits: { maxQueueBytes } });
    const client = await RawWebSocket.open(scope, served.url);
    const connection = await connectionOf(served);
    client.stopReading();
    const filler = "x".repeat(32 << 10);
    let most = 0;
    let gone = false;
    const ended = served.connections.whenEmpty().then(() => {
      gone = true;
    });
    for (let n = 0; !connection.isClosed; n++) {
      for (let i = 0; i < 20; i++) served.context.send(connection, "item", { n, filler });
      most = Math.max(most, connection.unsentBytes);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const closedMs = performance.now();
    expect(await served.closed(0)).toMatchObject({ code: 4408, byServer: true });
    // What one turn may gather, and one message over it, in the socket; what may wait behind that.
    expect(most).toBeLessThanOrEqual((256 << 10) + 2 * Buffer.byteLength(filler) + maxQueueBytes);
    expect(most).toBeGreaterThan(maxQueueBytes / 2);
    expect(gone).toBe(false);
    await within(ended, "the end of the socket", 3000);
    expect(performance.now() - closedMs).toBeGreaterThan(900);
    expect(served.sockets[0]?.socket.destroyed).toBe(true);
  });

  test("that pings costs nothing, and is answered its last ping when it reads again", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    const connection = await connectionOf(served);
    client.stopReading();
    served.context.send(connection, "item", { n: 0, filler: "x".repeat(8 << 20) });
    await eventually(
      "bytes that wait",
      async () => unsentBytesOf(served),
      (unsent) => unsent > 0,
    );
    const before = unsentBytesOf(served);
    for (let n = 0; n < 1000; n++) await client.send(opcodes.ping, `ping ${n}`.padEnd(125));
    await client.text({ type: "echo", n: 1 });
    await eventually(
      "the message behind the pings",
      async () => served.echoed,
      (echoed) => echoed.length === 1,
    );
    expect(unsentBytesOf(served)).toBeLessThanOrEqual(before);
    client.readAgain();
    const { payload } = await client.frames.until(({ opcode }) => opcode === opcodes.pong);
    expect(payload.toString().trim()).toBe("ping 999");
    expect(
      JSON.parse(
        (await client.frames.until(({ opcode }) => opcode === opcodes.text)).payload.toString(),
      ),
    ).toEqual({
      type: "item",
      n: 1,
    });
  });
});

describe("a client that sends faster than it is handled", () => {
  test("is read no further meanwhile; every message is handled, in order", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    const connection = await connectionOf(served);
    let held = () => {};
    connection.handOver(() => new Promise<void>((resolve) => (held = resolve)));
    const count = 50_000;
    const sent = client.write(
      Buffer.concat(
        Array.from({ length: count }, (_, n) =>
          encodeFrame(opcodes.text, JSON.stringify({ type: "burst", n: 0, m: n })),
        ),
      ),
    );
    const server = served.sockets[0]?.socket;
    await eventually(
      "the pause",
      async () => server?.isPaused(),
      (paused) => paused === true,
    );
    expect(connection.isClosed).toBe(false);
    held();
    await sent;
    await client.text({ type: "echo", n: 1 });
    await client.frames.until(({ payload }) => payload.toString() === '{"type":"item","n":1}');
    expect(connection.isClosed).toBe(false);
  });
});

describe("signs of life", () => {
  test("a ping is answered at once with its payload", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    await client.send(opcodes.ping, "payload");
    expect(await client.frames.next()).toEqual({
      opcode: opcodes.pong,
      payload: Buffer.from("payload"),
    });
  });

  test("pings and pongs of the peer are heard", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, served.url);
    const connection = await connectionOf(served);
    for (const opcode of [opcodes.ping, opcodes.pong]) {
      connection.lastHeardMs = 0;
      await client.send(opcode, "");
      await eventually(
        "a sign of life",
        async () => connection.lastHeardMs,
        (heardMs) => heardMs > 0,
      );
    }
    connection.ping();
    await client.frames.until(({ opcode }) => opcode === opcodes.ping);
  });

  test("a probe finds out who answers, who does not, and who goes meanwhile", async () => {
    const served = await serve(scope);
    await TextSocket.open(scope, served.url);
    const mute = await TextSocket.open(scope, served.url, { autoPong: false });
    const [answers, silent] = [await connectionOf(served, 0), await connectionOf(served, 1)];
    expect(await answers.probe(8000)).toBe(true);
    expect(await silent.probe(50)).toBe(false);
    const talks = silent.probe(8000);
    mute.send({ type: "burst", n: 0 });
    expect(await talks).toBe(true);
    const goes = silent.probe(8000);
    mute.terminate();
    expect(await goes).toBe(false);
    expect(await silent.probe(8000)).toBe(false);
  });
});

/** A socket of which the test says when what was written has left. */
class HeldSocket extends Duplex {
  readonly written: Buffer[] = [];
  #left: (() => void)[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, left: () => void): void {
    this.written.push(chunk);
    this.#left.push(left);
  }

  /** The oldest write has left. */
  async leave(): Promise<void> {
    this.#left.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("an outbox behind something that `ws` wrote", () => {
  /** Upgrades a held socket; the answer to the upgrade has not left yet. */
  async function held() {
    const served = await serve(scope);
    const socket = scope.own(new HeldSocket(), (one) => one.destroy());
    const headers = {
      upgrade: "websocket",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-version": "13",
    };
    const request = {
      method: "GET",
      url: "/lab",
      headers,
      socket: { remoteAddress: "1.1.1.1" },
    } as unknown as IncomingMessage;
    served.transport.handleUpgrade(request, socket, Buffer.alloc(0), served.entrance);
    return { served, socket, connection: await connectionOf(served) };
  }

  const texts = ({ written }: HeldSocket) =>
    written.map((bytes) => bytes.toString()).filter((text) => text.includes("item"));

  test("the answer to the upgrade: goes on when that has left", async () => {
    const { served, socket, connection } = await held();
    served.context.send(connection, "item", { n: 1 });
    expect(texts(socket)).toEqual([]);
    await socket.leave();
    await socket.leave();
    expect(texts(socket).length).toBe(1);
  });

  test.each(["ping", "pong"])("a %s: goes on when that has left", async (control) => {
    const { served, socket, connection } = await held();
    await socket.leave();
    await socket.leave();
    if (control === "ping") connection.ping();
    else socket.push(encodeFrame(opcodes.ping, "x"));
    await eventually(
      "the frame",
      async () => socket.writableLength,
      (unsent) => unsent > 0,
    );
    served.context.send(connection, "item", { n: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(texts(socket)).toEqual([]);
    await socket.leave();
    await socket.leave();
    expect(texts(socket).length).toBe(1);
  });
});
