/** A processor that loses its server, its main loop, or its right to be there. */
import { describe, expect, it, vi } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { TestServer } from "../../testing/index.ts";
import { startProxy } from "../cut-proxy.fixture.ts";
import type { ConnectionState } from "../state.ts";
import { BoxesMessage } from "./messages/boxes-message.ts";
import { StopMessage } from "./messages/stop-message.ts";
import { UpdateMessage } from "./messages/update-message.ts";
import { goodToken, Original } from "./original.fixture.ts";
import { startWithAuth } from "./server-with-auth.fixture.ts";
import { Arrivals, endAfterEach } from "./tracking.fixture.ts";
import {
  type ProcessorOrder,
  TrackingProcessor,
  type TrackingProcessorEvents,
  type TrackingProcessorOptions,
} from "./tracking-processor.ts";

const ending = endAfterEach();

async function original(options?: { readonly auth?: boolean }): Promise<Original> {
  const server = await Original.start(options);
  ending(() => server.stop());
  return server;
}

async function proxyTo(url: string) {
  const proxy = await startProxy(url);
  ending(() => proxy.stop());
  return proxy;
}

function camera(url: string, options: Partial<TrackingProcessorOptions> = {}): TrackingProcessor {
  const processor = new TrackingProcessor(url, { cameraId: "a", maxDelayMs: 50, ...options });
  ending(() => processor.close());
  return processor;
}

const frame = (frameId: number) => new BoxesMessage({ frameId, boxes: [] });
const over = (message: string) =>
  expect.objectContaining({ code: "connection_closed", message: expect.stringContaining(message) });

/** What the server has received on a connection; waits until the outcome of the newest says that all was read. */
const heard = (server: Original, connection: number) =>
  server.received
    .filter((one) => one.connection === connection)
    .map(({ text }) => JSON.parse(text) as unknown);

describe("a lost connection", () => {
  it("loses nothing that was not sent: it follows authenticate and identifier, in order, before what is newer", async () => {
    const server = await original({ auth: true });
    const proxy = await proxyTo(server.url);
    let asked = 0;
    const processor = camera(proxy.url, {
      token: async () => {
        asked++;
        return goodToken;
      },
    });
    // Before it is open the first time, too.
    expect(await within(processor.send(frame(1)).outcome, "the outcome")).toBe("sent");
    const states = new Arrivals<ConnectionState>("a state", (arrive) =>
      processor.connection.on("state", arrive),
    );
    proxy.refuse(true);
    proxy.cut();
    while ((await states.next()).status !== "waiting");
    const waited = [
      processor.send(frame(2)),
      processor.send(new UpdateMessage({ objectId: 7, featureMap: [3] })),
      processor.send(frame(3)),
    ];
    expect(processor.connection.waiting).toBe(3);
    proxy.refuse(false);
    while ((await states.next()).status !== "open");
    const newer = processor.send(frame(4));
    for (const { outcome } of [...waited, newer])
      expect(await within(outcome, "the outcome")).toBe("sent");
    const hello = [
      { type: "authenticate", jwt: goodToken },
      { type: "identifier", id: "a" },
    ];
    const boxes = (frameId: number) => ({ type: "boundingBoxes", frameId, boxes: [] });
    expect(heard(server, 1)).toEqual([...hello, boxes(1)]);
    expect(heard(server, 2)).toEqual([
      ...hello,
      boxes(2),
      { type: "featureMap", objectId: 7, featureMap: [3] },
      boxes(3),
      boxes(4),
    ]);
    expect(server.received.at(-3)?.text).toContain('"featureMap":[3.0]');
    expect(asked).toBeGreaterThanOrEqual(2);
    expect(server.offered).toEqual(["none", "none"]);
  });

  it("says unknown of what was on its way, and does not send it again", async () => {
    const server = await original();
    const proxy = await proxyTo(server.url);
    const processor = camera(proxy.url);
    expect(await within(processor.send(frame(1)).outcome, "the outcome")).toBe("sent");
    proxy.stallUp();
    const lost = processor.send(frame(2));
    proxy.cut();
    expect(await within(lost.outcome, "the outcome")).toBe("unknown");
    proxy.resume();
    expect(await within(processor.send(frame(3)).outcome, "the outcome")).toBe("sent");
    const ids = server.received.flatMap(
      ({ text }) => (JSON.parse(text) as { frameId?: number }).frameId ?? [],
    );
    expect(ids).toEqual([1, 3]);
  });

  it("lets the oldest give way when the outbox is full, and frames that are too old", async () => {
    const server = await original();
    const proxy = await proxyTo(server.url);
    proxy.refuse(true);
    const processor = camera(proxy.url, { outbox: { maxMessages: 3 } });
    const [first, second, third, fourth] = [1, 2, 3, 4].map((id) => processor.send(frame(id)));
    expect(await within(first?.outcome ?? Promise.reject(), "the outcome")).toBe("evicted");
    const old = processor.send(frame(5), { expiresInMs: 1 });
    expect(await within(second?.outcome ?? Promise.reject(), "the outcome")).toBe("evicted");
    expect(await within(old.outcome, "the outcome")).toBe("expired");
    proxy.refuse(false);
    for (const sending of [third, fourth])
      expect(await within(sending?.outcome ?? Promise.reject(), "the outcome")).toBe("sent");
    expect(heard(server, 1).slice(1)).toMatchObject([{ frameId: 3 }, { frameId: 4 }]);
  });

  it("keeps the orders that wait, and goes on with those that come", async () => {
    const server = await original();
    const proxy = await proxyTo(server.url);
    const processor = camera(proxy.url);
    await within(processor.connection.whenOpen(), "open");
    const messages = new Arrivals<string>("a message", (arrive) =>
      processor.connection.on("message", arrive),
    );
    server.say('{"type":"stop","objectId":1}');
    await messages.next();
    const states = new Arrivals<ConnectionState>("a state", (arrive) =>
      processor.connection.on("state", arrive),
    );
    proxy.cut();
    while ((await states.next()).status !== "open");
    server.say('{"type":"stop","objectId":2}');
    await messages.next();
    expect(processor.waiting).toBe(2);
    expect(processor.takeAll()).toEqual([
      new StopMessage({ objectId: 1 }),
      new StopMessage({ objectId: 2 }),
    ]);
  });
});

describe("failing", () => {
  it("it tries for a minute, and then fails with an error", async () => {
    const server = await Original.start();
    await server.stop();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const processor = camera(server.url, { maxDelayMs: 30_000 });
      const failed = expect(processor.next()).rejects.toEqual(
        over("it could not be opened in time"),
      );
      await vi.advanceTimersByTimeAsync(59_999);
      expect(processor.connection.state.status).not.toBe("closed");
      await vi.advanceTimersByTimeAsync(1);
      expect(processor.connection.state).toMatchObject({
        status: "closed",
        ending: { kind: "deadline" },
      });
      await failed;
      expect(() => processor.send(frame(1))).toThrow(over("the connection is over"));
      await expect(processor.next()).rejects.toEqual(over("in time"));
    } finally {
      vi.useRealTimers();
    }
  });

  it("or for as long as it is told, for ever too", async () => {
    const server = await Original.start();
    await server.stop();
    await expect(
      within(camera(server.url, { deadlineMs: 100 }).next(), "the failure"),
    ).rejects.toEqual(over("in time"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const patient = camera(server.url, {
        deadlineMs: Number.POSITIVE_INFINITY,
        maxDelayMs: 30_000,
      });
      await vi.advanceTimersByTimeAsync(300_000);
      expect(patient.connection.state.status).not.toBe("closed");
      patient.connection.destroy();
    } finally {
      vi.useRealTimers();
    }
  });

  it("an iteration fails when a newcomer takes the camera, and what came before is given first", async () => {
    const server = await TestServer.start();
    ending(() => server.stop());
    const first = camera(server.url);
    await within(first.connection.whenOpen(), "open");
    const other = camera(server.url, { cameraId: "b" });
    await within(other.send(frame(1)).outcome, "the outcome");
    const second = camera(server.url);
    await within(first.connection.whenClosed(), "the end");
    await expect(
      (async () => {
        for await (const order of first) expect(order).toBeInstanceOf(UpdateMessage);
      })(),
    ).rejects.toEqual(over("4409"));
    await within(second.connection.whenOpen(), "open");
  });

  it("close ends an iteration, and what waits can still be taken", async () => {
    const server = await original();
    const processor = camera(server.url);
    await within(processor.connection.whenOpen(), "open");
    const messages = new Arrivals<string>("a message", (arrive) =>
      processor.connection.on("message", arrive),
    );
    for (const objectId of [1, 2, 3]) server.say(`{"type":"stop","objectId":${objectId}}`);
    for (let nth = 0; nth < 3; nth++) await messages.next();
    await within(processor.close(), "the end");
    expect(processor.take()).toEqual(new StopMessage({ objectId: 1 }));
    const rest: ProcessorOrder[] = [];
    for await (const order of processor) rest.push(order);
    expect(rest).toEqual([new StopMessage({ objectId: 2 }), new StopMessage({ objectId: 3 })]);
    expect(await processor.next()).toBeUndefined();
  });

  it("what cannot be a camera or an address is refused at once", () => {
    const build = (url: string, cameraId: unknown) => () =>
      new TrackingProcessor(url, { cameraId: cameraId as string });
    expect(build("ws://127.0.0.1:1", 5)).toThrow(
      expect.objectContaining({
        code: "bad_message",
        message: "identifier.id is 5: expected a string",
      }),
    );
    expect(build("nonsense", "a")).toThrow(expect.objectContaining({ code: "bad_url" }));
  });
});

describe("tokens", () => {
  it("a server that does not take the token is given another one, if there is one", async () => {
    const { server, token } = await startWithAuth();
    ending(() => server.stop());
    const tokens = ["bad.token.one", await token("tracking.processor")];
    const processor = camera(`${server.url}/processor?errors=1`, { token: () => tokens.shift() });
    const states = new Arrivals<ConnectionState>("a state", (arrive) =>
      processor.connection.on("state", arrive),
    );
    let loss: ConnectionState = await states.next();
    while (loss.status !== "waiting") loss = await states.next();
    expect(loss).toMatchObject({ loss: { code: 4401 } });
    while ((await states.next()).status !== "open");
    await admitted(processor);
    expect(tokens).toEqual([]);
  });

  it("what waits is sent when a good one has been taken, and not into a connection that is refused", async () => {
    const { server, token } = await startWithAuth();
    ending(() => server.stop());
    const tokens = [await token("tracking.processor", -60), await token("tracking.processor")];
    const processor = camera(server.url, { token: () => tokens.shift() });
    const states: string[] = [];
    processor.connection.on("state", ({ status }) => states.push(status));
    const waiting = Array.from({ length: 100 }, (_, id) => processor.send(frame(id)));
    const outcomes = await within(
      Promise.all(waiting.map(({ outcome }) => outcome)),
      "the outcomes",
    );
    expect(new Set(outcomes)).toEqual(new Set(["sent"]));
    expect(states).toEqual(["waiting", "connecting", "open"]);
  });

  it("a server that closes without a code is not open to who has a bad one, and what waits goes on waiting", async () => {
    const server = await original({ auth: true });
    const tokens = ["stale", "stale", goodToken];
    const processor = camera(server.url, { token: () => tokens.shift() });
    const states: ConnectionState[] = [];
    processor.connection.on("state", (state) => states.push(state));
    expect(await within(processor.send(frame(1)).outcome, "the outcome")).toBe("sent");
    const refused = { status: "waiting", loss: { code: 1005 } };
    expect(states).toMatchObject([
      { ...refused, attempt: 2 },
      { status: "connecting" },
      { ...refused, attempt: 3 },
      { status: "connecting" },
      { status: "open" },
    ]);
    expect(heard(server, 3)).toMatchObject([
      { type: "authenticate" },
      { type: "identifier" },
      { frameId: 1 },
    ]);
  });

  it("a fixed one that is bad, or of another role, ends it", async () => {
    const { server, token } = await startWithAuth();
    ending(() => server.stop());
    await expect(
      within(camera(server.url, { token: "bad.token.one" }).next(), "the end"),
    ).rejects.toEqual(over("4401"));
    const watcher = camera(server.url, { token: await token("tracking.client") });
    await expect(within(watcher.next(), "the end")).rejects.toEqual(over("4403"));
    await expect(within(camera(server.url).next(), "the end")).rejects.toEqual(over("4401"));
  });

  it("one whose time ends while the connection is open is asked for anew", {
    timeout: 60_000,
  }, async () => {
    const { server, token } = await startWithAuth();
    ending(() => server.stop());
    let asked = 0;
    const processor = camera(`${server.url}/processor?errors=1`, {
      token: () => token("tracking.processor", asked++ === 0 ? -2 : 300),
    });
    const states = new Arrivals<ConnectionState>("a state", (arrive) =>
      processor.connection.on("state", arrive),
    );
    for (let opened = 0; opened < 2; ) if ((await states.next()).status === "open") opened++;
    await admitted(processor);
    expect(asked).toBe(2);
  });
});

/** The server answers it. */
async function admitted(processor: TrackingProcessor): Promise<void> {
  const messages = new Arrivals<string>("a message", (arrive) =>
    processor.connection.on("message", arrive),
  );
  processor.send(new UpdateMessage({ objectId: 99, featureMap: [1] }));
  expect(await messages.next()).toContain("not_found");
}

describe("a main loop that does not come", () => {
  it("loses the oldest starts and feature maps, each told and counted, and no stop while there are others", async () => {
    const server = await original();
    const processor = camera(server.url, { inbox: { maxMessages: 3 } });
    const dropped = new Arrivals<TrackingProcessorEvents["dropped"]>("dropped", (arrive) =>
      processor.on("dropped", arrive),
    );
    await within(processor.connection.whenOpen(), "open");
    const say = (type: string, objectId: number, more = "") =>
      server.say(`{"type":"${type}","objectId":${objectId}${more}}`);
    say("start", 1, ',"image":"x"');
    say("stop", 2);
    say("featureMap", 3, ',"featureMap":[1.0]');
    say("stop", 4);
    expect(await dropped.next()).toMatchObject({ count: 1, order: { objectId: 1, image: "x" } });
    say("stop", 5);
    expect(await dropped.next()).toMatchObject({ count: 2, order: { objectId: 3 } });
    say("stop", 6);
    expect(await dropped.next()).toEqual({ count: 3, order: new StopMessage({ objectId: 2 }) });
    expect(processor.takeAll().map(({ objectId }) => objectId)).toEqual([4, 5, 6]);
    expect([processor.dropped, processor.waiting]).toEqual([3, 0]);
  });

  it("is not troubled by what breaks the protocol, which is counted, or by what is new in it", async () => {
    const server = await original();
    const processor = camera(server.url);
    await within(processor.connection.whenOpen(), "open");
    for (const text of [
      "",
      "frame",
      "[]",
      '{"type":"stop"}',
      '{"type":"featureMap","objectId":1,"featureMap":[]}',
    ])
      server.say(text);
    for (const text of ["{}", '{"type":"greeting"}', '{"type":5}']) server.say(text);
    server.say('{"type":"stop","objectId":1}');
    expect(await within(processor.next(), "stop")).toEqual(new StopMessage({ objectId: 1 }));
    expect(processor.ignored).toBe(5);
  });
});
