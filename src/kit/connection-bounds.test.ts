/** One connection: what bounds it, and its signs of life. */
import { describe, expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import {
  FakeLink,
  FakeReceiver,
  fakeConnection,
  held,
  idle,
  ManualTurn,
  message,
  PausableLink,
  settled,
} from "./kit.fixture.ts";

describe("bounds", () => {
  /** A connection whose first message is never done. */
  function busy<L extends FakeLink>(
    link: L,
    limits: { maxInbox?: number; messagesPerSecond?: number } = {},
  ) {
    const parts = fakeConnection({ link, limits });
    const first = held();
    parts.receiver.handle = (text) => (text === "first" ? first.done : undefined);
    parts.connection.receiveText("first", 1);
    return { ...parts, release: first.release };
  }

  test("reading pauses while 64 messages wait, and goes on when none does", async () => {
    const { connection, link, receiver, release, turn } = busy(new PausableLink());
    for (let n = 0; n < 63; n++) connection.receiveText("m", 1);
    expect(link.calls).toEqual([]);
    // What had been read already comes still, beyond maxInbox too: that is no fault of the client.
    for (let n = 0; n < 2000; n++) connection.receiveText("m", 1);
    expect(link.calls).toEqual(["pause"]);
    release();
    await idle({ turn });
    expect(link.calls).toEqual(["pause", "resume"]);
    expect(receiver.log.length).toBe(2064);
    expect(connection.isClosed).toBe(false);
  });

  test("with a smaller maxInbox reading pauses there, it does not close", () => {
    const { connection, link } = busy(new PausableLink(), { maxInbox: 3 });
    for (let n = 0; n < 3; n++) connection.receiveText("m", 1);
    expect(link.calls).toEqual(["pause"]);
    connection.receiveText("m", 1);
    expect(connection.isClosed).toBe(false);
  });

  test("reading pauses while the messages that wait hold 1 MiB, however few they are", async () => {
    const { connection, link, receiver, release, turn } = busy(new PausableLink());
    connection.receiveText("large", (1 << 20) - 1);
    expect([link.calls, connection.waitingBytes]).toEqual([[], (1 << 20) - 1]);
    connection.receiveText("small", 1);
    expect([link.calls, connection.waitingBytes]).toEqual([["pause"], 1 << 20]);
    release();
    await idle({ turn });
    expect([link.calls, connection.waitingBytes]).toEqual([["pause", "resume"], 0]);
    expect(receiver.log).toEqual(["first", "large", "small"]);
  });

  test("messages that a transport hands over while reading goes on again come behind those that wait", async () => {
    const link = new (class extends PausableLink {
      onResume = () => {};
      override resume(): void {
        super.resume();
        this.onResume();
      }
    })();
    link.onResume = () => connection.receiveText("read now", 1);
    const { connection, receiver, release, turn } = busy(link);
    const first = receiver.handle;
    for (const later of [false, true]) {
      receiver.handle = async (text) => {
        await (later ? null : first(text, connection));
      };
      for (let n = 0; n < 65; n++) connection.receiveText(String(n), 1);
      release();
      await idle({ turn });
      expect(receiver.log.slice(-2)).toEqual(["64", "read now"]);
    }
    expect(link.calls).toEqual(["pause", "resume", "pause", "resume"]);
  });

  test("of one connection 32 messages are handled in a turn, in order, and the others have theirs", () => {
    const turn = new ManualTurn();
    const receiver = new FakeReceiver();
    const flood = fakeConnection({ link: new PausableLink(), turn, receiver }).connection;
    const other = fakeConnection({ link: new PausableLink(), turn, receiver }).connection;
    for (let n = 0; n < 150; n++) flood.receiveText(String(n), 1);
    other.receiveText("other", 1);
    expect(receiver.log.length).toBe(33);
    expect(receiver.log.at(-1)).toBe("other");
    turn.end();
    expect(receiver.log.length).toBe(65);
    while (turn.scheduled > 0) turn.end();
    expect(receiver.log.filter((line) => line !== "other")).toEqual(
      Array.from({ length: 150 }, (_, n) => String(n)),
    );
  });

  test("where reading cannot pause, all are handled at once", () => {
    const { connection, receiver } = fakeConnection();
    for (let n = 0; n < 2000; n++) connection.receiveText("m", 1);
    expect(receiver.log.length).toBe(2000);
  });

  test("a close of ours drops those that wait for the next turn, the peer's does not", async () => {
    for (const [close, handled] of [
      [(connection: Connection) => connection.close("done", ""), 32],
      [(connection: Connection) => connection.peerClosed(1000, ""), 100],
    ] as const) {
      const parts = fakeConnection({ link: new PausableLink() });
      for (let n = 0; n < 100; n++) parts.connection.receiveText("m", 1);
      close(parts.connection);
      await idle(parts);
      expect(parts.receiver.log.length).toBe(handled + 1);
      expect(parts.receiver.log.at(-1)).toMatch(/^closed 1000 /);
    }
  });

  test("where reading cannot pause, one more than maxInbox closes with 4429 and none of those that wait is handled", async () => {
    const { connection, link, receiver, release } = busy(new FakeLink(), { maxInbox: 3 });
    for (let n = 0; n < 3; n++) connection.receiveText("m", 1);
    expect(connection.isClosed).toBe(false);
    connection.receiveText("m", 1);
    expect(link.calls[0]).toMatch(/^close 4429 .*limits\.maxInbox/);
    release();
    await settled();
    expect(receiver.log.map((line) => line.slice(0, 11))).toEqual(["first", "closed 4429"]);
  });

  test("more messages a second than the rate, with bursts of two seconds' worth, close with 4429", () => {
    const { connection, link, clock, receiver } = fakeConnection({
      limits: { messagesPerSecond: 10 },
    });
    for (let n = 0; n < 20; n++) connection.receiveText("m", 1);
    clock.advance(1000);
    for (let n = 0; n < 10; n++) connection.receiveText("m", 1);
    expect(connection.isClosed).toBe(false);
    connection.receiveText("m", 1);
    expect(link.calls[0]).toMatch(/^close 4429 .*limits\.messagesPerSecond/);
    expect(receiver.log.length).toBe(30);
  });
});

describe("signs of life", () => {
  test("count against the rate like messages, and close with 4429", () => {
    const { connection, link } = fakeConnection({ limits: { messagesPerSecond: 1 } });
    connection.receiveText("m", 1);
    expect(connection.receiveSignOfLife()).toBe(true);
    expect(connection.receiveSignOfLife()).toBe(false);
    expect(link.calls[0]).toMatch(/^close 4429 .*limits\.messagesPerSecond/);
  });

  test("are messages, pongs and what comes after the close; sending is none", () => {
    const { connection, clock, turn } = fakeConnection();
    clock.advance(10);
    connection.deliver(message("a"));
    turn.end();
    expect(connection.lastHeardMs).toBe(0);
    connection.receiveText("{}", 2);
    expect(connection.lastHeardMs).toBe(10);
    clock.advance(10);
    connection.heard();
    expect(connection.lastHeardMs).toBe(20);
    expect(connection.openedMs).toBe(0);
  });

  test("a ping is noted, also where the transport's library pings by itself", () => {
    const silent = new FakeLink();
    Object.defineProperty(silent, "ping", { value: undefined });
    for (const link of [new FakeLink(), silent]) {
      const { connection, clock } = fakeConnection({ link });
      clock.advance(7);
      connection.ping();
      expect(connection.lastPingMs).toBe(7);
    }
  });
});

test("a client that asked is told, when it has caught up, how many messages it did not get, once for each time it was behind", () => {
  for (const wantsSkipped of [true, false]) {
    const { connection, link, turn, receiver } = fakeConnection({ opening: { wantsSkipped } });
    const behind = (...messages: readonly string[]) => {
      link.slow = true;
      connection.deliver(message("fills the socket"));
      turn.end();
      link.slow = false;
      for (const text of messages) connection.deliver(message(text, "key"));
      link.unsentBytes = 0;
      connection.drained();
    };
    behind("a", "b", "c");
    connection.drained();
    behind("d");
    behind("e", "f");
    expect(receiver.log).toEqual(
      wantsSkipped ? ["caught up, 2 skipped", "caught up, 3 skipped"] : [],
    );
    expect(connection.skipped).toBe(3);
    expect(link.texts.filter((text) => text.length === 1)).toEqual(["c", "d", "f"]);
  }
});

describe("who waits until all has left", () => {
  /** Whether a promise is settled, once what was under way has run. */
  async function isDone(promise: Promise<void>): Promise<boolean> {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    await settled();
    return done;
  }

  test("waits for what was delivered before, not for what comes all the time", async () => {
    const { connection, link, turn } = fakeConnection();
    expect(await isDone(connection.whenDrained())).toBe(true);
    link.slow = true;
    connection.deliver(message("fills the socket"));
    turn.end();
    connection.deliver(message("before"));
    const drained = connection.whenDrained();
    // The socket takes what waited, and never has nothing to send.
    connection.drained();
    expect(link.texts).toEqual(["fills the socket"]);
    link.unsentBytes = 0;
    connection.drained();
    expect(link.texts).toEqual(["fills the socket", "before"]);
    expect(await isDone(drained)).toBe(false);
    connection.deliver(message("later"));
    link.unsentBytes = 0;
    connection.drained();
    expect(link.texts.at(-1)).toBe("later");
    expect(await isDone(drained)).toBe(true);
  });

  test("waits no longer when the connection ends", async () => {
    const { connection, link, turn } = fakeConnection();
    link.slow = true;
    connection.deliver(message("fills the socket"));
    turn.end();
    const drained = connection.whenDrained();
    expect(await isDone(drained)).toBe(false);
    connection.peerClosed(1006, "");
    expect(await isDone(drained)).toBe(true);
  });
});

test("what is written is counted with the receiver of the moment", () => {
  const { connection, receiver } = fakeConnection();
  connection.wrote([message("a"), message("b")], 30);
  expect(receiver.bytesOut).toBe(30);
});
