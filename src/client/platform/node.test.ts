/** The sockets of Node against a real server. */
import { once } from "node:events";
import { createServer, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import type { Loss } from "../state.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(
  onConnection: (socket: WebSocket) => void,
  options: ServerOptions = {},
): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });
  server.on("connection", onConnection);
  ends.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await once(server, "listening");
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers every upgrade with that status, and leaves its end of the socket open. */
async function answer(status: number): Promise<string> {
  const server = createServer();
  const sockets = new Set<Duplex>();
  server.on("upgrade", (_request, socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: 5\r\n\r\n`);
  });
  server.listen(0, "127.0.0.1");
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, "listening");
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(url: string): Connection {
  const connection = connect(url, { maxDelayMs: 50 });
  ends.push(() => connection.destroy());
  return connection;
}

describe("a socket of Node", () => {
  it("takes no pong for an answer that answers nothing", async () => {
    const pings: Buffer[] = [];
    const sockets: WebSocket[] = [];
    const url = await serve(
      (socket) => {
        sockets.push(socket);
        socket.on("ping", (data) => {
          pings.push(data);
          socket.pong();
          socket.pong("0");
          socket.send("behind the pongs");
        });
      },
      { autoPong: false },
    );
    const connection = open(url);
    const settled = vi.fn();
    const sending = connection.send("a");
    void sending.outcome.then(settled);
    await new Promise<void>((resolve) => connection.on("message", () => resolve()));
    expect(settled).not.toHaveBeenCalled();
    sockets[0]?.pong(pings[0]);
    expect(await sending.outcome).toBe("sent");
  });

  it.each(["ping", "binary"])(
    "keeps a server that answers no ping yet, but sends a %s of its own",
    async (what) => {
      const url = await serve(
        (socket) => {
          const timer = setInterval(
            () => (what === "ping" ? socket.ping() : socket.send(Buffer.from([1]))),
            20,
          );
          ends.push(() => clearInterval(timer));
          // The first ping of the client's is answered when it would have been given up five times.
          socket.once("ping", (data) => {
            const answer = setTimeout(() => {
              socket.send("kept");
              socket.pong(data);
            }, 1000);
            ends.push(() => clearTimeout(answer));
          });
        },
        { autoPong: false },
      );
      const connection = connect(url, {
        maxDelayMs: 50,
        watchdog: { pingAfterMs: 200, pongWithinMs: 200 },
      });
      ends.push(() => connection.destroy());
      const states: string[] = [];
      connection.on("state", ({ status }) => states.push(status));
      connection.send("a");
      await new Promise<void>((resolve) => connection.on("message", () => resolve()));
      expect(states).toEqual(["open"]);
    },
  );

  it("says of a token that can be none what is wrong with it, and does not show it", async () => {
    const connection = connect(await serve(() => {}), { token: "two words=" });
    const { error, loss } = (await connection.whenClosed()) as { error: Error; loss: Loss };
    expect(error).toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("the token is empty or has a character"),
    });
    expect(`${error.message} ${loss.reason}`).not.toContain("two words");
    const told = await connection.whenOpen().catch(({ message }: Error) => message);
    expect(told).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/: the server does not want it/);
  });

  it("is open before it tells what the server said at once", async () => {
    const url = await serve((socket) => socket.send("hello"));
    const connection = open(url);
    const told: string[] = [];
    connection.on("state", ({ status }) => told.push(status));
    await new Promise<void>((resolve) =>
      connection.on("message", (text) => {
        told.push(text);
        resolve();
      }),
    );
    expect(told).toEqual(["open", "hello"]);
  });

  it("closes properly, behind everything sent", async () => {
    const received: string[] = [];
    const url = await serve((socket) => {
      socket.on("message", (data) => received.push(String(data)));
      socket.on("close", (code) => received.push(`closed ${code}`));
    });
    const connection = open(url);
    await connection.whenOpen();
    const sendings = ["a", "b", "c"].map((text) => connection.send(text));
    await connection.close();
    expect(await Promise.all(sendings.map(({ outcome }) => outcome))).toEqual([
      "sent",
      "sent",
      "sent",
    ]);
    expect(received).toEqual(["a", "b", "c", "closed 1000"]);
  });

  it("tells the server's code and reason, and ignores binary", async () => {
    const url = await serve((socket) => {
      socket.send(Buffer.from([1, 2, 3]));
      socket.close(4403, "not you");
    });
    const connection = open(url);
    const messages = vi.fn();
    connection.on("message", messages);
    expect(await connection.whenClosed()).toEqual({
      kind: "refused",
      loss: { code: 4403, reason: "not you" },
    });
    expect(messages).not.toHaveBeenCalled();
  });

  it.each([
    [401, "refused", 4401],
    [403, "refused", 4403],
    [400, "refused", 4400],
    [404, "refused", 4400],
    [405, "refused", 4400],
    [426, "refused", 4400],
    [429, "waiting", 4429],
    [503, "waiting", 1013],
    [502, "waiting", 1006],
    [302, "waiting", 1006],
  ] as const)(
    "takes an upgrade answered with %i for %s, as after %i",
    async (status, becomes, code) => {
      const connection = open(await answer(status));
      const loss = await new Promise<Loss | undefined>((resolve) =>
        connection.on("state", (state) => {
          if (state.status === "waiting" && becomes === "waiting") resolve(state.loss);
          if (state.status === "closed" && state.ending.kind === becomes)
            resolve(state.ending.loss);
        }),
      );
      expect(loss).toEqual({
        code,
        reason: expect.stringContaining(`answered the upgrade with ${status}`),
      });
      if (becomes === "refused")
        await expect(connection.whenOpen()).rejects.toThrow(`answered the upgrade with ${status}`);
    },
  );

  it("can be destroyed while it connects", async () => {
    const url = await serve(() => {});
    const connection = open(url);
    await Promise.resolve();
    connection.destroy();
    expect(connection.state.status).toBe("closed");
  });
});
