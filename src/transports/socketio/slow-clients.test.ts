/** Clients that read slowly, in polls or not at all: what they get, and what waits for them at the most. */
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { systemClock } from "../../kit/clock.ts";
import { RawPoller, RawSocket } from "./clients.suite.ts";
import { pad, pour, serveSample, turn } from "./sample-service.suite.ts";

const scope = scopePerTest();

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
    await within(sample.connections.whenEmpty(), "the end of the connection");
    await within(sample.transport.close(), "the end of the transport");
  });

  test("over polling is closed with 4408 once more than the bound waits, and really gone some seconds later", async () => {
    // Twenty times as fast, for the time that polling clients are given.
    const clock = {
      ...systemClock,
      after: (ms: number, run: () => void) => systemClock.after(ms === 5000 ? 250 : ms, run),
    };
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
    expect(await sample.closed.next()).toMatchObject({
      code: 4408,
      reason: expect.stringContaining("answers"),
      byServer: true,
    });
    await within(sample.connections.whenEmpty(), "the end of the connection");
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
    await within(sample.connections.whenEmpty(), "the end of the connection");
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
    for (let n = 0; n < behind + 300; n++)
      expect(await raw.packets.next()).toBe(`42["bulk",${JSON.stringify({ n, pad })}]`);
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
    while (numbers.at(-1) !== sent - 1)
      numbers.push(Number(/"n":(\d+)/.exec(await raw.packets.next())?.[1]));
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
    const expected = Array.from({ length: 20 }, (_, n) => `42["said",{"text":"${n}"}]`).join(
      "\u001e",
    );
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
    expect(packets).toEqual(
      Array.from({ length: 500 }, (_, n) => `42["bulk",${JSON.stringify({ n, pad })}]`),
    );
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
    await within(sample.connections.whenEmpty(), "the end of the connection");
    expect(await poller.poll()).toMatch(/^400 .*Session ID unknown/);
  });

  test("that takes the failure and asks no more is gone some seconds later", async () => {
    const clock = {
      ...systemClock,
      after: (ms: number, run: () => void) => systemClock.after(ms === 5000 ? 250 : ms, run),
    };
    const sample = await serveSample(scope, { clock });
    const poller = await RawPoller.join(sample.url);
    await poller.post('42["fail",{}]');
    await poller.poll();
    await within(sample.connections.whenEmpty(), "the end of the connection", 3000);
    await within(sample.transport.close(), "the end of the transport");
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
