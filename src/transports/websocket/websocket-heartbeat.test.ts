/** Heartbeats: the pings of clients that cannot ping, and only of those that ask for them. */
import { describe, expect, test } from "vitest";
import { eventually } from "../../../test/support/inbox.ts";
import { opcodes, RawWebSocket } from "../../../test/support/raw-websocket.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { TextSocket } from "../../../test/support/text-socket.ts";
import { connectionOf, serve, unsentBytesOf } from "./websocket.fixture.ts";

const scope = scopePerTest();

describe("a client that asks for heartbeats", () => {
  test("gets an empty frame first, and one for each empty one; no service hears of them", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, `${served.url}?heartbeat=1&errors=1`);
    expect(await client.next()).toBe("");
    for (let n = 1; n <= 3; n++) {
      client.send("");
      expect(await client.next()).toBe("");
    }
    // An empty frame that came to the service would be answered with an error before this.
    client.send({ type: "burst", n: 1 });
    expect(await client.json()).toEqual({ type: "item", n: 0 });
    expect((await connectionOf(served)).receiver.tally.messagesIn).toBe(1);
  });

  test("is heard", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, `${served.url}?heartbeat=1`);
    await client.next();
    const connection = await connectionOf(served);
    connection.lastHeardMs = 0;
    client.send("");
    await client.next();
    expect(connection.lastHeardMs).toBeGreaterThan(0);
  });

  test("and does not read costs nothing, and is answered once when it reads again", async () => {
    const served = await serve(scope);
    const client = await RawWebSocket.open(scope, `${served.url}?heartbeat=1`);
    await client.frames.next();
    const connection = await connectionOf(served);
    client.stopReading();
    served.context.send(connection, "item", { n: 0, filler: "x".repeat(8 << 20) });
    await eventually(
      "bytes that wait",
      async () => unsentBytesOf(served),
      (unsent) => unsent > 0,
    );
    const before = unsentBytesOf(served);
    for (let n = 0; n < 100; n++) await client.text("");
    await client.text({ type: "echo", n: 1 });
    await eventually(
      "the message behind the heartbeats",
      async () => served.echoed,
      (echoed) => echoed.length === 1,
    );
    expect(unsentBytesOf(served)).toBeLessThanOrEqual(before);
    client.readAgain();
    expect((await client.frames.next()).payload.length).toBeGreaterThan(8 << 20);
    const rest = [await client.frames.next(), await client.frames.next()].map(({ payload }) =>
      payload.toString(),
    );
    expect(rest.sort()).toEqual(["", '{"type":"item","n":1}']);
    await client.send(opcodes.ping, "next");
    expect((await client.frames.next()).payload.toString()).toBe("next");
  });

  test("and floods is closed with 4429", async () => {
    const served = await serve(scope, { limits: { messagesPerSecond: 10 } });
    const client = await TextSocket.open(scope, `${served.url}?heartbeat=1`);
    for (let n = 0; n < 100; n++) client.send("");
    expect(await client.closed()).toMatchObject({ code: 4429 });
    // The first one, and a burst of two seconds' worth.
    expect(client.frames.unread.length).toBeLessThan(25);
  });
});

test.each(["", "?heartbeat=0", "?heartbeat=11"])(
  "without asking (%j) an empty frame is a message like any other",
  async (query) => {
    const served = await serve(scope);
    const client = await TextSocket.open(
      scope,
      `${served.url}${query === "" ? "?" : `${query}&`}errors=1`,
    );
    client.send("");
    expect(await client.json()).toMatchObject({ type: "error", code: "bad_json" });
    expect((await connectionOf(served)).receiver.tally.messagesIn).toBe(1);
  },
);

test("a refused client gets no heartbeat, only its close", async () => {
  const served = await serve(scope, { limits: { maxConnections: 1 } });
  await TextSocket.open(scope, served.url);
  const client = await TextSocket.open(scope, `${served.url}?heartbeat=1`);
  expect(await client.closed()).toMatchObject({ code: 1013 });
  expect(client.frames.unread).toEqual([]);
});
