/** One connection: its messages one after another, the close last, the bounds. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { FakeLink, FakeReceiver, fakeConnection, idle, ManualTurn, message, PausableLink, settled } from "./kit.fixture.ts";

/** A handler that ends when told. */
function held() {
  let release = () => {};
  const done = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { done, release };
}

describe("messages", () => {
  test("are handled one after another, whatever each handler takes, and the close comes last", async () => {
    // How many microtasks each handler takes; null: it is synchronous. A negative one throws in the end.
    const handler = fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(handler, { maxLength: 150, size: "max" }), fc.boolean(), async (handlers, pausable) => {
        const { connection, receiver, turn } = fakeConnection({ link: pausable ? new PausableLink() : new FakeLink() });
        let running = 0;
        receiver.handle = (text) => {
          expect(running).toBe(0);
          const takes = handlers[Number(text)] ?? null;
          if (takes === null) return;
          running++;
          return (async () => {
            for (let n = 0; n < Math.abs(takes); n++) await null;
            running--;
            if (takes < 0) throw new Error(text);
          })();
        };
        for (const [n] of handlers.entries()) {
          connection.receiveText(String(n), 1);
          if (n % 7 === 6) await null;
        }
        connection.peerClosed(1000, "bye");
        await idle({ turn });
        expect(receiver.log).toEqual([...handlers.keys()].map(String).concat("closed 1000 bye by peer"));
        expect(receiver.failures.map((error) => (error as Error).message)).toEqual(
          [...handlers.entries()].filter(([, takes]) => takes !== null && takes < 0).map(([n]) => String(n)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("what a handler stores is readable before the next message is looked at", async () => {
    const { connection, receiver } = fakeConnection();
    let stored = "";
    const seen: string[] = [];
    receiver.handle = async (text) => {
      seen.push(stored);
      await null;
      stored = text;
    };
    for (const text of ["a", "b", "c"]) connection.receiveText(text, 1);
    await settled();
    expect(seen).toEqual(["", "a", "b"]);
  });

  test("a handler that throws, and one that rejects, are told of and do not stop the next", async () => {
    const { connection, receiver } = fakeConnection();
    receiver.handle = (text) => {
      if (text === "throws") throw new Error(text);
      if (text === "rejects") return Promise.reject(new Error(text));
    };
    for (const text of ["throws", "rejects", "throws", "good"]) connection.receiveText(text, 1);
    await settled();
    expect(receiver.log).toEqual(["throws", "rejects", "throws", "good"]);
    expect(receiver.failures).toEqual([new Error("throws"), new Error("rejects"), new Error("throws")]);
  });

  test.each([
    ["that pauses", new PausableLink()],
    ["that does not", new FakeLink()],
  ])("100,000 that wait on a link %s are handled without overflowing the stack", async (_which, link) => {
    const { connection, receiver, turn } = fakeConnection({ link, limits: { maxInbox: 200_000 } });
    const first = held();
    receiver.handle = (text) => (text === "first" ? first.done : undefined);
    connection.receiveText("first", 5);
    for (let n = 0; n < 100_000; n++) connection.receiveText("more", 4);
    expect(receiver.log.length).toBe(1);
    first.release();
    await idle({ turn });
    expect(receiver.log.length).toBe(100_001);
    expect(receiver.bytesIn).toBe(400_005);
  });

  test("the first step of a service comes before the messages that wait for it", async () => {
    const { connection, receiver } = fakeConnection();
    const opening = held();
    const log: string[] = [];
    receiver.handle = (text) => {
      log.push(text);
    };
    connection.handOver(async () => {
      await opening.done;
      log.push("opened");
    });
    connection.receiveText("message", 1);
    await settled();
    expect(log).toEqual([]);
    opening.release();
    await settled();
    expect(log).toEqual(["opened", "message"]);
  });

  test("of an event `done` is called when it has been handled, well or badly", async () => {
    const { connection, receiver } = fakeConnection();
    const order: string[] = [];
    receiver.handle = async (text) => {
      await null;
      order.push(text);
      if (text.startsWith("bad")) throw new Error("bad");
    };
    connection.receiveEvent("good", 1, 1, () => order.push("done good"));
    connection.receiveEvent("bad", 2, 1, () => order.push("done bad"));
    await settled();
    expect(order).toEqual(["good 1", "done good", "bad 2", "done bad"]);
    expect(receiver.failures.length).toBe(1);
  });

  test("a receiver that takes over gets the messages that were waiting", async () => {
    const { connection, receiver } = fakeConnection();
    const other = fakeConnection().receiver;
    receiver.handle = async () => {
      connection.receiver = other;
    };
    for (const text of ["a", "b"]) connection.receiveText(text, 1);
    connection.peerClosed(1001, "");
    await settled();
    expect(receiver.log).toEqual(["a"]);
    expect(other.log).toEqual(["b", "closed 1001  by peer"]);
  });
});

describe("the end", () => {
  test("messages before the peer's close count, those behind a close of ours do not", async () => {
    const byPeer = fakeConnection();
    const running = held();
    byPeer.receiver.handle = () => running.done;
    for (const text of ["a", "b"]) byPeer.connection.receiveText(text, 1);
    byPeer.connection.peerClosed(1000, "");
    byPeer.connection.receiveText("late", 1);
    running.release();
    await settled();
    expect(byPeer.receiver.log).toEqual(["a", "b", "closed 1000  by peer"]);

    const byServer = fakeConnection();
    const alsoRunning = held();
    byServer.receiver.handle = () => alsoRunning.done;
    for (const text of ["a", "b"]) byServer.connection.receiveText(text, 1);
    byServer.connection.close("forbidden", "no");
    byServer.connection.receiveText("late", 1);
    await settled();
    expect(byServer.receiver.log).toEqual(["a"]);
    alsoRunning.release();
    await settled();
    expect(byServer.receiver.log).toEqual(["a", "closed 4403 no by server"]);
    expect(byServer.link.calls).toEqual(["close 4403 no"]);
  });

  test("a handler that closes its own connection is the last one", async () => {
    const { connection, receiver } = fakeConnection();
    receiver.handle = (_text, own) => own.close("done", "");
    for (const text of ["a", "b"]) connection.receiveText(text, 1);
    await settled();
    expect(receiver.log).toEqual(["a", "closed 1000  by server"]);
  });

  test("the first close counts, and its service hears of it once, never inside the call that closes", async () => {
    const { connection, receiver, link } = fakeConnection();
    connection.close("done", "first");
    connection.close("internal", "second");
    connection.peerClosed(1001, "third");
    expect(receiver.log).toEqual([]);
    expect(connection.isClosed).toBe(true);
    await settled();
    expect(receiver.log).toEqual(["closed 1000 first by server"]);
    expect(link.calls).toEqual(["close 1000 first"]);
    expect(connection.isClosedByServer).toBe(true);
  });

  test("what was sent before a close leaves before it, what is sent behind it does not leave", () => {
    const { connection, link, turn } = fakeConnection();
    connection.deliver(message("before"));
    connection.close("done", "");
    connection.deliver(message("behind"));
    turn.end();
    expect(link.writes).toEqual([["before"]]);
  });

  test("what was sent before the peer's close leaves before the answering close frame, also to a slow client", () => {
    const { connection, link, turn } = fakeConnection();
    link.slow = true;
    connection.deliver(message("a"));
    turn.end();
    connection.deliver(message("b"));
    connection.peerClosed(1000, "");
    expect(link.texts).toEqual(["a", "b"]);
    expect(link.calls).toEqual([]);
    expect(connection.isClosedByServer).toBe(false);
  });

  test("destroy ends the socket at once, unsent messages are let go of", async () => {
    const { connection, receiver, link, turn } = fakeConnection();
    connection.deliver(message("unsent"));
    connection.destroy("idle");
    connection.deliver(message("more"));
    turn.end();
    await settled();
    expect(link.writes).toEqual([]);
    expect(link.calls).toEqual(["destroy"]);
    expect(connection.unsentBytes).toBe(0);
    expect(receiver.log).toEqual(["closed 1006 idle by server"]);
  });

  test("destroy also ends a socket whose close frame is not answered", async () => {
    const { connection, receiver, link } = fakeConnection();
    connection.close("restarting", "");
    connection.destroy("draining");
    await settled();
    expect(link.calls).toEqual(["close 1012 ", "destroy"]);
    expect(receiver.log).toEqual(["closed 1012  by server"]);
  });

  test("a binary frame closes with 1003, without leaking what follows", async () => {
    const { connection, receiver, link } = fakeConnection();
    connection.receiveBinary();
    connection.receiveText("{}", 2);
    await settled();
    expect(link.calls[0]).toMatch(/^close 1003 /);
    expect(receiver.log.length).toBe(1);
  });

  test("a client too slow for what must arrive is closed with 4408", async () => {
    const { connection, link, turn, receiver } = fakeConnection({ limits: { maxQueueBytes: 10 } });
    link.slow = true;
    connection.deliver(message("first"));
    turn.end();
    connection.deliver(message("12345"));
    connection.deliver(message("67890"));
    expect(connection.isClosed).toBe(false);
    expect(connection.unsentBytes).toBe(15);
    connection.deliver(message("!"));
    await settled();
    expect(link.calls[0]).toMatch(/^close 4408 /);
    expect(receiver.log[0]).toMatch(/^closed 4408 .* by server$/);
    expect(link.texts).toEqual(["first"]);
  });

  test("a failure of the service when it hears of the close is told of", async () => {
    const { connection, receiver } = fakeConnection();
    receiver.onClosed = () => Promise.reject(new Error("in closed"));
    connection.peerClosed(1006, "");
    await settled();
    expect(receiver.failures).toEqual([new Error("in closed")]);
  });

  test("a closed connection is not probed", async () => {
    const { connection, link } = fakeConnection();
    expect(await connection.probe(5)).toBe(true);
    connection.close("done", "");
    expect(await connection.probe(5)).toBe(false);
    expect(link.calls).toEqual(["probe 5", "close 1000 "]);
  });
});

describe("groups", () => {
  test("are left at the end, before the service hears of it, those that were left before are not", async () => {
    const { connection, receiver } = fakeConnection();
    const dropped: string[] = [];
    const group = (name: string) => ({ drop: (one: Connection) => dropped.push(`${name} ${one.id}`) });
    const [stays, leaves] = [group("stays"), group("leaves")];
    let atClosed: string[] = [];
    receiver.onClosed = () => {
      atClosed = [...dropped];
    };
    connection.joined(stays);
    connection.joined(stays);
    connection.joined(leaves);
    connection.left(leaves);
    connection.peerClosed(1000, "");
    expect(dropped).toEqual(["stays c1"]);
    await settled();
    expect(atClosed).toEqual(["stays c1"]);
  });

  test("who comes after the end is not told", () => {
    const { connection } = fakeConnection();
    connection.close("done", "");
    let told = 0;
    connection.joined({ drop: () => told++ });
    connection.destroy("again");
    expect(told).toBe(0);
  });
});

describe("bounds", () => {
  /** A connection whose first message is never done. */
  function busy<L extends FakeLink>(link: L, limits: { maxInbox?: number; messagesPerSecond?: number } = {}) {
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

  test("of one connection 64 messages are handled in a turn, in order, and the others have theirs", () => {
    const turn = new ManualTurn();
    const receiver = new FakeReceiver();
    const flood = fakeConnection({ link: new PausableLink(), turn, receiver }).connection;
    const other = fakeConnection({ link: new PausableLink(), turn, receiver }).connection;
    for (let n = 0; n < 150; n++) flood.receiveText(String(n), 1);
    other.receiveText("other", 1);
    expect(receiver.log.length).toBe(65);
    expect(receiver.log.at(-1)).toBe("other");
    turn.end();
    expect(receiver.log.length).toBe(129);
    while (turn.scheduled > 0) turn.end();
    expect(receiver.log.filter((line) => line !== "other")).toEqual(Array.from({ length: 150 }, (_, n) => String(n)));
  });

  test("where reading cannot pause, all are handled at once", () => {
    const { connection, receiver } = fakeConnection();
    for (let n = 0; n < 2000; n++) connection.receiveText("m", 1);
    expect(receiver.log.length).toBe(2000);
  });

  test("a close of ours drops those that wait for the next turn, the peer's does not", async () => {
    for (const [close, handled] of [
      [(connection: Connection) => connection.close("done", ""), 64],
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
    const { connection, link, clock, receiver } = fakeConnection({ limits: { messagesPerSecond: 10 } });
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
    expect(receiver.log).toEqual(wantsSkipped ? ["caught up, 2 skipped", "caught up, 3 skipped"] : []);
    expect(connection.skipped).toBe(3);
    expect(link.texts.filter((text) => text.length === 1)).toEqual(["c", "d", "f"]);
  }
});

test("what is written is counted with the receiver of the moment", () => {
  const { connection, receiver } = fakeConnection();
  connection.wrote(2, 30);
  expect(receiver.bytesOut).toBe(30);
});
