/** The client in a real browser, against a really started server on another port. */
import type { JSHandle } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startProxy } from "../../src/client/cut-proxy.fixture.ts";
import type { Connection, StoredMessage } from "../../src/client/index.ts";
import { TestServer } from "../../src/testing/index.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { ClientBrowser, type ClientPage, type Entry } from "./client-page.ts";
import { RecordingServer } from "./recording-server.ts";

declare const switchboard: Entry;
declare const tell: (name: string, value: unknown) => void;

needs(chromium);
const browser = new ClientBrowser(scopePerFile());
const scope = scopePerTest();

/** Waits in the lobby: the message that the server answers with a list of players. */
const waitAs = (user: string) =>
  JSON.stringify({ type: "wait_start", user, lobby_id: 1, prompt_id: 1 });

async function startServer(port = 0): Promise<TestServer> {
  return scope.own(await TestServer.start({ config: { listen: { port } } }), (server) =>
    server.stop(),
  );
}

const lobbyOf = ({ url }: { readonly url: string }) => `${url.replace("http", "ws")}/lobby`;
const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port);

/** From now on the page's delays are as long as they may be: what comes sooner comes for another reason. */
async function withLongestDelays(page: ClientPage): Promise<void> {
  await page.page.evaluate(() => {
    Math.random = () => 0.999;
  });
}

/** Until an attempt has failed and the next one is some seconds off. */
async function untilItWaitsLong(page: ClientPage): Promise<void> {
  await page.next("state", (value) => {
    const { status, delayMs } = value as { status: string; delayMs?: number };
    return status === "waiting" && (delayMs ?? 0) > 7000;
  });
}

describe("a page", () => {
  it("connects, sends, hears, and closes", async () => {
    const server = await startServer();
    const page = await browser.open(scope);
    const connection = await page.connect(lobbyOf(server));
    const states = connection.evaluate(async (open) => {
      const seen: string[] = [];
      for await (const { status } of open.states()) seen.push(status);
      return seen;
    });
    await page.state("open");
    await connection.evaluate((open, text) => void open.send(text), waitAs("dan"));
    expect(JSON.parse(String(await page.next("message")))).toMatchObject({
      type: "update",
      users: ["dan"],
    });
    await connection.evaluate((open) => open.close());
    expect(await page.state("closed")).toMatchObject({ ending: { kind: "closed" } });
    expect((await states).slice(-2)).toEqual(["open", "closed"]);
  });

  it("comes back when the server has been restarted, and then sends what waited", async () => {
    const server = await startServer();
    const page = await browser.open(scope);
    const connection = await page.connect(lobbyOf(server), { maxDelayMs: 300 });
    await page.state("open");
    await server.stop();
    expect(await page.state("waiting")).toMatchObject({ loss: { code: 1012 } });
    await connection.evaluate((lost, text) => void lost.send(text), waitAs("dan"));
    await startServer(portOf(server));
    await page.state("open");
    expect(JSON.parse(String(await page.next("message")))).toMatchObject({
      type: "update",
      users: ["dan"],
    });
  });

  it("knows by a heartbeat that the server has read its message", async () => {
    const server = await startServer();
    const page = await browser.open(scope);
    const connection = await page.connect(lobbyOf(server));
    await page.state("open");
    const [outcome, tookMs] = await connection.evaluate(async (open, text) => {
      const sinceMs = performance.now();
      return [await open.send(text).outcome, performance.now() - sinceMs] as const;
    }, waitAs("dan"));
    expect(outcome).toBe("sent");
    // Without the server's word it takes five seconds.
    expect(tookMs).toBeLessThan(4500);
  });

  it("sends nothing of its own to a server that knows no heartbeats; its message counts as sent after a while", async () => {
    const server = await RecordingServer.start(scope);
    const page = await browser.open(scope);
    const connection = await page.connect(server.url, {
      watchdog: { pingAfterMs: 100, pongWithinMs: 100 },
    });
    await page.state("open");
    const [outcome, tookMs] = await connection.evaluate(async (open) => {
      const sinceMs = performance.now();
      return [await open.send("first").outcome, performance.now() - sinceMs] as const;
    });
    expect(outcome).toBe("sent");
    expect(tookMs).toBeGreaterThan(4900);
    await connection.evaluate((open) => void open.send("second"));
    expect([await server.texts.next(), await server.texts.next()]).toEqual(["first", "second"]);
  });

  it("leaves an empty text that is no heartbeat to the application, and the address as it is written", async () => {
    const server = await RecordingServer.start(scope, 0, ["hello", "", ""]);
    const page = await browser.open(scope);
    const connection = await page.connect(`${server.url}?room=a%20b&flag&sig=%7Ex`, {
      watchdog: { pingAfterMs: 50, pongWithinMs: 50 },
    });
    expect([
      await page.next("message"),
      await page.next("message"),
      await page.next("message"),
    ]).toEqual(["hello", "", ""]);
    expect(await server.addresses.next()).toBe("/?room=a%20b&flag&sig=%7Ex&heartbeat=1");
    // A ping would have been sent behind a few of its pauses, and its missing answer would have ended the connection.
    expect(await connection.evaluate((open) => open.send("only this").outcome)).toBe("sent");
    expect(await server.texts.next()).toBe("only this");
    expect(await connection.evaluate((open) => open.state.status)).toBe("open");
  });

  it("notices by a missing heartbeat that the server has gone silent, and comes back", async () => {
    const server = await startServer();
    const proxy = scope.own(await startProxy(lobbyOf(server)), (one) => one.stop());
    const page = await browser.open(scope);
    const connection = await page.connect(proxy.url, {
      maxDelayMs: 100,
      watchdog: { pingAfterMs: 200, pongWithinMs: 500 },
    });
    await page.state("open");
    // Only after the first heartbeat does it know that there will be others.
    expect(await connection.evaluate((open, text) => open.send(text).outcome, waitAs("dan"))).toBe(
      "sent",
    );
    proxy.stall();
    expect(await page.state("waiting")).toMatchObject({
      loss: { code: 1006, reason: "the server did not answer a ping" },
    });
    proxy.resume();
    await page.state("open");
  });

  it("tries at once when the network is back", async () => {
    const server = await startServer();
    const context = await browser.newContext(scope);
    const page = await browser.open(scope, context);
    await withLongestDelays(page);
    const connection = await page.connect(lobbyOf(server));
    await page.state("open");
    expect(await connection.evaluate((open, text) => open.send(text).outcome, waitAs("dan"))).toBe(
      "sent",
    );
    await context.setOffline(true);
    await server.stop();
    await untilItWaitsLong(page);
    await startServer(portOf(server));
    const sinceMs = performance.now();
    await context.setOffline(false);
    await page.state("open");
    // It would have waited for seven seconds and more; the network's return spreads the attempts over one.
    expect(performance.now() - sinceMs).toBeLessThan(6000);
  });

  it("tries at once when somebody looks at it again", async () => {
    const server = await startServer();
    const page = await browser.open(scope);
    await withLongestDelays(page);
    await page.connect(lobbyOf(server));
    await page.state("open");
    await server.stop();
    await untilItWaitsLong(page);
    await startServer(portOf(server));
    // A headless browser's page is always seen: it is told otherwise.
    const become = (state: string) =>
      page.page.evaluate((state) => {
        Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await become("hidden");
    const sinceMs = performance.now();
    await become("visible");
    await page.state("open");
    expect(performance.now() - sinceMs).toBeLessThan(6000);
  });

  it("without a server gives up after its deadline", async () => {
    const server = await startServer();
    await server.stop();
    const page = await browser.open(scope);
    await page.connect(lobbyOf(server), { deadlineMs: 300, maxDelayMs: 50 });
    expect(await page.state("closed")).toMatchObject({ ending: { kind: "deadline" } });
  });
});

describe("an outbox in IndexedDB", () => {
  const ids = Array.from({ length: 20 }, (_, n) => `message ${n}`);

  /** A page that has accepted messages for a server that is not there. */
  async function pageWithStored(url: string): Promise<ClientPage> {
    const page = await browser.open(scope);
    const connection = await page.connect(url, { store: "orders", maxDelayMs: 100 });
    await connection.evaluate(
      (waiting, texts) => Promise.all(texts.map((text) => waiting.send(text).stored)),
      ids,
    );
    return page;
  }

  /** A server, and where it will be. */
  async function laterServer(): Promise<{
    readonly url: string;
    start(): Promise<RecordingServer>;
  }> {
    const taken = await RecordingServer.start(scope);
    await taken.stop();
    return {
      url: taken.url,
      start: () => RecordingServer.start(scope, Number(new URL(taken.url).port)),
    };
  }

  async function expectAll(
    server: RecordingServer,
    page: ClientPage,
    connection: JSHandle<Connection>,
  ): Promise<void> {
    for (const id of ids) expect(await server.texts.next()).toBe(id);
    // The closing handshake says that the server has read all.
    await connection.evaluate((open) => open.close());
    for (const text of ids) expect(await page.outcome()).toMatchObject({ text, outcome: "sent" });
    expect(server.texts.unread).toEqual([]);
  }

  it("is sent by the page that was loaded again, in order, once", async () => {
    const { url, start } = await laterServer();
    const page = await pageWithStored(url);
    await page.page.reload();
    const again = await page.connect(url, { store: "orders", maxDelayMs: 100 });
    const server = await start();
    await expectAll(server, page, again);
    // The next one finds nothing.
    await page.page.reload();
    const connection = await page.connect(url, { store: "orders" });
    await connection.evaluate((open) => void open.send("later"));
    expect(await server.texts.next()).toBe("later");
  });

  it("is sent by the next page when one has crashed", async () => {
    const { url, start } = await laterServer();
    const page = await pageWithStored(url);
    const crashed = new Promise((resolve) => page.page.once("crash", resolve));
    const session = await page.page.context().newCDPSession(page.page);
    void session.send("Page.crash").catch(() => {});
    await crashed;
    const next = await browser.open(scope, page.page.context());
    const connection = await next.connect(url, { store: "orders", maxDelayMs: 100 });
    await expectAll(await start(), next, connection);
  });

  it("is one connection's at a time: another tab's ends, and says why", async () => {
    const { url } = await laterServer();
    const page = await pageWithStored(url);
    const other = await browser.open(scope, page.page.context());
    await other.connect(url, { store: "orders" });
    expect(await other.state("closed")).toMatchObject({
      ending: { kind: "failed", error: { code: "data_locked" } },
    });
  });

  it("that a browser withholds, or that has no room, says so", async () => {
    const page = await browser.open(scope);
    const put = (kind: string) =>
      page.page.evaluate(async (kind) => {
        const message: StoredMessage = {
          id: "a",
          text: "a",
          acceptedAt: 1,
          expiresAt: null,
          resend: false,
          awaitsAck: false,
          written: false,
        };
        const store = new switchboard.indexedDb.IndexedDbOutboxStore(kind);
        if (kind === "withheld")
          Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
        if (kind === "full") {
          IDBObjectStore.prototype.put = () => {
            throw new DOMException("the disk says", "QuotaExceededError");
          };
        }
        try {
          await store.put(message);
          return undefined;
        } catch (error) {
          const { code, message } = error as InstanceType<
            typeof switchboard.client.SwitchboardError
          >;
          return { code, message };
        }
      }, kind);
    expect(await put("full")).toEqual({
      code: "outbox_unavailable",
      message: expect.stringContaining("the storage that the browser gives this origin is full"),
    });
    expect(await put("withheld")).toEqual({
      code: "outbox_unavailable",
      message: expect.stringContaining("no IndexedDB"),
    });
  });
});
