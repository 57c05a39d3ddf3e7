/** The proxy does what its faults say, or the tests that lean on it prove nothing. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type CutProxy, startProxy } from "./cut-proxy.fixture.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An echo server behind a proxy; `connections` notes the paths in the order in which the server sees them. */
async function echo(): Promise<{ proxy: CutProxy; connections: string[] }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  ends.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const connections: string[] = [];
  server.on("connection", (socket, request) => {
    connections.push(request.url ?? "");
    socket.on("message", (data) => socket.send(`echo ${data}`));
  });
  await once(server, "listening");
  const proxy = await startProxy(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  ends.push(() => proxy.stop());
  return { proxy, connections };
}

function open(proxy: CutProxy, path = ""): WebSocket {
  const socket = new WebSocket(`${proxy.url}${path}`, { perMessageDeflate: false });
  socket.on("error", () => {});
  ends.push(() => socket.terminate());
  return socket;
}

async function answerTo(socket: WebSocket, text: string): Promise<string> {
  const answer = once(socket, "message");
  socket.send(text);
  const [data] = await answer;
  return String(data);
}

describe("the proxy", () => {
  it("passes bytes on, both ways and in order", async () => {
    const { proxy } = await echo();
    const socket = open(proxy);
    await once(socket, "open");
    expect(await answerTo(socket, "a")).toBe("echo a");
    const large = "x".repeat(1_000_000);
    expect(await answerTo(socket, large)).toBe(`echo ${large}`);
    socket.close(1000);
    const [code] = await once(socket, "close");
    expect(code).toBe(1000);
  });

  it("cut: the client loses its socket without a closing handshake", async () => {
    const { proxy } = await echo();
    const socket = open(proxy);
    await once(socket, "open");
    proxy.cut();
    const [code] = await once(socket, "close");
    expect(code).toBe(1006);
  });

  it.each(["stall", "stallUp", "stallDown"] as const)(
    "%s: nothing arrives until resume, and then all of it",
    async (fault) => {
      const { proxy } = await echo();
      const [socket, other] = [open(proxy), open(proxy)];
      await Promise.all([once(socket, "open"), once(other, "open")]);
      proxy[fault]();
      const answers: string[] = [];
      socket.on("message", (data) => answers.push(String(data)));
      socket.send("1");
      socket.send("2");
      // As long as a round trip takes without a fault, several times over.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(answers).toEqual([]);
      expect(socket.readyState).toBe(WebSocket.OPEN);
      proxy.resume();
      while (answers.length < 2) await once(socket, "message");
      expect(answers).toEqual(["echo 1", "echo 2"]);
    },
  );

  it("slow: at most so many bytes a second", async () => {
    const { proxy } = await echo();
    const socket = open(proxy);
    await once(socket, "open");
    proxy.slow(100_000);
    const startMs = performance.now();
    await answerTo(socket, "x".repeat(20_000));
    // 20,000 bytes each way; the way back begins when all are there.
    expect(performance.now() - startMs).toBeGreaterThan(300);
  });

  it("refuse: connections are reset, until it ends; they count as accepted", async () => {
    const { proxy } = await echo();
    proxy.refuse(true);
    const refused = open(proxy);
    const [error] = await once(refused, "error");
    expect((error as Error).message).toMatch(/ECONNRESET|hang up/);
    proxy.refuse(false);
    await once(open(proxy), "open");
    expect(proxy.acceptedAtMs.length).toBe(2);
  });

  it("delayConnects: the later one reaches the server first", async () => {
    const { proxy, connections } = await echo();
    proxy.delayConnects(1);
    const first = open(proxy, "/first");
    while (proxy.acceptedAtMs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = open(proxy, "/second");
    await Promise.all([once(first, "open"), once(second, "open")]);
    expect(connections).toEqual(["/second", "/first"]);
  });

  it("a server that is not there is as one that refuses", async () => {
    const proxy = await startProxy("ws://127.0.0.1:1");
    ends.push(() => proxy.stop());
    const [error] = await once(open(proxy), "error");
    expect((error as Error).message).toMatch(/ECONNRESET|hang up/);
  });
});
