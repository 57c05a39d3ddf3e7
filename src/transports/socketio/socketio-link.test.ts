/** A connection's end, its signs of life and its counters. */
import { describe, expect, test } from "vitest";
import { eventually, within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { systemClock } from "../../kit/clock.ts";
import { RawPoller, RawSocket, RealClient } from "./clients.suite.ts";
import { pad, pour, serveSample } from "./sample-service.suite.ts";

const scope = scopePerTest();

describe("closing", () => {
  test("comes behind everything that was sent, over WebSocket", async () => {
    const sample = await serveSample(scope);
    const raw = await RawSocket.join(scope, sample.url);
    const connection = await sample.opened.next();
    for (let n = 0; n < 500; n++) sample.send(connection, "bulk", { n, pad });
    connection.close("done", "that was all");
    for (let n = 0; n < 500; n++) expect(await raw.packets.next()).toContain(`["bulk",{"n":${n},`);
    expect(await raw.packets.next()).toBe("41");
    await expect(raw.packets.next()).rejects.toThrow("closed with 1005");
    await within(sample.connections.whenEmpty(), "the end of the connection");
  });

  test("ends a client that is between polling and WebSocket", async () => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    const raw = RawSocket.open(scope, sample.url, `EIO=4&sid=${poller.sid}`);
    await within(new Promise((resolve) => raw.socket.once("open", resolve)), "the WebSocket");
    raw.send("2probe");
    expect(await raw.packets.next()).toBe("3probe");
    (await sample.opened.next()).destroy("enough");
    await expect(raw.packets.next()).rejects.toThrow("closed with");
    await within(sample.connections.whenEmpty(), "the end of the connection", 3000);
  });

  test("who leaves the namespace and stays is disconnected, and cannot join again", async () => {
    const sample = await serveSample(scope);
    for (const packets of [["41"], ["41", "40"]]) {
      const raw = await RawSocket.join(scope, sample.url);
      for (const packet of packets) raw.send(packet);
      expect(await sample.closed.next()).toMatchObject({ code: 1000, byServer: false });
      await expect(raw.packets.next()).rejects.toThrow("closed with");
      await within(sample.connections.whenEmpty(), "the end of the connection");
      await sample.opened.next();
    }
    expect(sample.opened.unread).toEqual([]);
  });

  test("destroying ends the socket at once, read or not", async () => {
    const sample = await serveSample(scope);
    for (const kind of ["websocket", "polling", "upgrade"] as const) {
      const { events } = await RealClient.connect(scope, sample.url, { transport: kind });
      (await sample.opened.next()).destroy("enough");
      expect((await events.next())[0]).toBe("disconnect");
      expect(await sample.closed.next()).toMatchObject({ code: 1006, byServer: true });
    }
    const raw = await RawSocket.join(scope, sample.url);
    raw.read(false);
    const connection = await sample.opened.next();
    await pour(sample, connection, "tick", () => connection.skipped > 0);
    connection.destroy("enough");
    await within(sample.connections.whenEmpty(), "the end of the connection");
  });

  test("the transport's own end takes everybody with it", async () => {
    const sample = await serveSample(scope);
    for (const transport of ["websocket", "polling", "upgrade"] as const)
      await RealClient.connect(scope, sample.url, { transport });
    RawSocket.open(scope, sample.url);
    await RawPoller.open(sample.url);
    (await sample.opened.next()).close("restarting", "the server restarts");
    await within(sample.transport.close(), "the end of the transport", 2000);
    expect(sample.connections.size).toBe(0);
    for (let n = 0; n < 3; n++)
      expect(await sample.closed.next()).toMatchObject({ byServer: true });
  });
});

describe("a sign of life", () => {
  test.each(["websocket", "polling", "upgrade"] as const)(
    "comes from a living client over %s, and the session goes on",
    async (transport) => {
      const sample = await serveSample(scope, { limits: { pingIntervalMs: 300 } });
      const { client, events } = await RealClient.connect(scope, sample.url, { transport });
      const connection = await sample.opened.next();
      for (let n = 0; n < 3; n++)
        expect(await Promise.all([connection.probe(2000), connection.probe(2000)])).toEqual([
          true,
          true,
        ]);
      const { lastHeardMs } = connection;
      // The library's own pings go on as before.
      await eventually(
        "the next pong",
        async () => connection.lastHeardMs,
        (heardMs) => heardMs > lastHeardMs + 200,
      );
      client.emit("say", { text: "well" });
      expect(await events.next()).toEqual(["said", { text: "well" }]);
    },
  );

  test("is a ping of Engine.IO, and any packet answers it", async () => {
    const sample = await serveSample(scope);
    const raw = await RawSocket.join(scope, sample.url);
    const probe = (await sample.opened.next()).probe(5000);
    expect(await raw.packets.next()).toBe("2");
    raw.send('42["nothing"]');
    expect(await probe).toBe(true);
  });

  test("does not come from a client that is stalled, nor from one that has gone", async () => {
    const sample = await serveSample(scope);
    const raw = await RawSocket.join(scope, sample.url);
    const overWebSocket = await sample.opened.next();
    await RawPoller.join(sample.url);
    const overPolling = await sample.opened.next();
    expect(await Promise.all([overWebSocket.probe(100), overPolling.probe(100)])).toEqual([
      false,
      false,
    ]);
    const probe = overWebSocket.probe(5000);
    raw.socket.terminate();
    expect(await within(probe, "the answer", 1000)).toBe(false);
    expect(await overWebSocket.probe(5000)).toBe(false);
  });

  test("of Engine.IO 3 is having been heard within the interval of its pings", async () => {
    let skippedMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };
    const sample = await serveSample(scope, { clock });
    const raw = await RawSocket.join(scope, sample.url, "EIO=3");
    const connection = await sample.opened.next();
    skippedMs += 24_000;
    expect(await connection.probe(2000)).toBe(true);
    skippedMs += 4000;
    expect(await connection.probe(2000)).toBe(false);
    raw.send("2");
    expect(await raw.packets.next()).toBe("3");
    expect(await connection.probe(2000)).toBe(true);
  });

  test("none for the idle timeout is the end", async () => {
    const sample = await serveSample(scope, {
      limits: { pingIntervalMs: 100, idleTimeoutMs: 1200 },
    });
    await RawSocket.join(scope, sample.url);
    await RawPoller.join(sample.url);
    const living = await RealClient.connect(scope, sample.url);
    for (let n = 0; n < 2; n++) expect(await sample.closed.next()).toMatchObject({ code: 1006 });
    await eventually(
      "only the living is left",
      async () => sample.connections.size,
      (size) => size === 1,
    );
    expect(await living.call("nothing")).toEqual([]);
  });
});

test("thousands of events in one burst are handled, each before the next", async () => {
  const sample = await serveSample(scope);
  const poller = await RawPoller.join(sample.url);
  await poller.post(
    Array.from({ length: 5000 }, (_, n) => `42["say",{"text":"${n}"}]`).join("\u001e"),
  );
  const packets: string[] = [];
  while (packets.length < 5000) packets.push(...(await poller.poll()).split("\u001e"));
  expect(packets).toEqual(Array.from({ length: 5000 }, (_, n) => `42["said",{"text":"${n}"}]`));
});

test("bytes and messages are counted as they came and went", async () => {
  const sample = await serveSample(scope);
  const raw = await RawSocket.join(scope, sample.url);
  const packets = ['2["say",{"text":"one"}]', '27["nothing"]'];
  for (const packet of packets) raw.send(`4${packet}`);
  await raw.packets.until((packet) => packet === "437[]");
  const { tally } = sample.service;
  const out = ['2["said",{"text":"one"}]', '2["seen",{"payload":"undefined"}]'];
  expect([tally.messagesIn, tally.messagesOut]).toEqual([2, 2]);
  // What came before the first event counts with it.
  expect([tally.bytesIn, tally.bytesOut]).toEqual([
    packets.join("").length + "0".length,
    out.join("").length,
  ]);
});
