/** One connection: its messages one after another, the close last, the groups that it leaves. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import {
  FakeLink,
  fakeConnection,
  held,
  idle,
  message,
  PausableLink,
  settled,
} from "./kit.fixture.ts";

describe("messages", () => {
  test("are handled one after another, whatever each handler takes, and the close comes last", async () => {
    // How many microtasks each handler takes; null: it is synchronous. A negative one throws in the end.
    const handler = fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 3 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(handler, { maxLength: 150, size: "max" }),
        fc.boolean(),
        async (handlers, pausable) => {
          const { connection, receiver, turn } = fakeConnection({
            link: pausable ? new PausableLink() : new FakeLink(),
          });
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
          expect(receiver.log).toEqual(
            [...handlers.keys()].map(String).concat("closed 1000 bye by peer"),
          );
          expect(receiver.failures.map((error) => (error as Error).message)).toEqual(
            [...handlers.entries()]
              .filter(([, takes]) => takes !== null && takes < 0)
              .map(([n]) => String(n)),
          );
        },
      ),
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
    expect(receiver.failures).toEqual([
      new Error("throws"),
      new Error("rejects"),
      new Error("throws"),
    ]);
  });

  test.each([
    // More than a packet holds, which is what comes still when reading has been paused.
    [10_000, "pauses", new PausableLink()],
    [100_000, "does not pause", new FakeLink()],
  ])(
    "%i that wait on a link that %s are handled without overflowing the stack",
    async (count, _which, link) => {
      const { connection, receiver, turn } = fakeConnection({
        link,
        limits: { maxInbox: 200_000 },
      });
      const first = held();
      receiver.handle = (text) => (text === "first" ? first.done : undefined);
      connection.receiveText("first", 5);
      for (let n = 0; n < count; n++) connection.receiveText("more", 4);
      expect(receiver.log.length).toBe(1);
      first.release();
      await idle({ turn });
      expect(receiver.log.length).toBe(count + 1);
      expect(receiver.bytesIn).toBe(5 + 4 * count);
    },
  );

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
    const group = (name: string) => ({
      drop: (one: Connection) => dropped.push(`${name} ${one.id}`),
    });
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

describe("whenDrained", () => {
  test("resolves at once while nothing waits, else when everything has left", async () => {
    const { connection, link, turn } = fakeConnection();
    await connection.whenDrained();
    link.slow = true;
    connection.deliver(message("a"));
    let drained = 0;
    const count = () => drained++;
    void connection.whenDrained().then(count);
    turn.end();
    await settled();
    expect([link.texts, drained]).toEqual([["a"], 0]);
    connection.deliver(message("b"));
    void connection.whenDrained().then(count);
    link.unsentBytes = 0;
    // What waited leaves now, and has not left yet.
    connection.drained();
    await settled();
    expect([link.texts, drained]).toEqual([["a", "b"], 0]);
    link.unsentBytes = 0;
    connection.drained();
    await settled();
    expect(drained).toBe(2);
  });

  test.each(["close", "destroy", "peerClosed"] as const)(
    "resolves when the connection has ended by %s",
    async (end) => {
      const { connection, link, turn } = fakeConnection();
      link.slow = true;
      connection.deliver(message("a"));
      turn.end();
      const drained = connection.whenDrained();
      if (end === "close") connection.close("done", "");
      else if (end === "destroy") connection.destroy("");
      else connection.peerClosed(1000, "");
      await drained;
      await connection.whenDrained();
    },
  );
});
