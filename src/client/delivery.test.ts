/** What becomes of messages: their order, their outcomes, and that each has exactly one. */
import { describe, expect, it, vi } from "vitest";
import { Client, MemoryStore } from "./client.fixture.ts";
import type { StoredMessage } from "./outbox-store.ts";
import { VirtualPlatform } from "./virtual-platform.fixture.ts";

const full = expect.objectContaining({ code: "outbox_full" });

describe("outcomes", () => {
  it("sent: when the server has answered a ping behind it, as promise and as event", async () => {
    const client = await Client.open();
    const { outcome } = client.send("a");
    await client.platform.pass(199);
    expect(client.socket.pings).toBe(0);
    await client.platform.pass(1);
    expect(client.socket.pings).toBe(1);
    client.send("b");
    client.socket.pong();
    expect(await outcome).toBe("sent");
    expect(client.outcomes).toEqual([["a", "sent"]]);
    await client.confirm();
    expect(client.outcomeOf("b")).toBe("sent");
  });

  it("sent: what the watchdog asks does not confirm what was sent behind its ping", async () => {
    const client = await Client.open();
    await client.platform.pass(15_000);
    client.send("behind the ping");
    await client.platform.pass(200);
    client.socket.pong();
    await client.platform.settle();
    expect(client.outcomes).toEqual([]);
    client.socket.pong();
    await client.platform.settle();
    expect(client.outcomeOf("behind the ping")).toBe("sent");
  });

  it("sent: by our closing handshake", async () => {
    const client = await Client.open();
    client.send("a");
    const closed = client.connection.close();
    client.socket.answerClose();
    await closed;
    expect(client.outcomes).toEqual([["a", "sent"]]);
  });

  it("unknown: the server closed with a reason of its own in the moment of our close", async () => {
    const client = await Client.open();
    client.send("a");
    const closed = client.connection.close();
    client.socket.serverCloses(1000, "session over");
    await closed;
    expect(client.outcomes).toEqual([["a", "unknown"]]);
  });

  it("sent: all that one answer confirms, also where the first outcome's listener ends the connection", async () => {
    const client = await Client.open();
    client.connection.on("outcome", () => client.connection.destroy());
    for (const text of ["a", "b", "c"]) client.send(text);
    await client.confirm();
    expect(client.outcomes).toEqual([
      ["a", "sent"],
      ["b", "sent"],
      ["c", "sent"],
    ]);
  });

  it.each([
    ["back", -3_600_000],
    ["on", 3_600_000],
  ])("expired: in its time, though somebody sets the clock %s", async (_, jumpMs) => {
    const client = new Client();
    await client.platform.settle();
    client.send("for a second", { expiresInMs: 1000 });
    client.platform.clockSetMs = jumpMs;
    await client.platform.pass(1000);
    expect(client.outcomes).toEqual([["for a second", "expired"]]);
  });

  it("expired: one whose time was over while the computer slept is not sent", async () => {
    const client = new Client();
    await client.platform.settle();
    client.send("ten minutes");
    client.platform.clockSetMs = 600_000;
    await client.accept();
    expect([client.outcomes, client.socket.sent]).toEqual([[["ten minutes", "expired"]], []]);
  });

  it("unknown: the connection died with it, and it is not sent again", async () => {
    const client = await Client.open();
    client.send("a");
    client.socket.breaks();
    expect(client.outcomes).toEqual([["a", "unknown"]]);
    await client.comeBack();
    expect(client.socket.sent).toEqual([]);
  });

  it("unknown: also where the server closed properly of its own accord", async () => {
    const client = await Client.open();
    client.send("a");
    client.socket.serverCloses(1012);
    expect(client.outcomes).toEqual([["a", "unknown"]]);
  });

  it("acked: by the protocol, and by nothing else", async () => {
    const client = await Client.open();
    const { id } = client.send("a", { awaitsAck: true });
    client.send("b");
    await client.confirm();
    expect(client.outcomes).toEqual([["b", "sent"]]);
    expect(client.connection.acknowledge(id)).toBe(true);
    expect(client.connection.acknowledge(id)).toBe(false);
    expect(client.outcomeOf("a")).toBe("acked");
    expect(client.connection.acknowledge("nobody")).toBe(false);
  });

  it("evicted: refused by the server; what is behind it goes on", async () => {
    const client = await Client.open();
    const { id } = client.send("a", { awaitsAck: true, resend: true });
    const next = client.send("b", { awaitsAck: true });
    expect(client.connection.refuse(id)).toBe(true);
    expect(client.connection.refuse(id)).toBe(false);
    expect(client.connection.acknowledge(next.id)).toBe(true);
    client.socket.breaks();
    await client.comeBack();
    expect(client.socket.sent).toEqual([]);
    expect(client.outcomes).toEqual([
      ["a", "evicted"],
      ["b", "acked"],
    ]);
  });

  it("acked: also one that waits to be sent again, which then is not", async () => {
    const client = await Client.open();
    const { id } = client.send("a", { awaitsAck: true, resend: true });
    client.socket.breaks();
    const neverSent = client.send("b", { awaitsAck: true });
    expect(client.connection.acknowledge(id)).toBe(true);
    expect(client.connection.acknowledge(neverSent.id)).toBe(false);
    await client.comeBack();
    expect(client.socket.sent).toEqual(["b"]);
  });

  it("expired: not sent in its time", async () => {
    const client = new Client({ outbox: { maxAgeMs: 5000 } });
    client.send("by default");
    client.send("sooner", { expiresInMs: 1000 });
    client.send("not later", { expiresInMs: 50_000 });
    await client.platform.pass(1000);
    expect(client.outcomes).toEqual([["sooner", "expired"]]);
    await client.platform.pass(4000);
    expect(client.outcomes.slice(1)).toEqual([
      ["by default", "expired"],
      ["not later", "expired"],
    ]);
    client.connection.destroy();
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("unknown, not expired: it was on its way once and its time to be sent again is over", async () => {
    const client = await Client.open();
    client.send("a", { resend: true, expiresInMs: 1000 });
    client.socket.serverCloses(1013);
    await client.platform.pass(1000);
    expect(client.outcomes).toEqual([["a", "unknown"]]);
  });

  it("unknown, not evicted: it was on its way once and newer ones need its room", async () => {
    const client = await Client.open({ outbox: { maxMessages: 1, whenFull: "evict-oldest" } });
    client.send("a", { resend: true });
    client.socket.breaks();
    client.send("b");
    client.send("c");
    expect(client.outcomes).toEqual([
      ["a", "unknown"],
      ["b", "evicted"],
    ]);
  });

  it("evicted: the oldest, and what is left at the end", async () => {
    const client = new Client({ outbox: { maxMessages: 2, whenFull: "evict-oldest" } });
    for (const text of ["a", "b", "c"]) client.send(text);
    expect(client.outcomes).toEqual([["a", "evicted"]]);
    client.connection.destroy();
    expect(client.outcomes.slice(1)).toEqual([
      ["b", "evicted"],
      ["c", "evicted"],
    ]);
  });
});

describe("where the server cannot be asked", () => {
  async function page(): Promise<Client> {
    const platform = new VirtualPlatform();
    platform.canPing = false;
    return await Client.open({}, platform);
  }

  it("a message is sent when it has left and the connection is still open 5 s later", async () => {
    const client = await page();
    client.send("a");
    await client.platform.pass(4999);
    expect(client.outcomes).toEqual([]);
    await client.platform.pass(1100);
    expect(client.outcomes).toEqual([["a", "sent"]]);
    client.send("b");
    await client.platform.pass(4000);
    client.socket.breaks();
    expect(client.outcomeOf("b")).toBe("unknown");
  });

  it("the 5 s count from when it had left, not from when it was written", async () => {
    const client = await page();
    client.send("a");
    client.socket.unsentBytes = 1;
    await client.platform.pass(60_000);
    client.socket.unsentBytes = 0;
    await client.platform.pass(4900);
    expect(client.outcomes).toEqual([]);
    await client.platform.pass(2200);
    expect(client.outcomes).toEqual([["a", "sent"]]);
  });

  it("what has left is sent although what came later has not", async () => {
    const client = await page();
    client.send("a");
    for (let second = 0; second < 20; second++) {
      client.send("x".repeat(100));
      client.socket.unsentBytes = 100;
      await client.platform.pass(1000);
    }
    expect(client.outcomeOf("a")).toBe("sent");
  });

  it("is asked as soon as it can be", async () => {
    const client = await page();
    client.send("a");
    client.socket.canPing = true;
    await client.platform.pass(1000);
    client.socket.pong();
    expect(client.outcomes).toEqual([["a", "sent"]]);
  });
});

describe("order", () => {
  it("is that of sending, over losses; what is sent again comes first", async () => {
    const client = new Client();
    client.send("a");
    await client.platform.settle();
    await client.accept();
    client.send("b", { resend: true });
    client.send("c", { resend: true });
    expect(client.socket.sent).toEqual(["a", "b", "c"]);
    client.socket.breaks();
    client.send("d");
    await client.comeBack();
    client.send("e");
    expect(client.socket.sent).toEqual(["b", "c", "d", "e"]);
    expect(client.outcomes).toEqual([["a", "unknown"]]);
  });

  it("is that of sending also for what waited when the connection was lost", async () => {
    const client = await Client.open();
    client.send("a", { resend: true });
    client.socket.unsentBytes = 300 * 1024;
    client.send("b");
    client.socket.breaks();
    await client.comeBack();
    expect(client.socket.sent).toEqual(["a", "b"]);
  });

  it("holds for what is sent inside listeners", async () => {
    const client = new Client();
    client.connection.on("state", ({ status }) => {
      if (status === "open") client.send("inside open");
    });
    client.connection.on("outcome", ({ text, outcome }) => {
      if (!text.startsWith("after")) client.send(`after ${text} ${outcome}`);
    });
    client.send("a");
    await client.platform.settle();
    await client.accept();
    expect(client.socket.sent).toEqual(["a", "inside open"]);
    client.socket.breaks();
    await client.comeBack();
    expect(client.socket.sent).toEqual([
      "after a unknown",
      "after inside open unknown",
      "inside open",
    ]);
  });

  it("holds for what is sent inside the listener of an eviction", async () => {
    const client = new Client({ outbox: { maxMessages: 2, whenFull: "evict-oldest" } });
    const all: Promise<string>[] = [];
    client.connection.on("outcome", ({ text }) => {
      if (text === "a") all.push(client.send("inside").outcome);
    });
    for (const text of ["a", "b", "c"]) all.push(client.send(text).outcome);
    expect(client.connection.waiting).toBe(2);
    await client.platform.settle();
    await client.accept();
    expect(client.socket.sent).toEqual(["c", "inside"]);
    client.connection.destroy();
    expect((await Promise.all(all)).sort()).toEqual(["evicted", "evicted", "unknown", "unknown"]);
  });
});

describe("one outcome each", () => {
  it("a second message with the id of one that is on its way is refused", async () => {
    const client = await Client.open();
    const first = client.send("a", { id: "x", awaitsAck: true });
    expect(() => client.send("b", { id: "x" })).toThrow(
      expect.objectContaining({ code: "conflict" }),
    );
    client.connection.acknowledge("x");
    expect(await first.outcome).toBe("acked");
    client.send("b", { id: "x" });
    expect(client.socket.sent).toEqual(["a", "b"]);
  });

  it("a confirmation of an acknowledged message does not settle a later one with its id", async () => {
    const client = await Client.open();
    client.send("a", { id: "x" });
    await client.platform.pass(200);
    client.connection.acknowledge("x");
    client.send("b", { id: "x" });
    client.socket.pong();
    expect(client.outcomes).toEqual([["a", "acked"]]);
    client.socket.breaks();
    expect(client.outcomeOf("b")).toBe("unknown");
  });

  it("also where a listener destroys the connection at an eviction, a loss or an expiry", async () => {
    const evicting = new Client({ outbox: { maxMessages: 1, whenFull: "evict-oldest" } });
    evicting.connection.on("outcome", () => evicting.connection.destroy());
    evicting.send("a");
    const late = evicting.send("b");
    expect(evicting.outcomeOf("b")).toBe("evicted");
    expect(await late.outcome).toBe("evicted");

    const losing = await Client.open();
    losing.connection.on("outcome", () => losing.connection.destroy());
    losing.send("a");
    losing.send("b", { resend: true });
    losing.send("c");
    losing.socket.breaks();
    expect(losing.outcomes.length).toBe(3);
    expect(new Set(losing.outcomes.map(([text]) => text)).size).toBe(3);
    expect(losing.platform.pendingTimers).toBe(0);

    const expiring = new Client();
    expiring.connection.on("outcome", () => expiring.connection.destroy());
    for (const text of ["a", "b"]) expiring.send(text, { expiresInMs: 10 });
    await expiring.platform.pass(10);
    expect(expiring.outcomes.length).toBe(2);
    expect(expiring.platform.pendingTimers).toBe(0);
  });
});

describe("bounds", () => {
  it("refuses over the count or the bytes, tells when there is room", async () => {
    const client = new Client({ outbox: { maxMessages: 4, maxBytes: 10 } });
    for (const text of ["a", "b", "c", "d"]) client.send(text);
    expect(() => client.send("e")).toThrow(full);
    const room = vi.fn();
    const waits = client.connection.whenRoom().then(room);
    await client.platform.settle();
    expect(room).not.toHaveBeenCalled();
    await client.accept();
    await waits;
    expect(client.connection.waiting).toBe(0);
    expect(() => client.send("more than ten bytes")).toThrow(full);
  });

  it("a socket that is full gets no more until it has drained", async () => {
    const client = await Client.open();
    client.socket.unsentBytes = 300 * 1024;
    client.send("a");
    expect(client.socket.sent).toEqual([]);
    expect(client.connection.waiting).toBe(1);
    client.socket.unsentBytes = 0;
    await client.platform.pass(20);
    expect(client.socket.sent).toEqual(["a"]);
  });

  it("no more than 1,000 messages are on their way, and the server is asked before that", async () => {
    const client = await Client.open({ outbox: { maxMessages: 5000 } });
    for (let number = 0; number < 2500; number++) client.send(String(number));
    expect(client.socket.sent.length).toBe(1000);
    for (let turn = 0; turn < 10; turn++) {
      if (client.socket.awaitsPong) client.socket.pong();
      await client.platform.settle();
    }
    expect(client.socket.sent).toEqual(Array.from({ length: 2500 }, (_, number) => String(number)));
  });

  it("no more than maxBytes are on their way, whatever the socket takes", async () => {
    const client = await Client.open({ outbox: { maxBytes: 1000 } });
    for (let number = 0; number < 20; number++) client.send("x".repeat(100));
    expect(client.socket.sent.length).toBe(10);
    expect(client.connection.waiting).toBe(10);
    while (client.socket.awaitsPong) {
      client.socket.pong();
      await client.platform.settle();
    }
    expect(client.socket.sent.length).toBe(20);
  });

  it("holds while an earlier run's messages are loaded, in count and bytes", async () => {
    const store = new MemoryStore();
    store.hold();
    const refusing = new Client({ outbox: { store, maxMessages: 3, maxBytes: 10 } });
    refusing.send("x".repeat(6));
    expect(() => refusing.send("x".repeat(6))).toThrow(full);
    const evicting = new Client({
      outbox: { store, maxMessages: 3, maxBytes: 10, whenFull: "evict-oldest" },
    });
    evicting.send("x".repeat(6));
    evicting.send("y".repeat(6));
    expect(evicting.outcomes).toEqual([["xxxxxx", "evicted"]]);
    expect(evicting.connection.waiting).toBe(1);
  });

  it("whenIdle: when all that was accepted has its outcome", async () => {
    const client = await Client.open();
    await client.connection.whenIdle();
    client.send("a");
    const idle = vi.fn();
    void client.connection.whenIdle().then(idle);
    await client.platform.settle();
    expect(idle).not.toHaveBeenCalled();
    await client.confirm();
    expect(idle).toHaveBeenCalled();
  });

  it("whenIdle: whatever is accepted later, also under the same id", async () => {
    const client = await Client.open();
    client.send("a", { id: "one" });
    const idle = vi.fn();
    void client.connection.whenIdle().then(idle);
    client.connection.on("outcome", ({ text }) => {
      if (text === "a") client.send("b", { id: "one" });
    });
    client.send("c", { awaitsAck: true });
    await client.confirm();
    expect(idle).toHaveBeenCalledOnce();
    expect(client.outcomes).toEqual([["a", "sent"]]);
  });

  it("whenIdle: what an earlier run has left counts too, also while it is loaded", async () => {
    const left = {
      id: "left",
      text: "left",
      acceptedAt: 0,
      expiresAt: null,
      resend: false,
      awaitsAck: false,
      written: false,
    };
    const store = new MemoryStore([left]);
    store.hold();
    const client = await Client.open({ outbox: { store } });
    const idle = vi.fn();
    void client.connection.whenIdle().then(idle);
    await client.platform.settle();
    expect(idle).not.toHaveBeenCalled();
    store.release();
    await client.platform.settle();
    expect(client.socket.sent).toEqual(["left"]);
    expect(idle).not.toHaveBeenCalled();
    await client.confirm();
    expect(idle).toHaveBeenCalled();
  });
});

it("takes texts only, and loses nothing over what is none", async () => {
  const client = new Client({ outbox: { whenFull: "evict-oldest" } });
  await client.platform.settle();
  client.send("a");
  expect(() => client.send({ type: "x" } as never)).toThrow(
    expect.objectContaining({ code: "bad_message" }),
  );
  client.send("b");
  await client.accept();
  expect([client.socket.sent, client.outcomes]).toEqual([["a", "b"], []]);
});

it("takes limits that are undefined for limits that are not given", async () => {
  const client = await Client.open({
    outbox: { maxMessages: undefined },
    watchdog: { pingAfterMs: undefined },
  } as never);
  client.send("a");
  expect(client.socket.sent).toEqual(["a"]);
  await client.confirm();
  await client.platform.pass(14_999);
  expect(client.socket.pings).toBe(1);
  await client.platform.pass(1);
  expect(client.socket.pings).toBe(2);
});

describe("with a durable store", () => {
  const stored = (id: string, more: Partial<StoredMessage> = {}): StoredMessage => ({
    id,
    text: id,
    acceptedAt: 0,
    expiresAt: null,
    resend: false,
    awaitsAck: false,
    written: false,
    ...more,
  });

  it("sends what an earlier run left before what is newer; what may have arrived is unknown", async () => {
    const store = new MemoryStore([
      stored("a"),
      stored("b", { written: true }),
      stored("c", { written: true, resend: true }),
    ]);
    const client = new Client({ outbox: { store } });
    client.send("d");
    await client.platform.settle();
    expect(client.outcomes).toEqual([["b", "unknown"]]);
    await client.accept();
    expect(client.socket.sent).toEqual(["a", "c", "d"]);
    await client.confirm();
    expect([...store.messages]).toEqual([]);
  });

  it("writes nothing that is not stored, and nothing for at most once that is not noted as written", async () => {
    const store = new MemoryStore();
    const client = await Client.open({ outbox: { store } });
    store.hold();
    const sending = client.send("a");
    await client.platform.settle();
    expect(client.socket.sent).toEqual([]);
    store.release();
    await sending.stored;
    await client.platform.settle();
    expect(client.socket.sent).toEqual(["a"]);
    expect(store.messages.get(sending.id)?.written).toBe(true);
  });

  it("kept: not sent when it ended; sent by the next run, noted as written or not", async () => {
    const store = new MemoryStore();
    const client = await Client.open({ outbox: { store } });
    client.send("noted");
    await Promise.resolve();
    // The note is under way and the socket goes before the message is on it.
    store.hold();
    client.socket.breaks();
    store.release();
    client.send("waits");
    await client.platform.settle();
    await client.connection.close();
    expect(client.socket.sent).toEqual([]);
    expect(client.outcomes).toEqual([
      ["noted", "kept"],
      ["waits", "kept"],
    ]);
    const next = await Client.open({
      outbox: { store: new MemoryStore([...store.messages.values()]) },
    });
    await next.platform.settle();
    expect(next.socket.sent).toEqual(["noted", "waits"]);
  });

  it.each(["close", "destroy"] as const)(
    "kept: sent by the next run though the note was under way at %s",
    async (how) => {
      const store = new MemoryStore();
      const client = await Client.open({ outbox: { store } });
      const { stored: isStored } = client.send("noted");
      store.hold();
      await isStored;
      // The store has been asked to note it, and has not answered: it is not on the socket.
      const closed = how === "close" ? client.connection.close() : client.connection.destroy();
      if (how === "close") client.socket.answerClose();
      store.release();
      await closed;
      await client.platform.settle();
      expect([client.socket.sent, client.outcomes]).toEqual([[], [["noted", "kept"]]]);
      const next = await Client.open({
        outbox: { store: new MemoryStore([...store.messages.values()]) },
      });
      await next.platform.settle();
      expect(next.socket.sent).toEqual(["noted"]);
    },
  );

  it("kept: one to be sent again is known as written by the next run, which takes its acknowledgement", async () => {
    const store = new MemoryStore();
    const client = await Client.open({ outbox: { store } });
    await client.send("again", { id: "a", resend: true, awaitsAck: true, expiresInMs: 60_000 })
      .stored;
    expect(client.socket.sent).toEqual(["again"]);
    client.connection.destroy();
    await client.platform.settle();
    expect(client.outcomes).toEqual([["again", "kept"]]);
    const left = [...store.messages.values()];
    const acknowledged = new Client({ outbox: { store: new MemoryStore(left) } });
    await acknowledged.platform.settle();
    expect(acknowledged.connection.acknowledge("a")).toBe(true);
    const expired = new Client({ outbox: { store: new MemoryStore(left) } });
    await expired.platform.settle();
    await expired.platform.pass(61_000);
    expect(expired.outcomes).toEqual([["again", "unknown"]]);
  });

  it("evicted: could not be stored; once, whatever else became of it", async () => {
    const store = new MemoryStore();
    const client = await Client.open({ outbox: { store } });
    store.failure = new Error("disk full");
    const sending = client.send("a");
    await expect(sending.stored).rejects.toThrow("disk full");
    expect(await sending.outcome).toBe("evicted");
    expect(client.outcomes).toEqual([["a", "evicted"]]);

    store.hold();
    const expiring = client.send("b", { expiresInMs: 10 });
    await client.platform.pass(10);
    store.release();
    await client.platform.settle();
    expect(await expiring.outcome).toBe("expired");
    expect(client.outcomeOf("b")).toBe("expired");
  });

  it("kept is not said before it is true", async () => {
    for (const [failure, outcome] of [
      [undefined, "kept"],
      [new Error("disk full"), "evicted"],
    ] as const) {
      const store = new MemoryStore();
      const client = new Client({ outbox: { store } });
      await client.platform.settle();
      store.hold();
      client.send("a");
      const closed = client.connection.close();
      await client.platform.settle();
      expect(client.outcomes).toEqual([]);
      store.failure = failure;
      store.release();
      await closed;
      expect(client.outcomes).toEqual([["a", outcome]]);
    }
  });

  it("what it loads after the end is left alone", async () => {
    const store = new MemoryStore([stored("a", { written: true }), stored("b")]);
    store.hold();
    const client = new Client({ outbox: { store } });
    await client.platform.settle();
    client.connection.destroy();
    store.release();
    await client.platform.settle();
    expect(client.outcomes).toEqual([]);
    expect(store.messages.size).toBe(2);
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("a store that cannot be read ends the connection", async () => {
    const store = new MemoryStore();
    store.failure = new Error("not ours");
    const client = new Client({ outbox: { store } });
    await client.platform.settle();
    expect(client.connection.state).toMatchObject({ status: "closed", ending: { kind: "failed" } });
  });
});
