/** The overview of two gateways on one NATS server, from either, and of one that dies. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type NatsServer,
  natsServerMissing,
  startNatsServer,
} from "../../src/testing/nats-server.ts";
import { needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { type Message, TextSocket } from "../support/text-socket.ts";

needs({ program: "nats-server", debianPackage: "nats-server" });

const file = scopePerFile();
const scope = scopePerTest();
const deadlineMs = 20_000;
let nats: NatsServer | undefined;
const nodes: ServerProcess[] = [];

beforeAll(async () => {
  if (natsServerMissing() !== undefined) return;
  nats = file.own(await startNatsServer(), (server) => server.stop());
  const config = { engine: { kind: "nats", servers: [nats.url] } };
  for (let i = 0; i < 2; i++) nodes.push(await startServer(file, { config }));
});

afterAll(() => {
  nodes.length = 0;
});

async function watch(node: ServerProcess | undefined): Promise<TextSocket> {
  if (node === undefined) throw new Error("no such node");
  const socket = await TextSocket.open(scope, node.ws("/admin"));
  socket.send({ type: "overview" });
  return socket;
}

function pidOf({ process }: Message): number {
  return (process as { readonly pid: number }).pid;
}

/** Reads on until an overview that is as wanted. */
async function overview(
  socket: TextSocket,
  wanted: (message: Message) => boolean,
): Promise<Message> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const message = await socket.ofType("overview", endMs - performance.now());
    if (wanted(message)) return message;
  }
}

describe("overview", () => {
  it("of both nodes comes from each of them, with the connections that the other has", async () => {
    const [a, b] = nodes;
    const player = await TextSocket.open(scope, b?.ws("/lobby") ?? "");
    player.send({ type: "wait_start", user: "dan", lobby_id: 10, prompt_id: 5 });
    await player.next();
    for (const from of [a, b]) {
      const socket = await watch(from);
      for (const [node, players] of [
        [a, 0],
        [b, 1],
      ] as const) {
        const message = await overview(socket, (one) => pidOf(one) === node?.pid);
        const lobby = (message.services as Message[]).find(({ service }) => service === "lobby");
        expect(lobby).toMatchObject({ connections: players });
        expect(message).toMatchObject({ engine: { kind: "nats" }, ageMs: expect.any(Number) });
      }
      socket.close();
    }
  });

  it("goes on showing a node that was killed, with the age of its figures", async () => {
    const [a, b] = nodes;
    const socket = await watch(a);
    const last = await overview(socket, (message) => pidOf(message) === b?.pid);
    await b?.kill();
    const late = await overview(
      socket,
      (message) => message.node === last.node && Number(message.ageMs) > 2000,
    );
    const later = await overview(
      socket,
      (message) => message.node === last.node && Number(message.ageMs) > Number(late.ageMs),
    );
    expect(later.at).toBe(late.at);
  });
});
