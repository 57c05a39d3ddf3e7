/** Clients that send much at once: how much of it is taken in one turn, and what is left unread. */
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { eventually, within } from "../../../test/support/inbox.ts";
import { encodeFrame, opcodes } from "../../../test/support/raw-websocket.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { type Clock, systemClock } from "../../kit/clock.ts";
import { RawPoller, RawSocket, RealClient } from "./clients.suite.ts";
import { serveSample } from "./sample-service.suite.ts";

const scope = scopePerTest();

/** As in the kit's inbox. */
const mostPerTurn = 32;

/** Counts turns of the event loop, and what happens within each. */
class TurnCounter {
  readonly #perTurn = new Map<number, number>();
  #turn = 0;
  #isRunning = true;

  constructor() {
    const next = () => {
      this.#turn++;
      if (this.#isRunning) setImmediate(next);
    };
    setImmediate(next);
  }

  count(): void {
    this.#perTurn.set(this.#turn, (this.#perTurn.get(this.#turn) ?? 0) + 1);
  }

  get total(): number {
    return [...this.#perTurn.values()].reduce((sum, n) => sum + n, 0);
  }

  get most(): number {
    return Math.max(...this.#perTurn.values());
  }

  stop(): void {
    this.#isRunning = false;
  }
}

/** A server and a counter of the packets that its connections hear: each takes the time once. */
async function serveCounted() {
  const turns = scope.own(new TurnCounter(), (open) => open.stop());
  const hearing: Clock = {
    ...systemClock,
    monotonic: () => {
      turns.count();
      return systemClock.monotonic();
    },
  };
  return { turns, sample: await serveSample(scope, { clock: hearing }) };
}

/** The TCP socket below a client, for writes that hold many frames. */
function tcpOf(raw: RawSocket): Socket {
  return (raw.socket as unknown as { readonly _socket: Socket })._socket;
}

const frames = (packet: string, count: number, opcode: number = opcodes.text) =>
  Buffer.concat(Array.from({ length: count }, () => encodeFrame(opcode, packet)));

test.each([
  ["pings of Engine.IO 3", "EIO=3", "2"],
  ["pongs", "EIO=4", "3"],
  ["noops", "EIO=4", "6"],
  ["unknown events", "EIO=4", '42["no such event"]'],
  ["acknowledgements of nothing", "EIO=4", "437[]"],
  ["handshakes of other namespaces", "EIO=4", "40/elsewhere"],
])("of %s over WebSocket, at most 32 are taken in one turn", async (_what, query, packet) => {
  const { turns, sample } = await serveCounted();
  const bystander = await RealClient.connect(scope, sample.url);
  const raw = await RawSocket.join(scope, sample.url, query);
  tcpOf(raw).write(frames(packet, 1000));
  await eventually(
    "all of them are taken",
    async () => turns.total,
    (total) => total >= 1000,
  );
  expect(turns.most).toBeLessThanOrEqual(2 * mostPerTurn);
  expect(await bystander.call("nothing")).toEqual([]);
});

test("of thousands of packets in one post, 32 are taken in one turn, and then it is answered", async () => {
  const { turns, sample } = await serveCounted();
  const poller = await RawPoller.join(sample.url);
  const body = Array.from({ length: 1000 }, () => "3").join("\u001e");
  const answer = poller.post(body);
  await eventually(
    "some of them are taken",
    async () => turns.total,
    (total) => total > 0,
  );
  expect(await answer).toBe("ok");
  expect(turns.total).toBeGreaterThanOrEqual(1000);
  expect(turns.most).toBeLessThanOrEqual(2 * mostPerTurn);
});

test("a post beside one that is being worked through ends the session, unread", async () => {
  const sample = await serveSample(scope);
  const poller = await RawPoller.join(sample.url);
  const first = poller.post('42["wait"]'.concat('\u001e42["nothing"]'.repeat(1000)));
  await eventually(
    "the inbox is full",
    async () => [...sample.connections].some(({ isPaused }) => isPaused),
    Boolean,
  );
  expect(await poller.post('42["nothing"]')).toMatch(/^400 .*two posts at once/);
  expect(await first).toBe("ok");
  expect(await poller.poll()).toMatch(/^400 .*Session ID unknown/);
  sample.release();
});

test("while a handler is busy, a post is not answered and a WebSocket is not read; then all is handled in order", async () => {
  const sample = await serveSample(scope, { limits: { maxQueueBytes: 50_000_000 } });
  const poller = await RawPoller.join(sample.url);
  const polling = await sample.opened.next();
  const say = (n: number) => `42["say",{"text":"${n}"}]`;
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  const answer = poller.post(['42["wait"]', ...numbers.map(say)].join("\u001e"));
  await eventually("it is paused", async () => polling.isPaused, Boolean);
  sample.release();
  expect(await answer).toBe("ok");
  const packets: string[] = [];
  while (packets.length < 200) packets.push(...(await poller.poll()).split("\u001e"));
  expect(packets).toEqual(numbers.map((n) => `42["said",{"text":"${n}"}]`));

  const raw = await RawSocket.join(scope, sample.url);
  const connection = await sample.opened.next();
  raw.send('42["wait"]');
  const pad = "x".repeat(50_000);
  for (let n = 0; n < 400; n++) raw.send(`42["say",{"text":"${n} ${pad}"}]`);
  await eventually("it is paused too", async () => connection.isPaused, Boolean);
  // 20 MB; the system's buffers take some of it, the server no more than a few reads.
  expect(sample.service.tally.bytesIn).toBeLessThan(5_000_000);
  expect(raw.socket.bufferedAmount).toBeGreaterThan(0);
  expect(await connection.probe(100)).toBe(true);
  sample.release();
  for (let n = 0; n < 400; n++) expect(await raw.packets.next()).toContain(`"text":"${n} x`);
});

test("a session that is paused while polling is paused still after it has changed to WebSocket", async () => {
  const sample = await serveSample(scope);
  const poller = await RawPoller.join(sample.url);
  const connection = await sample.opened.next();
  void poller.post('42["wait"]'.concat('\u001e42["nothing"]'.repeat(300))).catch(() => {});
  await eventually("it is paused", async () => connection.isPaused, Boolean);
  const poll = poller.poll();
  const raw = RawSocket.open(scope, sample.url, `EIO=4&sid=${poller.sid}`);
  await within(new Promise((resolve) => raw.socket.once("open", resolve)), "the WebSocket");
  raw.send("2probe");
  expect(await raw.packets.next()).toBe("3probe");
  raw.send("5");
  await poll;
  const { messagesIn } = sample.service.tally;
  raw.send('42["say",{"text":"later"}]');
  expect(await connection.probe(100)).toBe(true);
  expect(sample.service.tally.messagesIn).toBe(messagesIn);
  sample.release();
  await raw.packets.until((packet) => packet.includes("later"));
});

test.each([
  ["events", '42["nothing"]', opcodes.text],
  ["pings of WebSocket", "x", opcodes.ping],
  ["empty messages", "", opcodes.text],
])(
  "after the server's close nothing is read of %s, and TCP ends all the same",
  async (_what, packet, opcode) => {
    const { turns, sample } = await serveCounted();
    const raw = await RawSocket.join(scope, sample.url);
    const connection = await sample.opened.next();
    raw.read(false);
    connection.close("done", "enough");
    await sample.closed.next();
    const { total } = turns;
    const chunk = frames(packet, 10_000, opcode);
    const tcp = tcpOf(raw);
    const ended = new Promise((resolve) => tcp.once("close", resolve));
    tcp.on("error", () => {});
    // The peer never answers the close frame, and would send 200 MB and more.
    let sentBytes = 0;
    const send = () => {
      while (sentBytes < 200_000_000 && tcp.writable) {
        sentBytes += chunk.length;
        if (!tcp.write(chunk)) break;
      }
    };
    tcp.on("drain", send);
    send();
    await within(sample.connections.whenEmpty(), "the end of the connection");
    await within(ended, "the end of TCP");
    expect(sentBytes).toBeLessThan(50_000_000);
    expect(turns.total - total).toBeLessThan(100);
  },
);

test("the rate of messages bounds what is no event, too", async () => {
  const sample = await serveSample(scope, { limits: { messagesPerSecond: 10 } });
  for (const packet of ['42["no such event"]', "437[]", "40/elsewhere"]) {
    const raw = await RawSocket.join(scope, sample.url);
    for (let n = 0; n < 50; n++) raw.send(packet);
    expect(await sample.closed.next()).toMatchObject({ code: 4429, byServer: true });
  }
});

test("a client that has not joined may send a few packets and no more", async () => {
  const sample = await serveSample(scope, { auth: true });
  const raw = RawSocket.open(scope, sample.url);
  await raw.packets.next();
  for (let n = 0; n < 20; n++) raw.send("40");
  raw.send('40{"token":"good"}');
  await raw.packets.until((packet) => packet.startsWith('40{"sid"'));
  const other = RawSocket.open(scope, sample.url);
  await other.packets.next();
  for (let n = 0; n < 40; n++) other.send("40");
  await expect(other.packets.until(() => false)).rejects.toThrow("closed with");
  const [poller] = await RawPoller.open(sample.url);
  await poller.post(Array.from({ length: 5000 }, () => "40").join("\u001e"));
  expect(await poller.poll()).toMatch(/^400 .*Session ID unknown/);
});

test("a WebSocket that probes on and on is cut off, a second one beside it refused; the session goes on polling", async () => {
  const sample = await serveSample(scope);
  const poller = await RawPoller.join(sample.url);
  const query = `EIO=4&sid=${poller.sid}`;
  const raw = RawSocket.open(scope, sample.url, query);
  await within(new Promise((resolve) => raw.socket.once("open", resolve)), "the WebSocket");
  const second = RawSocket.open(scope, sample.url, query);
  await expect(second.packets.next()).rejects.toThrow("400");
  for (let n = 0; n < 100; n++) raw.send("2probe");
  await expect(raw.packets.until(() => false)).rejects.toThrow("closed with");
  expect(await poller.post('42["say",{"text":"here"}]')).toBe("ok");
  let text = await poller.poll();
  while (text === "6") text = await poller.poll();
  expect(text).toBe('42["said",{"text":"here"}]');
});

/** A poll over a TCP connection of its own, whose answer is not read. */
async function unreadPoll(url: string, sid: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const tcp = scope.own(connect(Number(port), hostname), (open) => open.destroy());
  tcp.on("error", () => {});
  await within(new Promise((resolve) => tcp.once("connect", resolve)), "TCP");
  tcp.write(
    `GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`,
  );
  return tcp;
}

test("a poll is answered when the answer to the one before has left, so that unread answers do not pile up", async () => {
  const sample = await serveSample(scope, { limits: { maxQueueBytes: 30_000_000 } });
  const poller = await RawPoller.join(sample.url);
  const connection = await sample.opened.next();
  sample.send(connection, "said", { text: "x".repeat(20_000_000) });
  const tcp = await unreadPoll(sample.url, poller.sid);
  await eventually(
    "the poll has taken it",
    async () => connection.unsentBytes,
    (bytes) => bytes === 0,
  );
  sample.send(connection, "said", { text: "next" });
  let answered = false;
  const second = poller.poll().then((text) => {
    answered = true;
    return text;
  });
  // What another client gets meanwhile comes after the second poll has arrived.
  const bystander = await RealClient.connect(scope, sample.url, { transport: "polling" });
  expect(await bystander.call("nothing")).toEqual([]);
  expect(answered).toBe(false);
  tcp.resume();
  expect(await second).toBe('42["said",{"text":"next"}]');
});
