/** kill -9 of a client amid its sending: what it was told is stored is sent by its next run, and nothing is sent twice that must not be. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { FileOutboxStore } from "../../src/client/file-store/index.ts";
import { within } from "../support/inbox.ts";
import { projectPath } from "../support/paths.ts";
import { scopePerTest } from "../support/scope.ts";
import { temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();
const childPath = join(projectPath, "test/faults/outbox-child.js");
const rounds = 15;

interface Event {
  readonly what: string;
  readonly id: string;
}

/** Runs a child until it ends, or until some time after its first stored message. Everything that it has written. */
async function run(args: readonly string[], killAfterMs?: number): Promise<readonly Event[]> {
  const child = scope.own(
    spawn(process.execPath, [childPath, ...args], { stdio: ["ignore", "pipe", "pipe"] }),
    (one) => one.kill("SIGKILL"),
  );
  let [said, complained] = ["", ""];
  let isDoomed = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (killAfterMs === undefined || isDoomed || !said.includes("stored")) return;
    isDoomed = true;
    setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complained += text;
  });
  const [code, signal] = await within(
    once(child, "close"),
    `end of ${args[0]}; it said ${said.slice(-500)} ${complained}`,
    20_000,
  );
  expect([code, signal], complained).toEqual(
    killAfterMs === undefined ? [0, null] : [null, "SIGKILL"],
  );
  // The last line may be cut.
  return said
    .slice(0, said.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({
      what: line.slice(0, line.indexOf(" ")),
      id: line.slice(line.indexOf(" ") + 1),
    }));
}

const idsOf = (events: readonly Event[], what: string) =>
  events.filter((event) => event.what === what).map(({ id }) => id);
const newPath = async () => join(await temporaryFolder(scope), "outbox.jsonl");
const next = (events: readonly Event[]) =>
  `${1 + Math.max(0, ...events.map(({ id }) => Number(id)))}`;

/** Notes what comes, answers it, and sometimes breaks off a connection. */
class Server {
  readonly received: string[] = [];
  readonly #sockets = new Set<WebSocket>();

  async start(): Promise<string> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    scope.own(server, async () => {
      for (const socket of this.#sockets) socket.terminate();
      server.close();
      await once(server, "close");
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("message", (data) => {
        this.received.push(data.toString());
        if (this.received.length % 997 === 0) socket.terminate();
        else socket.send(data.toString());
      });
      socket.on("close", () => this.#sockets.delete(socket));
    });
    await once(server, "listening");
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}

/** In ascending order, none twice. */
function expectAscending(ids: readonly string[]): void {
  const numbers = ids.map(Number);
  expect(numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0))).toBe(true);
}

describe("kill -9 of a process with a FileOutboxStore", () => {
  it("loses nothing that was stored, and brings nothing back that was removed", {
    timeout: 120_000,
  }, async () => {
    const path = await newPath();
    const events: Event[] = [];
    for (let round = 0; round < rounds; round++)
      events.push(...(await run(["storing", path, next(events)], Math.random() * 100)));
    const store = scope.own(new FileOutboxStore(path), (one) => one.close());
    const left = await store.load();
    const [removed, marked] = [new Set(idsOf(events, "removed")), new Set(idsOf(events, "marked"))];
    const leftIds = left.map(({ id }) => id);
    expectAscending(leftIds);
    const present = new Set(leftIds);
    const stored = idsOf(events, "stored");
    expect(stored.length).toBeGreaterThan(rounds);
    // Two of three were to be removed as soon as they were put.
    expect(stored.filter((id) => Number(id) % 3 === 0 && !present.has(id))).toEqual([]);
    expect(leftIds.filter((id) => removed.has(id))).toEqual([]);
    expect(left.filter(({ id, written }) => marked.has(id) && !written)).toEqual([]);
    expect(left.filter(({ id, text }) => text.length !== Number(id) % 300)).toEqual([]);
  });

  it("over a connection that acknowledges: everything stored arrives, in order, and what was acknowledged not again", {
    timeout: 120_000,
  }, async () => {
    const path = await newPath();
    const server = new Server();
    const url = await server.start();
    const events: Event[] = [];
    // What will have been noted as acknowledged for certain: the store takes notes in order, and has told of a later one.
    const settled = new Set<string>();
    let receivedBefore = 0;
    for (let round = 0; round <= rounds; round++) {
      const isLast = round === rounds;
      const news = isLast
        ? await run(["acknowledged-last", path, "0", url])
        : await run(["acknowledged", path, next(events), url], Math.random() * 150);
      expect(server.received.slice(receivedBefore).filter((id) => settled.has(id))).toEqual([]);
      receivedBefore = server.received.length;
      const stored = new Set(idsOf(news, "stored"));
      const lastNoted = news.findLastIndex(({ what, id }) => what === "accepted" && stored.has(id));
      for (const id of idsOf(news.slice(0, Math.max(0, lastNoted)), "acked")) settled.add(id);
      events.push(...news);
    }
    const received = new Set(server.received);
    expect(idsOf(events, "stored").filter((id) => !received.has(id))).toEqual([]);
    // Of each the first; a server that knows ids takes no other.
    expectAscending([...received]);
    expect(settled.size).toBeGreaterThan(rounds);
    const store = scope.own(new FileOutboxStore(path), (one) => one.close());
    expect(await store.load()).toEqual([]);
  });

  it("over a connection that does not: everything stored arrives once, or its outcome is unknown, in order", {
    timeout: 120_000,
  }, async () => {
    const path = await newPath();
    const server = new Server();
    const url = await server.start();
    const events: Event[] = [];
    for (let round = 0; round < rounds; round++)
      events.push(...(await run(["plain", path, next(events), url], Math.random() * 150)));
    events.push(...(await run(["plain-last", path, "0", url])));
    expectAscending(server.received);
    const known = new Set([...server.received, ...idsOf(events, "unknown")]);
    expect(idsOf(events, "stored").filter((id) => !known.has(id))).toEqual([]);
    // What it said was sent, the server has.
    const received = new Set(server.received);
    expect(idsOf(events, "sent").filter((id) => !received.has(id))).toEqual([]);
    expect(server.received.length).toBeGreaterThan(rounds);
  });
});

describe("a disk that is full in the midst of a message", () => {
  it("has it rejected with all that is written in one go with it; that is not there afterwards, and others are stored", async () => {
    const path = await newPath();
    // A process may be kept from writing beyond a size: to it, that is a full disk.
    const { stdout, stderr } = spawnSync(
      "prlimit",
      ["--fsize=8192", process.execPath, childPath, "filling", path],
      { encoding: "utf8" },
    );
    const rejected = (id: string) =>
      expect.stringMatching(`^rejected ${id} outbox_unavailable .*EFBIG`);
    expect(stdout.split("\n"), stderr).toEqual([
      "stored a",
      rejected("b"),
      rejected("c"),
      rejected("large"),
      "stored d",
      "",
    ]);
    const store = scope.own(new FileOutboxStore(path), (one) => one.close());
    expect((await store.load()).map(({ id }) => id)).toEqual(["a", "d"]);
  });
});
