/** The life of a connection: its states, what makes it come back, and what ends it. */
import { describe, expect, it, vi } from "vitest";
import { closeCodes } from "../wire/close-codes.ts";
import { SwitchboardError } from "../wire/error.ts";
import type { Handshake } from "./attempt.ts";
import { firstDelayMs } from "./backoff.ts";
import { Client, MemoryStore } from "./client.fixture.ts";
import { provenAfterMs } from "./connection.ts";
import { VirtualPlatform } from "./virtual-platform.fixture.ts";

/** A client whose open socket the server has closed. */
async function closedWith(code: number, options = {}): Promise<Client> {
  const client = await Client.open(options);
  client.socket.serverCloses(code, "why");
  await client.platform.settle();
  return client;
}

describe("a connection", () => {
  it("tells its states in order, over a loss", async () => {
    const client = await Client.open();
    client.socket.breaks();
    await client.comeBack();
    await closeProperly(client);
    expect(client.states.map(({ status }) => status)).toEqual([
      "open",
      "waiting",
      "connecting",
      "open",
      "closed",
    ]);
    expect(client.states[1]).toMatchObject({
      attempt: 1,
      loss: { code: 1006, reason: "ECONNRESET" },
    });
    expect(client.states[2]).toEqual({ status: "connecting", attempt: 1 });
  });

  it("counts attempts from 1 after every open connection, and backs off", async () => {
    const client = new Client({ maxDelayMs: 10_000 });
    await client.platform.settle();
    for (let attempt = 1; attempt < 8; attempt++) {
      expect(client.connection.state).toEqual({ status: "connecting", attempt });
      client.socket.breaks("ECONNREFUSED");
      const { state } = client.connection;
      if (state.status !== "waiting") throw new Error(state.status);
      expect(state.attempt).toBe(attempt + 1);
      expect(state.delayMs).toBeLessThanOrEqual(
        Math.min(10_000, firstDelayMs * 2 ** (attempt - 1)),
      );
      await client.platform.pass(state.delayMs);
    }
    await client.accept();
    await client.platform.pass(provenAfterMs);
    client.socket.breaks();
    expect(client.connection.state).toMatchObject({ status: "waiting", attempt: 1 });
    expect(client.connection.state).toHaveProperty(
      "delayMs",
      expect.toSatisfy((delayMs: number) => delayMs <= firstDelayMs),
    );
  });

  it("begins anew with each loss of an open connection, however short it was", async () => {
    const platform = new VirtualPlatform();
    const client = await Client.open({ maxDelayMs: 3_600_000 }, platform);
    Object.defineProperty(platform, "random", { value: () => 0.5 });
    const delaysMs: number[] = [];
    for (const openMs of [0, 100, provenAfterMs]) {
      await platform.pass(openMs);
      client.socket.serverCloses(1005);
      const { state } = client.connection;
      if (state.status !== "waiting") throw new Error(state.status);
      delaysMs.push(state.delayMs);
      await client.comeBack();
    }
    expect(delaysMs).toEqual([firstDelayMs / 2, firstDelayMs / 2, firstDelayMs / 2]);
  });

  it("tells all its listeners the same order where one ends it", async () => {
    for (const end of ["destroy", "close"] as const) {
      for (const at of ["connecting", "open", "waiting"] as const) {
        const client = new Client();
        const told: [string[], string[]] = [[], []];
        client.connection.on("state", ({ status }) => told[0].push(status));
        client.connection.on("state", ({ status }) => {
          if (status === at) void client.connection[end]();
        });
        client.connection.on("state", ({ status }) => told[1].push(status));
        await client.platform.settle();
        await client.accept();
        if (client.status === "open" && client.socket.status === "open") client.socket.breaks();
        await client.platform.pass(firstDelayMs);
        expect(told[1]).toEqual(told[0]);
        expect(told[1].at(-1)).toBe("closed");
      }
    }
  });

  it("that was open before takes an HTTP refusal of its address for a passing one; a new one ends", async () => {
    const client = new Client();
    await client.platform.settle();
    client.socket.refuses(4400, "404");
    expect(client.connection.state).toEqual({
      status: "closed",
      ending: { kind: "refused", loss: { code: 4400, reason: "404" } },
    });

    const old = await Client.open();
    old.socket.breaks();
    await old.platform.pass(firstDelayMs);
    old.socket.refuses(4400, "404");
    expect(old.connection.state).toMatchObject({
      status: "waiting",
      attempt: 2,
      loss: { code: 4400 },
    });
    await old.comeBack();
    old.socket.serverCloses(4400);
    expect(old.connection.state).toMatchObject({ status: "closed", ending: { kind: "refused" } });
  });

  it("is open before it tells what the server says first", async () => {
    const client = new Client();
    const told: string[] = [];
    client.connection.on("state", ({ status }) => told.push(status));
    client.connection.on("message", (text) => told.push(text));
    await client.platform.settle();
    client.socket.accept();
    client.socket.say("hello");
    await client.platform.settle();
    expect(told).toEqual(["open", "hello"]);
  });

  it("gives up an attempt after attemptTimeoutMs", async () => {
    const client = new Client({ attemptTimeoutMs: 3000 });
    await client.platform.pass(2999);
    expect(client.status).toBe("connecting");
    await client.platform.pass(1);
    expect(client.connection.state).toMatchObject({
      status: "waiting",
      attempt: 2,
      loss: { code: 1006 },
    });
    expect(client.socket.status).toBe("closed");
  });

  it("ends with bad_url where the address cannot be opened", async () => {
    const platform = new VirtualPlatform();
    platform.openingError = new SyntaxError("no such scheme");
    const client = new Client({}, platform);
    await platform.settle();
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "failed", error: { code: "bad_url" } },
    });
  });

  it("hears nothing of a socket that it has given up", async () => {
    const client = new Client({ attemptTimeoutMs: 1000 });
    await client.platform.pass(1000);
    const [first] = client.platform.sockets;
    const { state } = client.connection;
    if (state.status !== "waiting") throw new Error(state.status);
    await client.platform.pass(state.delayMs);
    await client.accept();
    first?.breaks();
    expect(client.status).toBe("open");
  });
});

describe("close codes", () => {
  const of = (wanted: string) =>
    Object.entries(closeCodes).filter(([, { comeBack }]) => comeBack === wanted);

  it.each(of("no"))("%s: does not come back", async (_name, { code }) => {
    const client = await closedWith(code);
    expect(client.connection.state).toEqual({
      status: "closed",
      ending: { kind: "refused", loss: { code, reason: "why" } },
    });
    await client.platform.pass(3_600_000);
    expect(client.platform.sockets.length).toBe(1);
    expect(client.platform.pendingTimers).toBe(0);
    expect(client.platform.signalListeners).toBe(0);
  });

  it.each([
    ...of("yes"),
    ...of("spread"),
    ["a proxy's", { code: 1001 }] as const,
    ["the network's", { code: 1006 }] as const,
  ])("%s: comes back within 4 s", async (_name, { code }) => {
    const client = await closedWith(code);
    expect(client.connection.state).toMatchObject({ status: "waiting", loss: { code } });
    await client.platform.pass(firstDelayMs);
    expect(client.status).toBe("connecting");
  });

  it.each(of("later"))(
    "%s: comes back at the longer end, whatever the page's user does",
    async (_name, { code }) => {
      const client = await closedWith(code, { maxDelayMs: 20_000 });
      client.platform.signal("visible");
      client.platform.signal("online");
      await client.platform.pass(9_999);
      expect(client.status).toBe("waiting");
      await client.platform.pass(10_001);
      expect(client.status).toBe("connecting");
    },
  );

  it("4401: not with the same value", async () => {
    const client = await closedWith(4401, { token: "old" });
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "refused", loss: { code: 4401 } },
    });
  });

  it("4401: comes back if the function gives another token", async () => {
    let token = "old";
    const client = await closedWith(4401, { token: () => token });
    expect(client.status).toBe("waiting");
    token = "new";
    await client.comeBack();
    expect(client.status).toBe("open");
    expect(client.platform.sockets.map(({ opening }) => opening.token)).toEqual(["old", "new"]);
  });

  it("4401: ends if the function gives the refused one again, and does not show it to the server", async () => {
    const client = await closedWith(4401, { token: () => Promise.resolve("old") });
    await client.platform.pass(firstDelayMs);
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "refused", error: { code: "unauthenticated" } },
    });
    expect(client.platform.sockets.length).toBe(1);
  });

  it("4401: ends if the function has none, and had none", async () => {
    const client = await closedWith(4401, { token: () => undefined });
    await client.platform.pass(firstDelayMs);
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "refused" },
    });
    expect(client.platform.sockets.length).toBe(1);
  });

  it("are obeyed during the identification, too", async () => {
    const client = await Client.open({ identify: () => new Promise(() => {}) });
    expect(client.status).toBe("connecting");
    client.socket.serverCloses(4403);
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "refused" },
    });
  });
});

describe("a token function", () => {
  it("is asked on every attempt", async () => {
    let asked = 0;
    const client = await Client.open({
      token: () => {
        asked++;
        return `token ${asked}`;
      },
    });
    client.socket.breaks();
    await client.comeBack();
    expect(client.platform.sockets.map(({ opening }) => opening.token)).toEqual([
      "token 1",
      "token 2",
    ]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no network");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no network"))],
  ])("that %s is a failed attempt", async (_how, token) => {
    const client = new Client({ token });
    await client.platform.settle();
    expect(client.connection.state).toMatchObject({
      status: "waiting",
      attempt: 2,
      loss: { reason: expect.stringContaining("no network") },
    });
    expect(client.platform.sockets.length).toBe(0);
  });

  it("that says unauthenticated ends the connection", async () => {
    const client = new Client({
      token: () => Promise.reject(new SwitchboardError("unauthenticated", "log in first")),
    });
    await client.platform.settle();
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "refused", error: { code: "unauthenticated" } },
    });
  });

  it("that hangs is a failed attempt, and its late answer opens nothing", async () => {
    const answers: ((token: string) => void)[] = [];
    const client = new Client({
      token: () => new Promise<string>((resolve) => answers.push(resolve)),
      attemptTimeoutMs: 1000,
    });
    await client.platform.pass(1000);
    expect(client.status).toBe("waiting");
    answers[0]?.("late");
    await client.platform.settle();
    expect(client.platform.sockets.length).toBe(0);
  });
});

describe("an identification", () => {
  const hello = async (handshake: Handshake) => {
    const answer = handshake.next((text) => text === "welcome");
    handshake.send("hello");
    await answer;
  };

  it("comes before the outbox on every socket, and its answer is told", async () => {
    const client = await Client.open({ identify: hello });
    client.send("a", { resend: true });
    expect(client.status).toBe("connecting");
    expect(client.socket.sent).toEqual(["hello"]);
    client.socket.say("something else");
    client.socket.say("welcome");
    await client.platform.settle();
    expect(client.status).toBe("open");
    expect(client.messages).toEqual(["something else", "welcome"]);
    expect(client.socket.sent).toEqual(["hello", "a"]);
    client.socket.breaks();
    await client.comeBack();
    expect(client.socket.sent).toEqual(["hello"]);
    client.socket.say("welcome");
    await client.platform.settle();
    expect(client.socket.sent).toEqual(["hello", "a"]);
  });

  it("that hangs is a failed attempt", async () => {
    const client = await Client.open({ identify: hello, attemptTimeoutMs: 1000 });
    await client.platform.pass(1000);
    expect(client.connection.state).toMatchObject({ status: "waiting", attempt: 2 });
    expect(client.socket.status).toBe("closed");
  });

  it("that rejects with an error of its own is a failed attempt", async () => {
    const client = await Client.open({ identify: () => Promise.reject(new Error("odd")) });
    expect(client.connection.state).toMatchObject({ status: "waiting", attempt: 2 });
  });

  it("that rejects with an error that no retry mends ends the connection", async () => {
    const client = await Client.open({
      identify: () => Promise.reject(new SwitchboardError("forbidden", "not yours")),
    });
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "failed", error: { code: "forbidden" } },
    });
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("whose look at a message throws is a failed attempt, not a crash", async () => {
    const client = await Client.open({
      identify: async (handshake) => {
        await handshake.next((text) => JSON.parse(text).ok);
      },
    });
    client.socket.say("no JSON");
    await client.platform.settle();
    expect(client.connection.state).toMatchObject({ status: "waiting", attempt: 2 });
  });

  it("that ends after the loss opens nothing", async () => {
    const ends: (() => void)[] = [];
    const client = await Client.open({
      identify: () => new Promise<void>((resolve) => ends.push(resolve)),
    });
    client.socket.breaks();
    ends[0]?.();
    await client.platform.settle();
    expect(client.status).toBe("waiting");
  });
});

describe("a deadline", () => {
  it("ends a connection that never opened", async () => {
    const client = new Client({ deadlineMs: 60_000 });
    for (let ms = 0; ms < 60_000; ms += 1000) {
      expect(client.status).not.toBe("closed");
      await client.platform.pass(1000);
    }
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "deadline", loss: { code: 1006 } },
    });
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("counts from the loss, and not while it is open", async () => {
    const client = await Client.open({ deadlineMs: 5000, watchdog: { pingAfterMs: 3_600_000 } });
    await client.platform.pass(100_000);
    expect(client.status).toBe("open");
    client.socket.serverCloses(1013);
    await client.platform.pass(4999);
    expect(client.status).toBe("waiting");
    await client.platform.pass(1);
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "deadline", loss: { code: 1013 } },
    });
  });
});

describe("a deadline that", () => {
  it("comes while a server accepts and closes at once, again and again, ends it", async () => {
    const client = await Client.open({ deadlineMs: 20_000, maxDelayMs: 2000 });
    // Its time begins with the loss of a connection that was open for long enough.
    await client.platform.pass(provenAfterMs);
    for (let ms = 0; ms <= 20_000; ms += 500) {
      if (client.socket.status === "connecting") await client.accept();
      if (client.socket.status === "open") client.socket.serverCloses(1005);
      expect(client.status, `after ${ms} ms`).toBe(ms < 20_000 ? "waiting" : "closed");
      await client.platform.pass(ms < 20_000 ? 500 : 0);
    }
    expect(client.connection.state).toMatchObject({
      status: "closed",
      ending: { kind: "deadline", loss: { code: 1005 } },
    });
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("passes while the connection is open ends nothing", async () => {
    const client = new Client({ deadlineMs: 5000 });
    await client.platform.pass(4000);
    await client.accept();
    await client.platform.pass(1500);
    expect(client.status).toBe("open");
  });

  it("is Infinity never comes, and holds no timer", async () => {
    const client = new Client({ deadlineMs: Number.POSITIVE_INFINITY });
    expect(client.platform.pendingTimers).toBe(0);
    await client.platform.settle();
    client.socket.breaks();
    expect(client.status).toBe("waiting");
  });
});

describe("signals", () => {
  it("online: all come within a second, none later than it would have", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const client = await Client.open({}, new VirtualPlatform(seed));
      client.socket.breaks();
      const { state } = client.connection;
      if (state.status !== "waiting") throw new Error(state.status);
      client.platform.signal("online");
      await client.platform.pass(Math.min(1000, state.delayMs));
      expect(client.status).toBe("connecting");
    }
  });

  it("visible: tries at once; offline: does not", async () => {
    const client = await Client.open();
    client.socket.breaks();
    client.platform.signal("offline");
    await client.platform.settle();
    expect(client.status).toBe("waiting");
    client.platform.signal("visible");
    await client.platform.pass(0);
    expect(client.status).toBe("connecting");
    client.platform.signal("visible");
    client.platform.signal("online");
    await client.platform.pass(5000);
    expect(client.platform.sockets.length).toBe(2);
  });
});

describe("states()", () => {
  it("begins with the present one and ends behind closed", async () => {
    const client = await Client.open();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { status } of client.connection.states()) seen.push(status);
    })();
    client.socket.breaks();
    await client.comeBack();
    client.connection.destroy();
    await reading;
    expect(seen).toEqual(["open", "waiting", "connecting", "open", "closed"]);
    const after: string[] = [];
    for await (const { status } of client.connection.states()) after.push(status);
    expect(after).toEqual(["closed"]);
  });

  it("a slow reader misses the oldest, never the last", async () => {
    const client = await Client.open();
    const states = client.connection.states();
    for (let turn = 0; turn < 60; turn++) {
      client.socket.breaks();
      await client.comeBack();
    }
    client.connection.destroy();
    const seen: string[] = [];
    for await (const { status } of states) seen.push(status);
    expect(seen.length).toBe(100);
    expect(seen.at(-1)).toBe("closed");
  });

  it("that is left, or waits, ends", async () => {
    const client = await Client.open();
    for await (const state of client.connection.states()) if (state.status === "open") break;
    const states = client.connection.states();
    await states.next();
    const waiting = states.next();
    await states.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });
});

async function closeProperly(client: Client, options = {}): Promise<void> {
  const closed = client.connection.close(options);
  await client.platform.settle();
  client.socket.answerClose();
  await closed;
}

describe("close", () => {
  it("closes with 1000, waits for the answer and ends everything", async () => {
    const client = await Client.open();
    await closeProperly(client);
    expect(client.socket.closedWith).toEqual({ code: 1000, reason: "" });
    expect(client.connection.state).toEqual({ status: "closed", ending: { kind: "closed" } });
    expect(client.platform.pendingTimers).toBe(0);
    expect(client.platform.signalListeners).toBe(0);
    await client.connection.close();
  });

  it("waits 2 s for the answer", async () => {
    const client = await Client.open();
    const closed = client.connection.close();
    await client.platform.pass(1999);
    expect(client.status).toBe("open");
    await client.platform.pass(1);
    await closed;
    expect(client.socket.status).toBe("closed");
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("with flushMs: what was accepted before it opened is sent first", async () => {
    const client = new Client();
    client.send("a");
    const closed = client.connection.close({ flushMs: 60_000 });
    await client.platform.settle();
    await client.accept();
    await client.confirm();
    expect(client.outcomes).toEqual([["a", "sent"]]);
    client.socket.answerClose();
    await closed;
  });

  it("with flushMs: comes back for what is left after a loss or a failed attempt", async () => {
    const client = await Client.open();
    client.send("a", { resend: true });
    const closed = client.connection.close({ flushMs: 60_000 });
    client.socket.breaks();
    await client.platform.settle();
    expect(client.status).toBe("waiting");
    await client.platform.pass(firstDelayMs);
    client.socket.breaks();
    await client.comeBack();
    expect(client.socket.sent).toEqual(["a"]);
    await client.confirm();
    client.socket.answerClose();
    await closed;
    expect(client.outcomes).toEqual([["a", "sent"]]);
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("with flushMs: no longer than that", async () => {
    const client = new Client();
    client.send("a");
    const closed = client.connection.close({ flushMs: 3000 });
    await client.platform.pass(3000);
    await closed;
    expect(client.outcomes).toEqual([["a", "evicted"]]);
    expect(client.platform.pendingTimers).toBe(0);
  });

  it("with flushMs: does not wait for what is sent after the call", async () => {
    const client = await Client.open();
    client.send("before");
    let more = 0;
    client.connection.on("outcome", () => {
      more++;
      if (client.status === "open" && client.socket.closedWith === undefined)
        client.send(`after ${more}`);
    });
    client.send("and this");
    const closed = client.connection.close({ flushMs: 60_000 });
    client.send("in the meantime", { awaitsAck: true });
    await client.confirm();
    expect(client.socket.closedWith).toEqual({ code: 1000, reason: "" });
    client.socket.answerClose();
    await closed;
    expect(client.outcomeOf("before")).toBe("sent");
    expect(client.outcomeOf("and this")).toBe("sent");
    // Everything has its outcome all the same.
    expect(client.outcomeOf("in the meantime")).toBe("unknown");
    expect(client.outcomeOf("after 1")).toBe("sent");
  });

  it("what is sent behind the close frame is not called sent", async () => {
    const client = await Client.open();
    client.send("in time");
    const closed = client.connection.close();
    await client.platform.settle();
    client.send("too late");
    client.socket.answerClose();
    await closed;
    expect(client.socket.sent).toEqual(["in time"]);
    expect(client.outcomes).toEqual([
      ["in time", "sent"],
      ["too late", "evicted"],
    ]);
  });

  it("a close frame of the server's own is no answer to ours: whether it has read everything is unknown", async () => {
    const client = await Client.open();
    client.send("a");
    const closed = client.connection.close();
    await client.platform.settle();
    client.socket.serverCloses(1012);
    await closed;
    expect(client.outcomes).toEqual([["a", "unknown"]]);
  });

  it("while it connects or waits: at once", async () => {
    const connecting = new Client();
    await connecting.platform.settle();
    await connecting.connection.close();
    expect(connecting.socket.status).toBe("closed");
    const waiting = await Client.open();
    waiting.socket.breaks();
    await waiting.connection.close();
    expect(waiting.platform.pendingTimers).toBe(0);
    await waiting.platform.pass(60_000);
    expect(waiting.platform.sockets.length).toBe(1);
  });

  it("before it has begun: no socket is opened", async () => {
    const client = new Client();
    client.connection.destroy();
    await client.platform.pass(10_000);
    expect(client.platform.sockets.length).toBe(0);
  });

  it("inside the listener of every state", async () => {
    for (const status of ["open", "waiting", "connecting"] as const) {
      const client = new Client();
      client.connection.on("state", (state) => {
        if (state.status === status) void client.connection.close();
      });
      client.send("a");
      await client.platform.settle();
      await client.accept();
      if (status !== "open") {
        client.socket.breaks();
        await client.platform.pass(firstDelayMs);
      }
      await client.platform.pass(2000);
      expect(client.status).toBe("closed");
      expect(client.outcomes.length).toBe(1);
      expect(client.platform.pendingTimers).toBe(0);
      expect(client.platform.openSockets).toEqual([]);
    }
  });

  it("resolves only when the durable store is closed, also where the connection had ended by itself", async () => {
    const store = new MemoryStore();
    const client = await Client.open({ outbox: { store } });
    store.hold();
    client.socket.serverCloses(4403);
    const closed = vi.fn();
    const closing = client.connection.close().then(closed);
    await client.platform.settle();
    expect(closed).not.toHaveBeenCalled();
    store.release();
    await closing;
    expect(store.closed).toBe(true);
  });

  it("does not fail where the store cannot be closed", async () => {
    const store = new MemoryStore();
    const client = await Client.open({ outbox: { store } });
    store.failure = new Error("disk gone");
    client.connection.destroy();
    await client.connection.close();
    await client.platform.settle();
  });
});

describe("destroy", () => {
  it("ends it now, in every state", async () => {
    const client = await Client.open();
    client.send("a");
    client.connection.destroy();
    expect(client.status).toBe("closed");
    expect(client.socket.status).toBe("closed");
    expect(client.outcomes).toEqual([["a", "unknown"]]);
    expect(client.platform.pendingTimers).toBe(0);
    expect(() => client.send("b")).toThrow(expect.objectContaining({ code: "connection_closed" }));
    client.connection.destroy();
  });

  it("during a flush: the flush ends", async () => {
    const client = new Client();
    client.send("a");
    const closed = client.connection.close({ flushMs: 60_000 });
    client.connection.destroy();
    await closed;
    await client.platform.settle();
    expect(client.platform.pendingTimers).toBe(0);
  });
});

describe("whenOpen and whenClosed", () => {
  it("tell the first opening and the end", async () => {
    const client = new Client();
    const open = client.connection.whenOpen();
    await client.platform.settle();
    await client.accept();
    await open;
    await client.connection.whenOpen();
    const closed = client.connection.whenClosed();
    client.socket.serverCloses(4403, "not you");
    expect(await closed).toEqual({ kind: "refused", loss: { code: 4403, reason: "not you" } });
    expect(await client.connection.whenClosed()).toEqual(await closed);
    await expect(client.connection.whenOpen()).rejects.toMatchObject({
      code: "connection_closed",
      message: expect.stringContaining("4403 not you"),
    });
  });
});
