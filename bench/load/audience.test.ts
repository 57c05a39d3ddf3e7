/** The audience counts what naive clients count beside it, and fails on a lost or doubled message. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Audience } from "./audience.ts";
import { dialectOf } from "./dialect.ts";

const leftovers: (() => void)[] = [];
afterEach(() => {
  for (const end of leftovers.splice(0)) end();
});

/** A loop on `ws` that asks `copies` how often the n-th broadcast goes to the c-th client. */
async function wsLoop(copies: (broadcast: number, client: number) => number): Promise<number> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  leftovers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  let broadcasts = 0;
  server.on("connection", (socket) => {
    socket.on("message", (data) => {
      expect(data.toString()).toBe(`{"type":"lobby_prompts_update"}`);
      broadcasts++;
      [...server.clients].forEach((client, index) => {
        for (let copy = 0; copy < copies(broadcasts, index); copy++) client.send("refresh");
      });
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

describe("Audience", () => {
  it("delivers to ws what a naive ws client counts", async () => {
    const port = await wsLoop(() => 1);
    const naive = new WebSocket(`ws://127.0.0.1:${port}/`);
    leftovers.push(() => naive.terminate());
    await new Promise((resolve) => naive.once("open", resolve));
    const counted = new Promise<number>((resolve) => {
      let count = 0;
      naive.on("message", () => {
        count++;
        if (count === 1 + 7 + 3 * 20 + 1) resolve(count);
      });
    });
    const audience = await Audience.join(port, dialectOf("ws"), 50);
    for (let turn = 0; turn < 7; turn++) await audience.deliver(audience.batch(1));
    for (let turn = 0; turn < 3; turn++) await audience.deliver(audience.batch(20));
    await audience.leave();
    expect(await counted).toBe(69);
  });

  it("delivers to Socket.IO what its own client counts", async () => {
    const http = createServer();
    const server = new Server(http, {
      transports: ["websocket"],
      serveClient: false,
      pingInterval: 50,
    });
    server.on("connection", (socket) =>
      socket.on("lobby_prompts_update", () => server.emit("refresh")),
    );
    leftovers.push(() => void server.close());
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    const naive = io(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
    leftovers.push(() => naive.disconnect());
    await new Promise<void>((resolve) => naive.once("connect", resolve));
    const counted = new Promise<number>((resolve) => {
      let count = 0;
      naive.on("refresh", () => {
        count++;
        if (count === 1 + 3 * 20 + 1) resolve(count);
      });
    });
    const audience = await Audience.join(port, dialectOf("socket.io"), 20);
    for (let turn = 0; turn < 3; turn++) await audience.deliver(audience.batch(20));
    await audience.leave();
    expect(await counted).toBe(62);
  });

  it("fails when one viewer misses one message", async () => {
    const port = await wsLoop((broadcast, client) => (broadcast === 5 && client === 3 ? 0 : 1));
    const audience = await Audience.join(port, dialectOf("ws"), 10, 200);
    await expect(audience.deliver(audience.batch(20))).rejects.toThrow("1 messages lost");
  });

  it("fails when one viewer misses one message and another has it twice", async () => {
    const port = await wsLoop((broadcast, client) =>
      broadcast === 5 && client < 2 ? client * 2 : 1,
    );
    const audience = await Audience.join(port, dialectOf("ws"), 10, 200);
    await expect(audience.deliver(audience.batch(20))).rejects.toThrow(
      "2 viewers did not get each message exactly once",
    );
  });

  it("fails when the very last message comes twice", async () => {
    const port = await wsLoop((broadcast, client) => (broadcast === 2 && client === 9 ? 2 : 1));
    const audience = await Audience.join(port, dialectOf("ws"), 10, 200);
    const surplus = audience.deliver(audience.batch(1)).then(() => audience.leave());
    await expect(surplus).rejects.toThrow("exactly once");
  });

  it("fails when the server drops a viewer", async () => {
    const port = await wsLoop(() => 1);
    const audience = await Audience.join(port, dialectOf("ws"), 10);
    for (const end of leftovers.splice(0)) end();
    await expect(audience.deliver(audience.batch(1))).rejects.toThrow(
      "a viewer lost its connection",
    );
  });
});
