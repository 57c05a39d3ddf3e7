/** The inspector served, with real clients on a started server. */
import { describe, expect, it } from "vitest";
import {
  audits,
  ends,
  idOf,
  listed,
  type Message,
  next,
  ofType,
  open,
  player,
  serviceOf,
  start,
} from "./admin-harness.suite.ts";

describe("inspect", () => {
  it("shows each frame of a connection in both directions without secrets, then its end", async () => {
    const server = await start();
    const dan = await player(server, "dan");
    const connection = await idOf(server, "lobby");
    const admin = await open(server, "/admin");
    admin.send({ type: "inspect", connection });
    expect(await next(admin)).toMatchObject({
      type: "inspecting",
      connection,
      service: "lobby",
      path: "/lobby",
    });
    dan.send('{"type":"start","in":1.50,"token":"abc"}');
    await ofType(dan, "start");
    dan.send(`{"type":"start","x":"${"y".repeat(9000)}"}`);
    await ofType(dan, "start");
    dan.socket.close(1000, "bye");
    const base = { type: "frame", connection, at: expect.any(Number) };
    expect(await next(admin)).toEqual({
      ...base,
      n: 1,
      direction: "in",
      text: '{"type":"start","in":1.50,"token":"[redacted]"}',
      bytes: 40,
    });
    expect(await next(admin)).toMatchObject({
      ...base,
      n: 2,
      direction: "out",
      text: expect.stringMatching(/^\{"type":"start","at":\d+,"in":1.5\}$/),
    });
    const long = await next(admin);
    expect(long).toMatchObject({ ...base, n: 3, direction: "in", bytes: 9023, truncated: true });
    expect(String(long.text)).toHaveLength(8192);
    expect(await next(admin)).toMatchObject({ ...base, n: 4, direction: "out" });
    expect(await next(admin)).toEqual({
      type: "closed",
      connection,
      code: 1000,
      reason: "bye",
      byServer: false,
    });
    expect(audits(server)).toEqual([
      ["begin", connection, undefined],
      ["end", connection, "closed"],
    ]);
  });

  it("of the next one begins with its very first frame, also where that decides whose it is", async () => {
    const server = await start();
    const admin = await open(server, "/admin");
    admin.send({ type: "inspect_next", service: "lobby", path: "/?token=hidden" });
    // Everything said before has been handled once this is answered.
    admin.send({ type: "overview" });
    await ofType(admin, "overview");
    await player(server, "eve", "/lobby");
    await player(server, "dan", "/?errors=1");
    const inspecting = await ofType(admin, "inspecting");
    expect(inspecting).toMatchObject({ service: "lobby", path: "/" });
    expect(await ofType(admin, "frame")).toMatchObject({
      connection: inspecting.connection,
      n: 1,
      direction: "in",
      text: '{"type":"wait_start","user":"dan","lobby_id":10,"prompt_id":5,"resume":"[redacted]"}',
    });
    expect(await ofType(admin, "frame")).toMatchObject({
      n: 2,
      direction: "out",
      text: expect.stringContaining('"users":["eve","dan"]'),
    });
    await player(server, "fay", "/");
    expect(audits(server)).toEqual([
      ["wait", undefined, undefined],
      ["begin", inspecting.connection, undefined],
    ]);
    expect(server.log.filter(({ audit }) => audit === "inspect")).toMatchObject([
      { path: "/" },
      { path: "/" },
    ]);
    expect(JSON.stringify(server.log)).not.toContain("hidden");
  });

  it("of a Socket.IO connection shows names and payloads", async () => {
    const { io } = await import("socket.io-client");
    const server = await start();
    const admin = await open(server, "/admin");
    admin.send({ type: "inspect_next", service: "devices" });
    admin.send({ type: "overview" });
    await ofType(admin, "overview");
    const user = io(server.url, { transports: ["websocket"], reconnection: false });
    ends.push(() => user.disconnect());
    user.emit("query", { monitor_id: "00000000-0000-4000-8000-000000000001", cookie: "abc" });
    expect(await ofType(admin, "inspecting")).toMatchObject({ service: "devices" });
    const { direction, text } = await ofType(admin, "frame");
    expect([direction, JSON.parse(String(text))]).toEqual([
      "in",
      ["query", { monitor_id: "00000000-0000-4000-8000-000000000001", cookie: "[redacted]" }],
    ]);
    expect(JSON.parse(String((await ofType(admin, "frame")).text))).toEqual([
      expect.any(String),
      expect.anything(),
    ]);
  });

  it("ends when it is told to, and when the console leaves", async () => {
    const server = await start();
    const dan = await player(server, "dan");
    const connection = await idOf(server, "lobby");
    const admin = await open(server, "/admin");
    admin.send({ type: "inspect", connection });
    await ofType(admin, "inspecting");
    admin.send({ type: "uninspect" });
    admin.send({ type: "overview" });
    await ofType(admin, "overview");
    dan.send({ type: "start" });
    await ofType(dan, "start");
    admin.send({ type: "inspect", connection });
    expect((await ofType(admin, "inspecting")).connection).toBe(connection);
    dan.send({ type: "start", in: 2 });
    expect(await ofType(admin, "frame")).toMatchObject({ n: 1, text: '{"type":"start","in":2}' });
    const other = await open(server, "/admin");
    await admin.leave();
    other.send({ type: "inspect", connection });
    await ofType(other, "inspecting");
    expect(audits(server)).toEqual([
      ["begin", connection, undefined],
      ["end", connection, "asked"],
      ["begin", connection, undefined],
      ["end", connection, "console left"],
      ["begin", connection, undefined],
    ]);
  });

  it("leaves out what comes too fast, and says how much; the inspected misses nothing", async () => {
    const server = await start({ services: { admin: { inspectedFramesPerSecond: 1 } } });
    const dan = await player(server, "dan");
    const connection = await idOf(server, "lobby");
    const admin = await open(server, "/admin");
    admin.send({ type: "inspect", connection });
    await ofType(admin, "inspecting");
    for (let nth = 0; nth < 500; nth++) dan.send({ type: "start", in: nth });
    for (let nth = 0; nth < 500; nth++)
      expect(await ofType(dan, "start")).toMatchObject({ in: nth });
    await dan.leave();
    let [told, dropped] = [0, 0];
    for (;;) {
      const message = await next(admin);
      dropped += Number(message.dropped ?? 0);
      if (message.type === "closed") break;
      told++;
      expect(message.n).toBe(told + dropped);
    }
    expect(told).toBeGreaterThanOrEqual(2);
    expect(told + dropped).toBe(1000);
  });

  it("of a console that does not read costs it nothing but frames; it shows as slow in the overview and first in the list", async () => {
    const server = await start({ services: { admin: { inspectedFramesPerSecond: 100_000 } } });
    const dan = await player(server, "dan");
    const connection = await idOf(server, "lobby");
    const admin = await open(server, "/admin");
    admin.send({ type: "inspect", connection });
    await ofType(admin, "inspecting");
    admin.send({ type: "overview" });
    await ofType(admin, "overview");
    admin.socket.pause();
    const padding = "y".repeat(8000);
    for (let round = 0; round < 10; round++) {
      for (let nth = 0; nth < 200; nth++) dan.send({ type: "start", in: nth, padding });
      for (let nth = 0; nth < 200; nth++) await ofType(dan, "start");
    }
    const watcher = await open(server, "/admin");
    watcher.send({ type: "overview" });
    let figures: Message;
    // The first answer may be of up to a second ago.
    do figures = serviceOf(await next(watcher), "admin");
    while (figures.connections !== 2);
    expect(figures).toMatchObject({ slowConnections: 1 });
    const [slowest, other] = await listed(server, "?sort=unsent&service=admin");
    expect(slowest?.unsentBytes).toBeGreaterThan(256 * 1024);
    expect(other?.unsentBytes).toBe(0);
    expect(figures.unsentBytes).toBeGreaterThan(256 * 1024);
    // Its own overviews replace each other meanwhile.
    while (serviceOf(await next(watcher), "admin").skipped === 0);
    await dan.leave();
    admin.socket.resume();
    const { dropped } = await ofType(admin, "closed");
    expect(dropped).toBeGreaterThan(0);
  });

  it.each([
    [{ type: "inspect", connection: "nobody" }, "not_found", "nobody"],
    [{ type: "inspect_next", service: "chess" }, "not_found", "lobby"],
    [{ type: "inspect_next", service: "admin" }, "conflict", "consoles"],
  ])("%o is answered with %s", async (message, code, part) => {
    const server = await start();
    const admin = await open(server, "/admin?errors=1");
    admin.send(message);
    expect(await next(admin)).toMatchObject({
      type: "error",
      code,
      message: expect.stringContaining(part),
    });
  });

  it("is bounded, and no console can inspect another or itself", async () => {
    const server = await start({ services: { admin: { maxInspections: 2 } } });
    await player(server, "dan");
    const admin = await open(server, "/admin?errors=1");
    const connection = await idOf(server, "lobby");
    admin.send({ type: "inspect", connection: await idOf(server, "admin") });
    expect(await next(admin)).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("consoles"),
    });
    admin.send({ type: "inspect", connection });
    expect(await next(admin)).toMatchObject({ type: "inspecting" });
    admin.send({ type: "inspect", connection });
    expect(await next(admin)).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("already"),
    });
    admin.send({ type: "inspect_next", service: "lobby" });
    admin.send({ type: "inspect_next", service: "lobby" });
    expect(await next(admin)).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("maxInspections"),
    });
  });
});
