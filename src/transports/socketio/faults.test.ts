/** What is thrown inside a library's callback ends one client, is logged, and nobody else notices. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { WebSocket, type WebSocketServer } from "ws";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { defaultLimits } from "../../contract/index.ts";
import type { Tap } from "../../kit/tap.ts";
import { RawPoller, RawSocket, RealClient } from "./clients.suite.ts";
import { webSocketEngine } from "./engine-websocket.ts";
import { serveSample } from "./sample-service.suite.ts";
import { SessionEngine } from "./session-engine.ts";

const scope = scopePerTest();

const nothing: Tap = { text() {}, event() {}, wrote() {}, closed() {} };

function fail(): never {
  throw new Error("as the test wants it");
}

describe("an exception", () => {
  test.each(["websocket", "polling", "upgrade"] as const)(
    "on receiving ends its client with an incident, over %s",
    async (transport) => {
      const sample = await serveSample(scope);
      const bystander = await RealClient.connect(scope, sample.url);
      await sample.opened.next();
      const { client, events } = await RealClient.connect(scope, sample.url, { transport });
      (await sample.opened.next()).addTap({ ...nothing, event: fail });
      client.emit("say", { text: "unlucky" });
      expect((await events.next())[0]).toBe("disconnect");
      expect(await sample.closed.next()).toMatchObject({
        code: 1011,
        reason: expect.stringMatching(/^incident id-/),
      });
      expect(sample.logged).toEqual([
        expect.objectContaining({ incident: expect.any(String), err: expect.any(Error) }),
      ]);
      expect(await bystander.call("nothing")).toEqual([]);
    },
  );

  test("on sending does so too", async () => {
    const sample = await serveSample(scope);
    const bystander = await RealClient.connect(scope, sample.url);
    await sample.opened.next();
    const raw = await RawSocket.join(scope, sample.url);
    const connection = await sample.opened.next();
    connection.addTap({ ...nothing, wrote: fail });
    sample.send(connection, "said", { text: "unlucky" });
    await expect(raw.packets.until(() => false)).rejects.toThrow("closed with");
    expect(await sample.closed.next()).toMatchObject({ code: 1011 });
    expect(sample.logged.length).toBeGreaterThan(0);
    expect(await bystander.call("nothing")).toEqual([]);
  });

  test("on joining cuts the client off, and gives its place back", async () => {
    let isBroken = false;
    let ids = 0;
    const newId = () => (isBroken ? fail() : `id-${++ids}`);
    const sample = await serveSample(scope, { newId });
    const bystander = await RealClient.connect(scope, sample.url);
    isBroken = true;
    const raw = RawSocket.open(scope, sample.url);
    await raw.packets.next();
    raw.send("40");
    await expect(raw.packets.until(() => false)).rejects.toThrow("closed with");
    const [poller] = await RawPoller.open(sample.url);
    await poller.post("40");
    expect(await poller.poll()).toMatch(/^400 /);
    isBroken = false;
    expect(sample.logged).toEqual([
      expect.objectContaining({ code: "internal" }),
      expect.objectContaining({ code: "internal" }),
    ]);
    expect([sample.connections.held, sample.connections.size]).toEqual([0, 1]);
    expect(await bystander.call("nothing")).toEqual([]);
  });
});

test("an exception in the library's own promise of a handshake cuts the client off", async () => {
  const faults: unknown[] = [];
  const engine = new SessionEngine({
    limits: defaultLimits,
    fault: (error) => faults.push(error),
  });
  engine.on("connection", fail);
  const server = scope.own(createServer(), (open) => {
    open.closeAllConnections();
    open.close();
  });
  server.on("request", (request, response) => engine.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => engine.handleUpgrade(request, socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}/?EIO=4&transport=`;
  await fetch(`http://${address}polling`).catch(() => {});
  const client = scope.own(new WebSocket(`ws://${address}websocket`), (open) => open.terminate());
  client.on("error", () => {});
  await within(once(client, "close"), "the end");
  expect(faults).toEqual([expect.any(Error), expect.any(Error)]);
});

describe("the WebSockets of Engine.IO", () => {
  async function serve(listen: (socket: WebSocket) => void) {
    const faults: unknown[] = [];
    const Engine = webSocketEngine((error) => faults.push(error));
    const engine: WebSocketServer = new Engine({ noServer: true });
    const server = scope.own(createServer(), (open) => {
      open.closeAllConnections();
      open.close();
    });
    server.on("upgrade", (request, socket, head) => {
      engine.handleUpgrade(request, socket, head, listen);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = scope.own(
      new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`),
      (open) => open.terminate(),
    );
    await within(once(client, "open"), "the WebSocket");
    return { client, faults };
  }

  test.each(["message", "ping", "pong", "close"] as const)(
    "are cut off when a listener for %s throws",
    async (event) => {
      const { client, faults } = await serve((socket) => socket.on(event, fail));
      const closed = once(client, "close");
      if (event === "message") client.send("x");
      else if (event === "ping") client.ping();
      else if (event === "pong") client.pong();
      else client.close();
      await within(closed, "the end");
      await expect.poll(() => faults).toEqual([expect.any(Error)]);
    },
  );

  test("are cut off when what waits for a sent message throws", async () => {
    const { client, faults } = await serve((socket) => socket.send("x", fail));
    await within(once(client, "close"), "the end");
    expect(faults).toEqual([expect.any(Error)]);
  });

  test("end after a frame that breaks the protocol, though nobody listens for errors", async () => {
    const { client } = await serve(() => {});
    const closed = once(client, "close");
    (client as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
      Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
    );
    expect((await within(closed, "the end"))[0]).toBe(1002);
  });
});
