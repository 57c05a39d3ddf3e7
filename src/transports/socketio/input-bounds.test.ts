/** What clients may send and hold before they have joined, and before it is a message. */
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { eventually, within } from "../../../test/support/inbox.ts";
import { encodeFrame, opcodes } from "../../../test/support/raw-websocket.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { RawPoller, RawSocket, RealClient } from "./clients.suite.ts";
import { type Sample, serveSample } from "./sample-service.suite.ts";

const scope = scopePerTest();

function tcpOf(raw: RawSocket): Socket {
  return (raw.socket as unknown as { readonly _socket: Socket })._socket;
}

/** The session's POST, of which only the first part comes; ended with the scope. */
function halfPost(sample: Sample, sid: string, part: string, headers = {}) {
  const request = httpRequest(`${sample.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
    method: "POST",
    headers,
  });
  scope.own(request, (open) => open.destroy());
  const status = new Promise<number | undefined>((resolve) => {
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", () => resolve(undefined));
  });
  request.write(part);
  return status;
}

describe("until it has joined, a client", () => {
  test.each(["EIO=4", "EIO=3"])("may send no large frame (%s)", async (query) => {
    const { url } = await serveSample(scope, { auth: true });
    const raw = RawSocket.open(scope, url, query);
    await raw.packets.next();
    raw.send(`40${JSON.stringify({ token: "x".repeat(100_000) })}`);
    await expect(raw.packets.until(() => false)).rejects.toThrow("closed with 1009");
  });

  test("may not even begin one, nor many fragments", async () => {
    const sample = await serveSample(scope, { auth: true });
    const raw = RawSocket.open(scope, sample.url);
    await raw.packets.next();
    const tcp = tcpOf(raw);
    tcp.on("error", () => {});
    tcp.write(encodeFrame(opcodes.text, "x".repeat(500_000)).subarray(0, 80_000));
    await expect(raw.packets.next()).rejects.toThrow("closed with 1009");
    const other = RawSocket.open(scope, sample.url);
    await other.packets.next();
    const fragment = (opcode: number) => encodeFrame(opcode, "x".repeat(100), { fin: false });
    tcpOf(other).on("error", () => {});
    tcpOf(other).write(fragment(opcodes.text));
    tcpOf(other).write(
      Buffer.concat(Array.from({ length: 5000 }, () => fragment(opcodes.continuation))),
    );
    await expect(other.packets.next()).rejects.toThrow(/closed with 100[89]/);
    await eventually(
      "their places",
      async () => sample.connections.held,
      (held) => held === 0,
    );
  });

  test("may post no large body, announced or not, and its session is over", async () => {
    const sample = await serveSample(scope, { auth: true });
    const large = `40${JSON.stringify({ token: "x".repeat(100_000) })}`;
    const [announced] = await RawPoller.open(sample.url);
    expect(await announced.post(large)).toMatch(/^413 .*limits\.maxUnauthenticatedBytes/);
    expect(await announced.poll()).toMatch(/^400 .*Session ID unknown/);
    const [piecewise] = await RawPoller.open(sample.url);
    expect(await halfPost(sample, piecewise.sid, large)).toBe(413);
    expect(await piecewise.poll()).toMatch(/^400 .*Session ID unknown/);
    expect(sample.connections.held).toBe(0);
  });

  test("may send no large frame over a WebSocket that it is changing to", async () => {
    const sample = await serveSample(scope, { auth: true });
    const [poller] = await RawPoller.open(sample.url);
    const raw = RawSocket.open(scope, sample.url, `EIO=4&sid=${poller.sid}`);
    await within(new Promise((resolve) => raw.socket.once("open", resolve)), "the WebSocket");
    raw.send("2probe");
    expect(await raw.packets.next()).toBe("3probe");
    raw.send(`2${"x".repeat(100_000)}`);
    await expect(raw.packets.next()).rejects.toThrow("closed with 1009");
  });

  test("has handshakes of any shape cost nobody anything", async () => {
    const sample = await serveSample(scope, { auth: true });
    const { client, events } = await RealClient.connect(
      scope,
      sample.url,
      {},
      {
        auth: { token: "good" },
      },
    );
    for (const auth of [
      "null",
      "[]",
      "7",
      '"good"',
      "{}",
      '{"token":null}',
      '{"token":{"a":1}}',
      '{"__proto__":{"token":"good"}}',
      `{"a":${"[".repeat(30_000)}`,
      `{"token":"${"x".repeat(60_000)}"}`,
      `{${'"a":1,'.repeat(9000)}"b":1}`,
    ]) {
      // biome-ignore format: a table
      const raw = RawSocket.open(scope, sample.url);
      await raw.packets.next();
      raw.send(`40${auth}`);
      const answer = await raw.packets.next().catch((error: Error) => error.message);
      expect(answer).toMatch(/^44\{"message":"[^"]*token|closed with 1005/);
    }
    client.emit("say", { text: "still there" });
    expect(await events.next()).toEqual(["said", { text: "still there" }]);
    expect(sample.opened.unread.length).toBe(1);
    expect(sample.logged).toEqual([]);
  });
});

test("one that has joined may send what maxFrameBytes allows, by each transport", async () => {
  const { url } = await serveSample(scope, { auth: true });
  const text = "x".repeat(500_000);
  for (const transport of ["websocket", "polling", "upgrade"] as const) {
    const { client, events } = await RealClient.connect(
      scope,
      url,
      { transport },
      {
        auth: { token: "good" },
      },
    );
    client.emit("say", { text });
    expect(await events.next()).toEqual(["said", { text }]);
  }
});

describe("bytes of what is not yet a message", () => {
  test("of frames are counted for all clients together; one too many closes with 1013", async () => {
    const sample = await serveSample(scope, { limits: { maxInputBytes: 300_000 } });
    const bystander = await RealClient.connect(scope, sample.url);
    const frame = encodeFrame(opcodes.text, `42["say",{"text":"${"x".repeat(400_000)}"}]`);
    const first = await RawSocket.join(scope, sample.url);
    tcpOf(first).write(frame.subarray(0, 200_000));
    await eventually(
      "they are counted",
      async () => sample.connections.inputBudget.used,
      (n) => n === 199_986,
    );
    const second = await RawSocket.join(scope, sample.url);
    tcpOf(second).on("error", () => {});
    tcpOf(second).write(frame.subarray(0, 200_000));
    await expect(second.packets.next()).rejects.toThrow("closed with 1013");
    expect(await bystander.call("nothing")).toEqual([]);
    await eventually(
      "its are given back",
      async () => sample.connections.inputBudget.used,
      (n) => n === 199_986,
    );
    // The first one goes away in the middle.
    first.socket.terminate();
    await eventually(
      "all are given back",
      async () => sample.connections.inputBudget.used,
      (n) => n === 0,
    );
  });

  test("of whole frames and fragments are given back when they are handled", async () => {
    const sample = await serveSample(scope, { limits: { maxInputBytes: 300_000 } });
    const raw = await RawSocket.join(scope, sample.url);
    const half = `42["say",{"text":"${"x".repeat(100_000)}`;
    for (let n = 0; n < 5; n++) {
      tcpOf(raw).write(encodeFrame(opcodes.text, half, { fin: false }));
      await eventually(
        "the fragment is counted",
        async () => sample.connections.inputBudget.used,
        (used) => used >= half.length,
      );
      tcpOf(raw).write(encodeFrame(opcodes.continuation, '"}]'));
      expect(await raw.packets.next()).toContain('42["said"');
      expect(sample.connections.inputBudget.used).toBe(0);
    }
  });

  test("of bodies are counted with them; one too many is answered with 503, and gone ones are given back", async () => {
    const sample = await serveSample(scope, { limits: { maxInputBytes: 300_000 } });
    const first = await RawPoller.join(sample.url);
    const second = await RawPoller.join(sample.url);
    const headers = { "content-length": 900_000 };
    void halfPost(sample, first.sid, "x".repeat(200_000), headers);
    await eventually(
      "they are counted",
      async () => sample.connections.inputBudget.used,
      (n) => n === 200_000,
    );
    expect(await halfPost(sample, second.sid, "x".repeat(200_000), headers)).toBe(503);
    expect(await sample.closed.next()).toMatchObject({ code: 1013, byServer: true });
    for (const connection of sample.connections) connection.destroy("enough");
    await eventually(
      "all are given back",
      async () => sample.connections.inputBudget.used,
      (n) => n === 0,
    );
    const third = await RawPoller.join(sample.url);
    expect(await third.post(`42["say",{"text":"${"x".repeat(250_000)}"}]`)).toBe("ok");
    expect(sample.connections.inputBudget.used).toBe(0);
  });

  test("in thousands of pieces take no more room than in one", async () => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    const body = `42["say",{"text":"${"\u{1f600}".repeat(2000)}"}]`;
    const bytes = Buffer.from(body);
    const request = httpRequest(
      `${sample.url}/socket.io/?EIO=4&transport=polling&sid=${poller.sid}`,
      { method: "POST" },
    );
    const status = new Promise((resolve) =>
      request.on("response", (response) => resolve(response.resume().statusCode)),
    );
    // Characters cut in two among them.
    for (let at = 0; at < bytes.length; at += 3) request.write(bytes.subarray(at, at + 3));
    request.end();
    expect(await within(status, "the answer")).toBe(200);
    expect(await poller.poll()).toBe(body.replace("say", "said"));
  });
});

describe("places", () => {
  test("are taken by handshakes, per address and in all, whatever becomes of them", async () => {
    const sample = await serveSample(scope, {
      auth: true,
      limits: { maxConnectionsPerAddress: 5, authTimeoutMs: 5000 },
    });
    const { connections } = sample;
    const sockets = [RawSocket.open(scope, sample.url), RawSocket.open(scope, sample.url)];
    for (const raw of sockets) await raw.packets.next();
    for (let n = 0; n < 3; n++) await RawPoller.open(sample.url);
    expect(connections.held).toBe(5);
    const refused = async () =>
      (await fetch(`${sample.url}/socket.io/?EIO=4&transport=polling`)).status;
    expect(await refused()).toBe(429);
    await expect(RawSocket.open(scope, sample.url).packets.next()).rejects.toThrow("429");
    // One leaves, one joins: it is counted once.
    sockets[0]?.socket.terminate();
    await eventually(
      "one has left",
      async () => connections.held,
      (held) => held === 4,
    );
    sockets[1]?.send('40{"token":"good"}');
    await sockets[1]?.packets.until((packet) => packet.startsWith("40"));
    expect([connections.held, connections.size]).toEqual([3, 1]);
    await RawPoller.open(sample.url);
    expect(await refused()).toBe(429);
    // The others say nothing more: their time is soon over, and nobody asks for their goodbye.
    await eventually(
      "all places are free",
      async () => connections.held,
      (held) => held === 0,
    );
    expect(connections.size).toBe(1);
  });

  test("are given back by handshakes that come to nothing", async () => {
    const sample = await serveSample(scope);
    const base = `${sample.url}/socket.io/`;
    for (const query of [
      "",
      "?EIO=4",
      "?transport=polling&EIO=4&j=0",
      "?EIO=4&transport=websocket",
    ])
      expect((await fetch(`${base}${query}`)).status).toBe(400);
    const bad = httpRequest(`${base}?EIO=4&transport=websocket`, {
      headers: { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
    });
    const status = new Promise((resolve) => {
      bad.on("response", (response) => resolve(response.resume().statusCode));
    });
    bad.end();
    expect(await within(status, "the answer")).toBe(400);
    await eventually(
      "all places are free",
      async () => sample.connections.held,
      (held) => held === 0,
    );
  });

  test("of clients that are gone before they are answered are free again", async () => {
    const sample = await serveSample(scope);
    for (let n = 0; n < 20; n++) {
      const request = httpRequest(`${sample.url}/socket.io/?EIO=4&transport=polling`);
      request.on("error", () => {});
      request.end();
      request.on("socket", (socket) =>
        socket.once("connect", () => setImmediate(() => socket.destroy())),
      );
    }
    await RealClient.connect(scope, sample.url);
    for (const connection of sample.connections) connection.destroy("enough");
    await within(sample.transport.close(), "the end of the transport");
    expect([sample.connections.held, sample.connections.size]).toEqual([0, 0]);
  });
});
