/** What is no proper Engine.IO or Socket.IO: its sender may lose the connection, nobody else notices. */
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { clientKinds, RawPoller, RawSocket, RealClient } from "./clients.suite.ts";
import { serveSample } from "./sample-service.suite.ts";

const scope = scopePerTest();

describe("what is no proper packet", () => {
  const texts = [
    "", "x", "4", "9", "4x", "42", "42{}", "42[]", "42[1]", '42["say"', '42["connect"]', '42["disconnect"]', '42["newListener"]', '42["error"]',
    '42["__proto__",{}]', '42["say","__proto__"]', '42["say",{"text":1,"__proto__":{}}]', "40", "40{", '40{"token":1}', "40/x", "42/x,[]", "41x",
    "43", "430", '430["x"]', "4399999999999999999999[]", "44", '44{"message":"x"}', '451-["say",{"_placeholder":true,"num":0}]',
    '450-["say"]', '4599-["say"]', "46", "47[]", "bAAAA", "b4AAAA", "1", "2", "3", "3probe", "5", "6", "0", "2probe", `42["say",${"[".repeat(5000)}`,
  ]; // biome-ignore format: a table

  test.each(["EIO=4", "EIO=3"])("disturbs nobody over WebSocket (%s)", async (query) => {
    const { url, logged } = await serveSample(scope);
    const { client, events } = await RealClient.connect(scope, url);
    for (const text of texts) {
      for (const raw of [
        RawSocket.open(scope, url, query),
        await RawSocket.join(scope, url, query),
      ]) {
        if (raw.socket.readyState !== WebSocket.OPEN)
          await new Promise((resolve) => raw.socket.once("open", resolve));
        raw.send(text);
        raw.socket.close();
      }
    }
    client.emit("say", { text: "still there" });
    expect(await events.next()).toEqual(["said", { text: "still there" }]);
    expect(logged).toEqual([]);
  });

  test.each(["EIO=4", "EIO=3"])("disturbs nobody over polling (%s)", async (query) => {
    const { url, logged } = await serveSample(scope);
    const { client, events } = await RealClient.connect(scope, url);
    const bodies =
      query === "EIO=4"
        ? texts
        : texts.flatMap((text) => [text, `${text.length}:${text}`, `${text.length + 1}:${text}`]);
    for (const body of bodies) {
      const [poller] = await RawPoller.open(url, query);
      await poller.post(body).catch(() => {});
    }
    const [binary] = await RawPoller.open(url, query);
    await binary
      .post(Buffer.from([0, 255, 1, 0, 2, 255, 4, 1]), {
        "content-type": "application/octet-stream",
      })
      .catch(() => {});
    client.emit("say", { text: "still there" });
    expect(await events.next()).toEqual(["said", { text: "still there" }]);
    expect(logged).toEqual([]);
  });

  test.each([
    "transport=none",
    "EIO=4",
    "EIO=4&transport=webtransport",
    "EIO=4&transport=polling&sid=__proto__",
    "EIO=9&transport=websocket",
  ])("the query %s is refused", async (query) => {
    const { url } = await serveSample(scope);
    expect((await fetch(`${url}/socket.io/?${query}`)).status).toBe(400);
    const socket = scope.own(
      new WebSocket(`${url.replace("http", "ws")}/socket.io/?${query}`),
      (open) => open.terminate(),
    );
    const end = new Promise((resolve) => {
      socket.on("error", resolve);
      socket.on("open", () => resolve("open"));
    });
    // An unknown protocol version is taken for 3.
    expect(String(await within(end, "an answer"))).toMatch(
      query.includes("EIO=9") ? "open" : /400/,
    );
  });

  test("binary attachments end the connection with 1003", async () => {
    const { url, closed, connections } = await serveSample(scope);
    for (const { version, transport } of clientKinds) {
      const { client, events } = await RealClient.connect(scope, url, { version, transport });
      client.emit("say", { text: Buffer.from([1, 2, 3]) });
      expect((await events.next())[0]).toBe("disconnect");
      expect(await closed.next()).toMatchObject({ code: 1003, byServer: true });
    }
    await within(connections.whenEmpty(), "the end of the connections");
  });

  test("a frame over the limit ends its connection only", async () => {
    const { url, closed } = await serveSample(scope, { limits: { maxFrameBytes: 1000 } });
    const { client, events } = await RealClient.connect(scope, url);
    const raw = await RawSocket.join(scope, url);
    raw.send(`42["say",{"text":"${"a".repeat(1000)}"}]`);
    await expect(raw.packets.next()).rejects.toThrow("closed with 1009");
    expect(await closed.next()).toMatchObject({ code: 1006, byServer: false });
    const poller = await RawPoller.join(url);
    expect(await poller.post(`42["say",{"text":"${"a".repeat(1000)}"}]`)).toMatch(/^413/);
    client.emit("say", { text: "still there" });
    expect(await events.next()).toEqual(["said", { text: "still there" }]);
  });
});
