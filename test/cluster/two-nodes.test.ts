/** Two gateways on one NATS server: any client on any node. */
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestServer, type TextClient } from "../../src/testing/index.ts";
import {
  type NatsServer,
  natsServerMissing,
  startNatsServer,
} from "../../src/testing/nats-server.ts";
import { needs } from "../support/requirements.ts";

needs({ program: "nats-server", debianPackage: "nats-server" });

let nats: NatsServer | undefined;
const nodes: TestServer[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  if (natsServerMissing() !== undefined) return;
  nats = await startNatsServer();
  const engine = { kind: "nats", servers: [nats.url] };
  for (let i = 0; i < 2; i++) nodes.push(await TestServer.start({ config: { engine } }));
});

afterAll(async () => {
  for (const socket of sockets) socket.close();
  for (const node of nodes) await node.stop();
  await nats?.stop();
});

function node(index: number): TestServer {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
}

async function join(
  index: number,
  user: string,
  prompt: number,
  more: object = {},
): Promise<TextClient> {
  const client = await node(index).open("/");
  client.send({ type: "wait_start", user, lobby_id: 1, prompt_id: prompt, ...more });
  return client;
}

/** Waits for the `update` that lists exactly these. */
async function listed(client: TextClient, users: readonly string[]): Promise<void> {
  for (;;) {
    const message = (await client.nextJson()) as { type: string; users?: string[] };
    if (message.type === "update" && JSON.stringify(message.users) === JSON.stringify(users))
      return;
  }
}

describe("lobby", () => {
  it("lists and starts the players of both nodes, and gives a name once", async () => {
    const dan = await join(0, "dan", 1);
    await listed(dan, ["dan"]);
    const also = await join(1, "dan", 1);
    await listed(also, ["dan", "also dan"]);
    await listed(dan, ["dan", "also dan"]);
    also.send({ type: "start", in: 5 });
    for (const client of [dan, also])
      expect(await client.nextJson()).toMatchObject({ type: "start", in: 5 });
    await dan.leave();
    await listed(also, ["also dan"]);
    const rooms = (await (await node(0).fetch("/lobbies")).json()) as {
      data: { users: string[] }[];
    };
    expect(rooms.data.map((room) => room.users)).toEqual([["also dan"]]);
  });

  it("gives a player who comes back on the other node its place", async () => {
    const dan = await join(0, "dan", 2, { resume: "secret" });
    await listed(dan, ["dan"]);
    const eve = await join(1, "eve", 2);
    await listed(eve, ["dan", "eve"]);
    dan.socket.terminate();
    const again = await join(1, "dan", 2, { resume: "secret" });
    await listed(again, ["dan", "eve"]);
    eve.send({ type: "start", in: 9 });
    expect(await eve.nextJson()).toMatchObject({ type: "start", in: 9 });
  });

  it("refreshes viewers of both nodes", async () => {
    const viewers = await Promise.all([0, 1].map((index) => node(index).open("/lobby")));
    for (const viewer of viewers) viewer.send({ type: "lobby_prompts", lobby_id: "both" });
    for (const viewer of viewers) {
      // Its own update comes back when it has joined.
      viewer.send({ type: "lobby_prompts_update" });
      expect(await viewer.next()).toBe("refresh");
    }
    const [first] = viewers;
    if (first === undefined) throw new Error("no viewer");
    // The second one's update, sent when both had joined.
    expect(await first.next()).toBe("refresh");
    const answer = await node(1).fetch("/lobbies/both/prompt-updates", { method: "POST" });
    expect(answer.status).toBe(200);
    for (const viewer of viewers) expect(await viewer.next()).toBe("refresh");
  });
});

describe("devices", () => {
  const monitorId = "m".repeat(32);

  /** A device client and the events that it gets. */
  function device(index: number): {
    socket: Socket;
    next(event: string): Promise<Record<string, unknown>>;
  } {
    const socket = io(node(index).url, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    });
    sockets.push(socket);
    return {
      socket,
      next: (event) =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`no ${event} within 10 s`)), 10_000);
          socket.once(event, (payload: Record<string, unknown>) => {
            clearTimeout(timer);
            resolve(payload);
          });
        }),
    };
  }

  it("carries commands and answers from node to node, and lets an id connect once over all nodes", async () => {
    const monitor = device(0);
    const connected = monitor.next("con ok");
    monitor.socket.emit("con", { monitor_id: monitorId });
    await connected;

    const user = device(1);
    const queried = user.next("query ok");
    user.socket.emit("query", { monitor_id: monitorId });
    await queried;

    const command = monitor.next("command do");
    const finished = user.next("command finish");
    user.socket.emit("command send", { command: "reboot" });
    expect(await command).toMatchObject({ command: "reboot" });
    monitor.socket.emit("command done");
    expect(await finished).toMatchObject({ reason: "Command finish" });

    const second = device(1);
    const refused = second.next("con failed");
    second.socket.emit("con", { monitor_id: monitorId });
    expect(await refused).toMatchObject({ reason: "monitor_id already registered" });

    for (const index of [0, 1]) {
      const { data } = (await (
        await node(index).fetch(`/devices/${monitorId}/commands`)
      ).json()) as {
        data: { status: string; command: string }[];
      };
      expect(data.map(({ command, status }) => [command, status])).toEqual([["reboot", "done"]]);
    }
  });

  it("keeps a command for a monitor that is away, and hands it over on whichever node the monitor comes", async () => {
    const away = "n".repeat(32);
    const user = device(0);
    const queried = user.next("query ok");
    user.socket.emit("query", { monitor_id: away });
    await queried;
    const taken = user.next("command ok");
    user.socket.emit("command send", { command: "later" });
    await taken;
    const monitor = device(1);
    const command = monitor.next("command do");
    const finished = user.next("command finish");
    monitor.socket.emit("con", { monitor_id: away });
    expect(await command).toMatchObject({ command: "later" });
    monitor.socket.emit("command done");
    await finished;
  });
});
