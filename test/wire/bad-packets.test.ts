/** Bad packets and payloads to Socket.IO: the sender may lose its connection, nobody else notices. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { commandsOf, packetSocket } from "../support/devices.ts";
import { opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
const maxFrameBytes = 200_000;
const monitorId = newMonitorId();
let server: ServerProcess;
let user: DeviceSocket;
let monitor: DeviceSocket;
let sent = 0;

beforeAll(async () => {
  server = await startServer(file, { config: { limits: { maxFrameBytes } } });
  user = await DeviceSocket.user(file, server.url, monitorId);
  monitor = await DeviceSocket.monitor(file, server.url, monitorId);
});

// The bystanders: what they get next is what they send now, and the first one's id is as it was.
afterEach(async () => {
  sent += 1;
  const id = await user.send(`bystander ${sent}`);
  expect(await monitor.next("command do")).toMatchObject({
    command: `bystander ${sent}`,
    command_id: id,
  });
  monitor.emit("command done");
  expect(await user.next("command finish")).toMatchObject({ command_id: id });
});

const socketPath = "/socket.io/?EIO=4&transport=websocket";

const byHand = () => packetSocket(scope, server.ws(""));

describe("packets", () => {
  it.each([
    ["of no type", "9"],
    ["empty", ""],
    ["no JSON", "42no JSON"],
    ["no list", '42{"0":"query"}'],
    ["an empty list", "42[]"],
    ["an event that is a number", "42[5]"],
    ["an event that is null", "42[null]"],
    ["an event that is an object", '42[{"__proto__":1}]'],
    ["a reserved event", '42["disconnect"]'],
    ["another reserved event", '42["connect_error",{}]'],
    ["an event of the library's own", '42["newListener","x"]'],
    ["an event that every object has", '42["__proto__"]'],
    ["another such", '42["constructor",{}]'],
    ["an ack of nothing", "43999[]"],
    ["an ack id beyond all numbers", `42${"9".repeat(400)}["query",{}]`],
    ["binary that never comes", '451-["query",{"_placeholder":true,"num":0}]'],
    ["more binary than there can be", '4599999999-["query"]'],
    ["a placeholder that points nowhere", '451-["query",{"_placeholder":true,"num":-1}]'],
    ["another namespace", "40/admin,"],
    ["a namespace that every object has", "40/__proto__,"],
    ["nested deeper than any stack", `42["query",${"[".repeat(50_000)}${"]".repeat(50_000)}]`],
    [
      "a command nested so",
      `42["command send",{"command":${"[".repeat(50_000)}${"]".repeat(50_000)}}]`,
    ],
    ["more arguments than a call can have", `42["query",${"0,".repeat(99_000)}0]`],
    ["more acknowledged ones", `427["command send",${"0,".repeat(95_000)}0]`],
    ["more acknowledging ones", `437[${"0,".repeat(99_000)}0]`],
    ["binary ones", `451-["query",${"0,".repeat(90_000)}{"_placeholder":true,"num":0}]`],
    ["more values than allowed", `42["query",[${"[],".repeat(60_000)}0]]`],
    ["a handshake in the wrong place", `40{"token":"${"x".repeat(50_000)}"}`],
    ["a namespace without an end", `40/${"x".repeat(100_000)}`],
    ["bytes in base64", `b${"A".repeat(100_000)}`],
  ])("harm nobody else: %s", async (_what, packet) => {
    const socket = await byHand();
    socket.send(packet);
    // Whatever became of that one, the next is served.
    await DeviceSocket.user(scope, server.url, newMonitorId());
  });

  it.each([
    ["arguments", `42["query",${"0,".repeat(99_000)}0]`],
    ["goodbyes", Array.from({ length: 20_000 }, () => "41").join("\u001e")],
    ["pongs", Array.from({ length: 20_000 }, () => "3").join("\u001e")],
    ["unknown events", Array.from({ length: 8_000 }, () => '42["no such"]').join("\u001e")],
    ["acknowledged events", Array.from({ length: 8_000 }, () => '427["no such"]').join("\u001e")],
    ["namespaces", Array.from({ length: 8_000 }, (_, n) => `40/${n}`).join("\u001e")],
    ["separators", "\u001e".repeat(100_000)],
    ["handshakes", Array.from({ length: 8_000 }, () => "40{}").join("\u001e")],
  ])("of thousands of %s in one post harm nobody else", async (_what, body) => {
    const poll = `${server.url}/socket.io/?EIO=4&transport=polling`;
    const opened = await (await fetch(poll)).text();
    const session = `${poll}&sid=${JSON.parse(opened.slice(1)).sid}`;
    const post = async (text: string) =>
      (await fetch(session, { method: "POST", body: text })).status;
    expect(await post("40")).toBe(200);
    await fetch(session);
    expect([200, 400]).toContain(await post(body));
    await DeviceSocket.user(scope, server.url, newMonitorId());
  });

  it("of thousands in one post of Engine.IO 3, whatever their lengths say, harm nobody else", async () => {
    const poll = `${server.url}/socket.io/?EIO=3&transport=polling`;
    for (const body of [
      "1:2".repeat(30_000),
      "0:".repeat(60_000),
      "9".repeat(100_000),
      "999999999:2",
      "3:42[".repeat(1000),
      `4:4\u{1f600}`,
      `100000:b4${"A".repeat(99_998)}`,
    ]) {
      const opened = await (await fetch(poll)).text();
      const session = `${poll}&sid=${/"sid":"([^"]+)"/.exec(opened)?.[1]}`;
      await fetch(session, { method: "POST", body }).catch(() => {});
      await DeviceSocket.user(scope, server.url, newMonitorId());
    }
  });

  it("before the handshake of Socket.IO are not events", async () => {
    const socket = await TextSocket.open(scope, server.ws(socketPath));
    await socket.next();
    socket.send(`42${JSON.stringify(["query", { monitor_id: monitorId }])}`);
    await expect(
      socket.frames.until((packet) => packet.includes("query ok"), 1_000),
    ).rejects.toThrow();
  });

  it("over the limit close the connection", async () => {
    const socket = await byHand();
    socket.send(`42${JSON.stringify(["command send", { command: "x".repeat(maxFrameBytes) }])}`);
    expect(await socket.closed()).toMatchObject({ code: 1009 });
  });

  it("that are not UTF-8 close the connection", async () => {
    const raw = await RawWebSocket.open(scope, server.ws(socketPath));
    await raw.send(
      opcodes.text,
      Buffer.concat([Buffer.from('42["'), Buffer.from([0xff]), Buffer.from('"]')]),
    );
    expect(await raw.closeCode()).toBe(1007);
  });
});

describe("payloads", () => {
  // A binary frame closes; a payload that holds bytes is bad. Either answer is right, and which one comes is the server's choice.
  it("of bytes are no command and no id: they fail, or close the connection", async () => {
    const id = newMonitorId();
    for (const payload of [Buffer.from("open"), { command: Buffer.from("open") }]) {
      const dan = await DeviceSocket.user(scope, server.url, id);
      dan.emit("command send", payload);
      expect(["command failed", "disconnect"]).toContain((await dan.events.next()).event);
    }
    expect(await commandsOf(server.url, id)).toEqual([]);
    const device = await DeviceSocket.connect(scope, server.url);
    device.emit("con", { monitor_id: Buffer.alloc(32, "x") });
    expect(["con failed", "disconnect"]).toContain((await device.events.next()).event);
  });

  it("do not lend fields through __proto__", async () => {
    const socket = await byHand();
    socket.send(`42["query",{"__proto__":{"monitor_id":"${newMonitorId()}"}}]`);
    expect(await socket.frames.until((packet) => packet.startsWith('42["query'))).toContain(
      "Invalid monitor_id",
    );
    const other = await byHand();
    other.send(`42${JSON.stringify(["query", { monitor_id: newMonitorId() }])}`);
    await other.frames.until((packet) => packet.includes("query ok"));
    other.send('42["command send",{"__proto__":{"command":"open"}}]');
    expect(await other.frames.until((packet) => packet.startsWith('42["command'))).toContain(
      "Invalid command",
    );
  });

  it("may carry unknown fields, and more arguments than are known", async () => {
    const dan = await DeviceSocket.connect(scope, server.url);
    dan.emit("query", { monitor_id: newMonitorId(), colour: "red" }, "and", { more: true });
    await dan.next("query ok");
    await dan.send("open", { colour: { deep: [1] } });
  });

  it.each([
    { wait_ms: "soon" },
    { wait_ms: -1 },
    { answer_ms: [] },
    { retry: "yes" },
    { idempotency_key: {} },
  ])("with a known field of the wrong type half-apply nothing: %j", async (field) => {
    const id = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, id);
    dan.emit("command send", { command: "bad", ...field });
    const { reason } = await dan.next("command failed");
    expect(reason).toEqual(expect.any(String));
    expect(await commandsOf(server.url, id)).toEqual([]);
  });

  it("may use the names that every object has as commands, keys and ids", async () => {
    const id = "__proto__".padEnd(32, "_");
    const dan = await DeviceSocket.user(scope, server.url, id);
    const device = await DeviceSocket.monitor(scope, server.url, id);
    for (const word of ["__proto__", "constructor", "toString"]) {
      const sentId = await dan.send(word, { idempotency_key: word });
      expect(await dan.send(word, { idempotency_key: word })).toBe(sentId);
      expect(await device.next("command do")).toMatchObject({ command: word, command_id: sentId });
      await device.call("command done", { command_id: word });
      device.emit("command done");
      expect(await dan.next("command finish")).toMatchObject({ command_id: sentId });
    }
  });

  it("of a monitor's answer that are bad close nothing", async () => {
    const id = newMonitorId();
    const device = await DeviceSocket.monitor(scope, server.url, id);
    for (const payload of ["text", 5, [], { reason: 5 }, { reason: null }, {}, null])
      await device.call("command error", payload);
    for (const payload of ["text", 5, [], { command_id: {} }])
      await device.call("command done", payload);
    const dan = await DeviceSocket.user(scope, server.url, id);
    const sentId = await dan.send("open");
    expect(await device.next("command do")).toMatchObject({ command_id: sentId });
  });
});
