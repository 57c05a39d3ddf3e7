/** Socket.IO clients of every kind against the transport: events, acknowledgements, handshakes, refusals. */
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { clientKinds, RawPoller, RawSocket, RealClient } from "./clients.suite.ts";
import { serveSample } from "./sample-service.suite.ts";

const scope = scopePerTest();

describe.each(clientKinds)("socket.io-client $version over $transport", (kind) => {
  test("events go both ways in order", async () => {
    const { url } = await serveSample(scope);
    const { client, events } = await RealClient.connect(scope, url, kind);
    const texts = Array.from({ length: 50 }, (_, n) => `text ${n} "ü" \u2028 😀`);
    for (const text of texts) client.emit("say", { text });
    for (const text of texts) expect(await events.next()).toEqual(["said", { text }]);
  });

  test("an event is acknowledged without arguments, behind what its handler sent", async () => {
    const { url } = await serveSample(scope);
    const { client, events } = await RealClient.connect(scope, url, kind);
    client.emit("say", { text: "first" }, (...args: unknown[]) => events.push(["ack", ...args]));
    expect(await events.next()).toEqual(["said", { text: "first" }]);
    expect(await events.next()).toEqual(["ack"]);
  });

  test("without a payload the acknowledging function is not taken for one", async () => {
    const { url, invalid } = await serveSample(scope);
    const real = await RealClient.connect(scope, url, kind);
    expect(await real.call("nothing")).toEqual([]);
    expect(await real.call("nothing", null)).toEqual([]);
    expect(await real.call("nothing", {}, "ignored")).toEqual([]);
    real.client.emit("nothing");
    const payloads = [];
    for (let n = 0; n < 4; n++) payloads.push(await real.events.next());
    expect(payloads.map(([, payload]) => payload)).toEqual([
      { payload: "undefined" },
      { payload: "null" },
      { payload: "{}" },
      { payload: "undefined" },
    ]);
    expect(invalid.unread).toEqual([]);
  });

  test("an event is acknowledged when it has been handled, not before, and after bad ones too", async () => {
    const { url, release, invalid } = await serveSample(scope);
    const real = await RealClient.connect(scope, url, kind);
    let acknowledged = false;
    real.client.emit("wait", () => {
      acknowledged = true;
      real.events.push(["ack"]);
    });
    const other = await RealClient.connect(scope, url, kind);
    expect(await other.call("say", { text: 7 })).toEqual([]);
    expect(await other.call("no such event", 1)).toEqual([]);
    expect(acknowledged).toBe(false);
    release();
    expect(await real.events.next()).toEqual(["ack"]);
    expect(invalid.unread).toEqual(["say: bad_message", "no such event: unknown_message"]);
  });

  test("the failure arrives before the disconnect, and the connection has really gone", async () => {
    const { url, closed, connections, transport } = await serveSample(scope);
    const { client, events } = await RealClient.connect(scope, url, kind);
    client.emit("fail", {});
    expect(await events.next()).toEqual(["failed", { reason: "as you wish" }]);
    expect(await events.next()).toEqual(["disconnect", "io server disconnect"]);
    expect(await closed.next()).toEqual({ code: 1000, reason: "failed", byServer: true });
    await within(connections.whenEmpty(), "the end of the connection");
    await within(transport.close(), "the end of the transport");
  });

  test("a client that leaves has left with 1000, once", async () => {
    const { url, closed, connections } = await serveSample(scope);
    const { client } = await RealClient.connect(scope, url, kind);
    client.emit("say", { text: "bye" });
    client.disconnect();
    expect(await closed.next()).toMatchObject({ code: 1000, byServer: false });
    await within(connections.whenEmpty(), "the end of the connection");
    expect(closed.unread).toEqual([]);
  });

  test("a good token is asked for, and may come in three places", async () => {
    const { url, opened } = await serveSample(scope, { auth: true });
    const ways = [
      { auth: { token: "good" } },
      { query: { token: "good" } },
      { extraHeaders: { authorization: "bearer good" } },
    ];
    for (const way of ways) {
      await RealClient.connect(scope, `${url}`, kind, way);
      const connection = await opened.next();
      expect(connection.principal?.name).toBe("una");
      expect(connection.opening.query).not.toContain("good");
    }
    for (const way of [
      {},
      { auth: { token: "bad" } },
      { auth: { token: 7 } },
      { query: { token: "bad" } },
    ]) {
      const { events } = RealClient.launch(scope, url, kind, way);
      expect(await events.next()).toEqual([
        "connect_error",
        expect.stringMatching(/token/),
        { code: "unauthenticated" },
      ]);
    }
    expect(opened.unread).toEqual([]);
  });

  test("other namespaces are refused", async () => {
    const { url } = await serveSample(scope);
    const { events } = RealClient.launch(scope, `${url}/admin`, kind);
    expect(await events.next()).toEqual(["connect_error", "Invalid namespace", undefined]);
  });

  test("over the limit of connections it is refused, and comes back by itself", async () => {
    const { url, connections, opened } = await serveSample(scope, {
      limits: { maxConnections: 1 },
    });
    const first = await RealClient.connect(scope, url, kind);
    await opened.next();
    const delays = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 };
    const second = RealClient.launch(scope, url, kind, delays);
    expect((await second.events.next())[0]).toBe("connect_error");
    expect(connections.size).toBe(1);
    first.client.disconnect();
    await second.events.until(([event]) => event === "connect");
    expect(connections.refused).toBeGreaterThan(0);
  });
});

describe("Socket.IO 2 (Engine.IO 3)", () => {
  const framed = (...packets: string[]) =>
    packets.map((packet) => `${packet.length}:${packet}`).join("");

  test("over polling: events, acknowledgements, pings, the end", async () => {
    const { url, closed } = await serveSample(scope);
    const [poller, opened] = await RawPoller.open(url, "EIO=3");
    expect(opened).toMatch(/^\d+:0\{"sid"/);
    const joined = opened.endsWith("2:40") ? "2:40" : await poller.poll();
    expect(joined).toBe("2:40");
    expect(await poller.post(framed('42["say",{"text":"old"}]', '420["nothing"]'))).toBe("ok");
    const answers = await readUntil(poller, "430[]");
    expect(answers).toBe(
      framed('42["said",{"text":"old"}]', '42["seen",{"payload":"undefined"}]', "430[]"),
    );
    await poller.post(framed("2"));
    expect(await poller.poll()).toBe("1:3");
    await poller.post(framed('42["fail",{}]'));
    expect(await readUntil(poller, "2:41")).toBe(
      framed('42["failed",{"reason":"as you wish"}]', "41"),
    );
    expect(await closed.next()).toMatchObject({ code: 1000, byServer: true });
  });

  test("over WebSocket, with a token in the query", async () => {
    const { url, opened } = await serveSample(scope, { auth: true });
    const raw = await RawSocket.join(scope, url, "EIO=3&token=good");
    raw.send("2probe");
    expect(await raw.packets.next()).toBe("3");
    raw.send('42["say",{"text":"old"}]');
    expect(await raw.packets.next()).toBe('42["said",{"text":"old"}]');
    expect((await opened.next()).principal?.name).toBe("una");
    const refused = RawSocket.open(scope, url, "EIO=3&token=bad");
    expect(await refused.packets.until((packet) => packet.startsWith("4"))).toMatch(
      /^44".*token.*"$/,
    );
  });
});

/** Polls until the answer ends in `last`. */
async function readUntil(poller: RawPoller, last: string): Promise<string> {
  let text = "";
  while (!text.endsWith(last)) text += await poller.poll();
  return text;
}

describe("handshakes", () => {
  test("the session's numbers make a silent client end after the idle timeout", async () => {
    const { url } = await serveSample(scope, { limits: { maxFrameBytes: 12_345 } });
    const [, opened] = await RawPoller.open(url);
    expect(JSON.parse(opened.slice(1))).toMatchObject({
      pingInterval: 25_000,
      pingTimeout: 95_000,
      maxPayload: 12_345,
      upgrades: ["websocket"],
    });
  });

  test("the path is taken with and without its last slash, and no other", async () => {
    const { transport } = await serveSample(scope);
    expect(
      ["/socket.io/", "/socket.io", "/socket.io/x", "/", "/socket.ioo"].map((path) =>
        transport.owns(path),
      ),
    ).toEqual([true, true, false, false, false]);
  });

  test("limits are told as HTTP statuses", async () => {
    const { url } = await serveSample(scope, { limits: { connectsPerSecondPerAddress: 0.5 } });
    await RealClient.connect(scope, url);
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect([response.status, (await response.json()) as unknown]).toEqual([
      429,
      {
        error: {
          code: "over_rate",
          message: expect.stringContaining("connectsPerSecondPerAddress"),
        },
      },
    ]);
    const raw = RawSocket.open(scope, url);
    await expect(raw.packets.next()).rejects.toThrow("429");
    // The last sid counts, and here it is none.
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=x&sid=`)).status).toBe(429);
  });

  test("clients that connect and do not join count, and are gone after a time", async () => {
    const { url } = await serveSample(scope, { limits: { maxConnections: 2, authTimeoutMs: 200 } });
    const idle = [RawSocket.open(scope, url), RawSocket.open(scope, url)];
    for (const raw of idle) expect(await raw.packets.next()).toMatch(/^0/);
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(503);
    for (const raw of idle) await expect(raw.packets.next()).rejects.toThrow("closed with");
    await RealClient.connect(scope, url);
  });

  test("all origins may connect with *, with credentials", async () => {
    const { url } = await serveSample(scope);
    const headers = { origin: "https://page.example" };
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "https://page.example",
      "access-control-allow-credentials": "true",
      "x-content-type-options": "nosniff",
    });
    const preflight = await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=x`, {
      method: "OPTIONS",
      headers: {
        ...headers,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([
      204,
      "content-type",
    ]);
  });

  test("only configured ones may, if there are any; WebSockets too", async () => {
    const { url } = await serveSample(scope, { origins: ["https://page.example"] });
    const status = async (origin?: string) =>
      (
        await fetch(`${url}/socket.io/?EIO=4&transport=polling`, {
          headers: origin === undefined ? {} : { origin },
        })
      ).status;
    expect([
      await status("https://page.example"),
      await status("https://other.example"),
      await status(),
    ]).toEqual([200, 403, 200]);
    await expect(
      RawSocket.open(scope, url, "EIO=4", { origin: "https://other.example" }).packets.next(),
    ).rejects.toThrow("403");
    expect(
      await RawSocket.open(scope, url, "EIO=4", { origin: "https://page.example" }).packets.next(),
    ).toMatch(/^0/);
  });

  test("one transport serves any number of HTTP servers, a session on several at once", async () => {
    const { urls, connections } = await serveSample(scope, { servers: 2 });
    for (const url of urls) await RealClient.connect(scope, url);
    expect(connections.size).toBe(2);
    const [poller] = await RawPoller.open(urls[0] ?? "");
    await poller.post("40");
    const other = new RawPoller(urls[1] ?? "", "EIO=4");
    other.sid = poller.sid;
    expect(await other.poll()).toMatch(/^40/);
  });
});
