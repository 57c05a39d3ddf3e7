/** The link under slow, silent and leaving clients, and what it relies on of the library's insides. */
import { describe, expect, test } from "vitest";
import { eventually, within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { systemClock } from "../../kit/clock.ts";
import type { Connection } from "../../kit/connection.ts";
import { RawPoller, RawSocket, RealClient, type Sample, serveSample } from "./sample-service.suite.ts";

const scope = scopePerTest();

const pad = "x".repeat(1000);

/** A turn of the event loop, after which what was sent has been written. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Sends messages, one a turn, until `enough`. Returns how many. */
async function pour(sample: Sample, connection: Connection, name: "bulk" | "tick", enough: (n: number) => boolean): Promise<number> {
  for (let n = 0; ; n++) {
    if (enough(n)) return n;
    sample.send(connection, name, { n, pad });
    await turn();
  }
}

describe("a client that does not read", () => {
  test("over WebSocket is closed with 4408 once more than the bound waits, and really gone a second later", async () => {
    const sample = await serveSample(scope, { limits: { maxQueueBytes: 100_000 } });
    const raw = await RawSocket.join(scope, sample.url);
    raw.read(false);
    const connection = await sample.opened.next();
    let mostBytes = 0;
    await pour(sample, connection, "bulk", () => {
      mostBytes = Math.max(mostBytes, connection.unsentBytes);
      return connection.isClosed;
    });
    expect(await sample.closed.next()).toMatchObject({ code: 4408, byServer: true });
    expect(mostBytes).toBeGreaterThan(50_000);
    expect(mostBytes).toBeLessThan(250_000);
    await within(sample.connections.whenEmpty(), "the end of the connection", 3000);
    await within(sample.transport.close(), "the end of the transport", 500);
  });

  test("over polling is closed with 4408 once more than the bound waits, and really gone some seconds later", async () => {
    // Twenty times as fast, for the time that polling clients are given.
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms === 5000 ? 250 : ms, run) };
    const sample = await serveSample(scope, { clock, limits: { maxQueueBytes: 100_000 } });
    await RawPoller.join(sample.url);
    const connection = await sample.opened.next();
    const sent = await pour(sample, connection, "bulk", () => connection.isClosed);
    // 64 KiB, the bound, and what was just being written.
    expect(sent).toBeLessThan(250);
    expect(await sample.closed.next()).toMatchObject({ code: 4408, byServer: true });
    await within(sample.connections.whenEmpty(), "the end of the connection", 3000);
  });

  test("cannot make the library pile up acknowledgements", async () => {
    const sample = await serveSample(scope, { limits: { maxQueueBytes: 100_000 } });
    const raw = await RawSocket.join(scope, sample.url);
    raw.read(false);
    const connection = await sample.opened.next();
    // Fills what the system takes, and then not the kit's queue.
    await pour(sample, connection, "bulk", () => connection.unsentBytes > 0);
    for (let n = 0; n < 5000; n++) raw.send(`42${n}["unknown"]`);
    expect(await sample.closed.next()).toMatchObject({ code: 4408, reason: expect.stringContaining("answers"), byServer: true });
    await within(sample.connections.whenEmpty(), "the end of the connection", 3000);
  });

  test("and breaks the protocol is really gone a second later", async () => {
    const sample = await serveSample(scope);
    const raw = await RawSocket.join(scope, sample.url);
    raw.read(false);
    sample.send(await sample.opened.next(), "said", { text: "x".repeat(20_000_000) });
    await turn();
    raw.send("4x");
    expect(await sample.closed.next()).toMatchObject({ code: 1006, byServer: false });
    expect(sample.connections.size).toBe(1);
    await within(sample.connections.whenEmpty(), "the end of the connection", 3000);
  });

  test("cannot make the library pile up refusals before it has joined", async () => {
    const sample = await serveSample(scope, { limits: { maxQueueBytes: 100_000 } });
    const [poller] = await RawPoller.open(sample.url);
    await poller.post(Array.from({ length: 5000 }, () => "40/elsewhere").join("\u001e"));
    expect(await poller.poll()).toMatch(/^400 .*Session ID unknown/);
  });

  test("and reads again later gets every message that must arrive, in order", async () => {
    const sample = await serveSample(scope);
    const raw = await RawSocket.join(scope, sample.url);
    raw.read(false);
    const connection = await sample.opened.next();
    const behind = await pour(sample, connection, "bulk", () => connection.unsentBytes > 0);
    for (let n = behind; n < behind + 300; n++) sample.send(connection, "bulk", { n, pad });
    raw.read(true);
    for (let n = 0; n < behind + 300; n++) expect(await raw.packets.next()).toBe(`42["bulk",${JSON.stringify({ n, pad })}]`);
    expect(connection.skipped).toBe(0);
    expect(connection.unsentBytes).toBe(0);
  });

  test("and reads again later gets the newest of what is only worth its newest, last", async () => {
    const sample = await serveSample(scope);
    const raw = await RawSocket.join(scope, sample.url);
    raw.read(false);
    const connection = await sample.opened.next();
    const sent = await pour(sample, connection, "tick", () => connection.skipped >= 1000);
    expect(connection.unsentBytes).toBeLessThan(10_000);
    raw.read(true);
    const numbers: number[] = [];
    while (numbers.at(-1) !== sent - 1) numbers.push(Number(/"n":(\d+)/.exec(await raw.packets.next())?.[1]));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(numbers.length).toBe(sent - connection.skipped);
    // What keeps up again gets every one again.
    const { skipped } = connection;
    await pour(sample, connection, "tick", (n) => n === 20);
    for (let n = 0; n < 20; n++) expect(await raw.packets.next()).toContain(`"n":${n},`);
    expect(connection.skipped).toBe(skipped);
  });
});

describe("a polling client", () => {
  test("gets all small messages of many turns with one poll", async () => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    const connection = await sample.opened.next();
    for (let n = 0; n < 20; n++) {
      sample.send(connection, "said", { text: String(n) });
      await turn();
    }
    expect(connection.unsentBytes).toBe(0);
    const expected = Array.from({ length: 20 }, (_, n) => `42["said",{"text":"${n}"}]`).join("\u001e");
    expect(await poller.poll()).toBe(expected);
  });

  test("gets what must arrive over many polls, also when it is behind", async () => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    const connection = await sample.opened.next();
    for (let n = 0; n < 500; n++) {
      sample.send(connection, "bulk", { n, pad });
      await turn();
    }
    expect(connection.unsentBytes).toBeGreaterThan(0);
    const packets: string[] = [];
    while (packets.length < 500) packets.push(...(await poller.poll()).split("\u001e"));
    expect(packets).toEqual(Array.from({ length: 500 }, (_, n) => `42["bulk",${JSON.stringify({ n, pad })}]`));
    expect(connection.unsentBytes).toBe(0);
  });

  test.each([
    ["whose poll is waiting", true],
    ["between two polls", false],
  ])("%s gets the failure, then the goodbye, then the end", async (_, waiting) => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    const poll = waiting ? poller.poll() : undefined;
    await poller.post('42["fail",{}]');
    await sample.closed.next();
    let text = await (poll ?? poller.poll());
    if (!text.endsWith("41")) text += `\u001e${await poller.poll()}`;
    expect(text).toBe('42["failed",{"reason":"as you wish"}]\u001e41');
    expect(await poller.poll()).toBe("6\u001e1");
    await within(sample.connections.whenEmpty(), "the end of the connection", 500);
    expect(await poller.poll()).toMatch(/^400 .*Session ID unknown/);
  });

  test("that takes the failure and asks no more is gone some seconds later", async () => {
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms === 5000 ? 250 : ms, run) };
    const sample = await serveSample(scope, { clock });
    const poller = await RawPoller.join(sample.url);
    await poller.post('42["fail",{}]');
    await poller.poll();
    await within(sample.connections.whenEmpty(), "the end of the connection", 2000);
    await within(sample.transport.close(), "the end of the transport", 500);
  });

  test("that the library tells to go is kept for 5 s, not 30", async () => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    // Not allowed twice: the library closes in its own way.
    await poller.post("40");
    expect(await sample.closed.next()).toMatchObject({ code: 1006, byServer: false });
    expect(sample.connections.size).toBe(1);
    await within(sample.connections.whenEmpty(), "the end of the connection", 8000);
  });

  test("is heard before its end, also in one post", async () => {
    const sample = await serveSample(scope);
    const poller = await RawPoller.join(sample.url);
    await sample.opened.next();
    await poller.post('42["say",{"text":7}]\u001e41\u001e1');
    expect(await sample.closed.next()).toMatchObject({ byServer: false });
    expect(sample.invalid.unread).toEqual(["say: bad_message"]);
    await within(sample.connections.whenEmpty(), "the end of the connection");
  });
});

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
    await within(sample.connections.whenEmpty(), "the end of the connection", 500);
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
    await within(sample.connections.whenEmpty(), "the end of the connection", 2000);
  });

  test("who leaves the namespace and stays is disconnected, and cannot join again", async () => {
    const sample = await serveSample(scope);
    for (const [packets, code] of [
      [["41"], 1000],
      [["41", "40"], 1006],
    ] as const) {
      const raw = await RawSocket.join(scope, sample.url);
      for (const packet of packets) raw.send(packet);
      expect(await sample.closed.next()).toMatchObject({ code, byServer: false });
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
    await within(sample.connections.whenEmpty(), "the end of the connection", 500);
  });

  test("the transport's own end takes everybody with it", async () => {
    const sample = await serveSample(scope);
    for (const transport of ["websocket", "polling", "upgrade"] as const) await RealClient.connect(scope, sample.url, { transport });
    RawSocket.open(scope, sample.url);
    await RawPoller.open(sample.url);
    (await sample.opened.next()).close("restarting", "the server restarts");
    await within(sample.transport.close(), "the end of the transport", 2000);
    expect(sample.connections.size).toBe(0);
    for (let n = 0; n < 3; n++) expect(await sample.closed.next()).toMatchObject({ byServer: true });
  });
});

describe("a sign of life", () => {
  test.each(["websocket", "polling", "upgrade"] as const)(
    "comes from a living client over %s, and the session goes on",
    async (transport) => {
      const sample = await serveSample(scope, { limits: { pingIntervalMs: 300 } });
      const { client, events } = await RealClient.connect(scope, sample.url, { transport });
      const connection = await sample.opened.next();
      for (let n = 0; n < 3; n++) expect(await Promise.all([connection.probe(2000), connection.probe(2000)])).toEqual([true, true]);
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
    expect(await Promise.all([overWebSocket.probe(100), overPolling.probe(100)])).toEqual([false, false]);
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
    const sample = await serveSample(scope, { limits: { pingIntervalMs: 100, idleTimeoutMs: 1200 } });
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
  await poller.post(Array.from({ length: 5000 }, (_, n) => `42["say",{"text":"${n}"}]`).join("\u001e"));
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
  expect([tally.bytesIn, tally.bytesOut]).toEqual([packets.join("").length + "0".length, out.join("").length]);
});
