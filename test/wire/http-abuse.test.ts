/** HTTP clients that misuse a started server: memory, open files, the log, and what each gets. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { newMonitorId } from "../support/device-socket.ts";
import { errorCodeOf, request } from "../support/http.ts";
import { eventually, within } from "../support/inbox.ts";
import { rawRequest } from "../support/raw-request.ts";
import { needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
const mebi = 1 << 20;
let server: ServerProcess;

beforeAll(async () => {
  const folder = join(await temporaryFolder(file), "task");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "<p>the task</p>");
  await writeFile(join(folder, "large.bin"), Buffer.alloc(4 * mebi, "x"));
  const data = join(await temporaryFolder(file), "data");
  server = await startServer(file, {
    data,
    config: { services: { crowd: { taskDir: folder } } },
  });
});

/** A socket to the server by hand, and what came over it. */
class ByHand {
  readonly socket: Socket;
  received = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
    });
    socket.on("error", () => {});
  }

  static async open(): Promise<ByHand> {
    const socket = scope.own(connect(server.port, "127.0.0.1"), (opened) => opened.destroy());
    const byHand = new ByHand(socket);
    await within(once(socket, "connect"), "a connection");
    return byHand;
  }

  /** Resolves when the system has taken the text. */
  async send(text: string): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(text, "latin1", () => resolve()));
  }

  async until(part: string): Promise<string> {
    await eventually(
      part,
      async () => this.received,
      (text) => text.includes(part),
    );
    return this.received;
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;

async function openFiles(): Promise<number> {
  return (await readdir(`/proc/${server.pid}/fd`)).length;
}

async function healthy(): Promise<void> {
  expect((await request(server.url, "GET /healthz")).status).toBe(200);
}

describe("pipelined requests whose answers nobody reads", () => {
  it.each([
    ["GET", "/large.bin"],
    ["HEAD", "/large.bin"],
    ["GET", "/admin/contracts"],
  ])(
    "of %s %s hold one answer a socket, in bounded memory",
    { timeout: 60_000 },
    async (method, path) => {
      const filesBefore = await openFiles();
      const lazy = await Promise.all(Array.from({ length: 50 }, () => ByHand.open()));
      for (const { socket } of lazy) socket.pause();
      await Promise.all(
        lazy.map(({ socket }) => socket.write(get(path).replace("GET", method).repeat(200))),
      );
      let mostBytes = 0;
      let mostFiles = 0;
      for (let n = 0; n < 40; n++) {
        await healthy();
        mostBytes = Math.max(mostBytes, await server.residentBytes());
        mostFiles = Math.max(mostFiles, await openFiles());
      }
      expect(mostBytes).toBeLessThan(700 * mebi);
      expect(mostFiles - filesBefore).toBeLessThan(50 + 50 + 20);
      for (const { socket } of lazy) socket.destroy();
      await eventually("the files to be closed", openFiles, (count) => count <= filesBefore + 5);
    },
  );

  it("are all there for one who reads", { timeout: 60_000 }, async () => {
    const client = await ByHand.open();
    await client.send(get("/large.bin").repeat(10) + get("/healthz"));
    await eventually(
      "ten large answers",
      async () => client.received.length,
      (length) => length > 40 * mebi,
      50_000,
    );
    await client.until("\r\n\r\nok\n");
  });
});

describe("an upgrade", () => {
  const webSocket = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\n` +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  it.each([
    ["a WebSocket", () => "/lobby?heartbeat=1"],
    ["a Socket.IO WebSocket", () => "/socket.io/?EIO=4&transport=websocket"],
  ])("to %s behind a pending GET comes after its answer", async (_, path) => {
    const client = await ByHand.open();
    await client.send(get("/large.bin") + get("/readyz") + webSocket(path()));
    const received = await client.until("HTTP/1.1 101 Switching Protocols\r\n");
    const head = received.indexOf("HTTP/1.1 101");
    expect(received.slice(0, head)).toMatch(/\r\n\r\nready\n$/);
    expect(received.slice(0, head).length).toBeGreaterThan(4 * mebi);
    // All that follows is frames of the server: text or ping, unmasked.
    const frames = received.slice(received.indexOf("\r\n\r\n", head) + 4);
    if (frames !== "") expect([0x81, 0x89]).toContain(frames.charCodeAt(0));
  });

  it("behind a poll of the same Socket.IO session waits for its answer", async () => {
    const path = "/socket.io/?EIO=4";
    const handshake = await request(server.url, `GET ${path}&transport=polling`);
    const { sid } = JSON.parse(handshake.text.slice(1)) as { sid: string };
    const client = await ByHand.open();
    await client.send(
      get(`${path}&transport=polling&sid=${sid}`) +
        webSocket(`${path}&transport=websocket&sid=${sid}`),
    );
    await healthy();
    expect(client.received).toBe("");
    const post = await fetch(`${server.url}${path}&transport=polling&sid=${sid}`, {
      method: "POST",
      body: `40{"monitor_id":"${newMonitorId()}"}`,
    });
    expect(post.status).toBe(200);
    expect(await client.until("HTTP/1.1 101")).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*HTTP\/1\.1 101/);
  });

  it("that a proxy has stripped is 426, and one to another protocol a plain request", async () => {
    for (const [text, status] of [
      [webSocket("/lobby").replace("Upgrade: websocket\r\n", ""), 426],
      [webSocket("/lobby").replace("websocket", "websockets"), 426],
      [webSocket("/healthz").replace("websocket", "h2c"), 200],
      [get("/lobby"), 426],
    ] as const) {
      const client = await ByHand.open();
      await client.send(text);
      expect(await client.until("\r\n\r\n")).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
    expect(errorCodeOf(await request(server.url, "GET /lobby"))).toBe("upgrade_required");
  });

  describe("by curl", () => {
    needs({ program: "curl", debianPackage: "curl" });
    const curl = async (...args: string[]) =>
      (await promisify(execFile)("curl", ["-sS", "--max-time", "20", ...args])).stdout;

    it("to h2c is answered by HTTP/1.1", async () => {
      const shown = ["-o", "/dev/null", "-w", "%{http_code} %{http_version}"];
      expect(await curl("--http2", ...shown, `${server.url}/healthz`)).toBe("200 1.1");
      const body = JSON.stringify({ USED_AGENT_ID: "x", final_data: "y".repeat(40_000) });
      expect(await curl("--http2", ...shown, "-d", body, `${server.url}/submit_task`)).toMatch(
        /^[24]\d\d 1\.1$/,
      );
    });
  });
});

describe("a request that means nothing", () => {
  it.each([
    ["GET http://user:pass@127.0.0.1/healthz", "a user name or a password"],
    ["GET http://user@127.0.0.1/", "a user name or a password"],
    ["GET http://[/", "malformed"],
  ])("%s is a bad_message", async (route, problem) => {
    const { status, body } = await rawRequest(server.url, route, {});
    expect([status, body]).toEqual([400, expect.stringContaining(problem)]);
    expect(body).toContain("bad_message");
  });

  it("of a method that polling has not is 405", async () => {
    const polling = "/socket.io/?EIO=4&transport=polling";
    const { body } = await rawRequest(server.url, `GET ${polling}`, {});
    const sid = /"sid":"([^"]+)"/.exec(body)?.[1] ?? expect.fail(body);
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const answer = await rawRequest(server.url, `${method} ${polling}&sid=${sid}`, {});
      expect([answer.status, answer.body]).toEqual([405, expect.stringContaining(method)]);
    }
    const joined = await rawRequest(server.url, `POST ${polling}&sid=${sid}`, { body: "40" });
    expect([joined.status, joined.body]).toEqual([200, "ok"]);
  });
});

describe("without a token", () => {
  it("an open route takes 64 KiB", async () => {
    const answer = await request(server.url, "POST /submit_task", {
      body: JSON.stringify(Array.from({ length: 40_000 }, () => 1)),
    });
    expect([answer.status, errorCodeOf(answer)]).toEqual([413, "too_large"]);
    expect(answer.text).toContain("limits.maxUnauthenticatedBytes");
  });

  it("an open route has a rate, which probes do not use up", async () => {
    const limits = { openRequestsPerSecondPerAddress: 1 };
    const slow = await startServer(scope, { config: { limits } });
    const statuses = [];
    for (let n = 0; n < 10; n++)
      statuses.push((await request(slow.url, "POST /log_error", { body: "{}" })).status);
    expect(statuses[0]).toBe(200);
    expect(statuses).toContain(429);
    for (let n = 0; n < 20; n++) expect((await request(slow.url, "GET /healthz")).status).toBe(200);
    const metrics = (await request(slow.url, "GET /metrics")).text;
    expect(metrics).toMatch(
      /switchboard_http_limited_total\{limit="openRequestsPerSecondPerAddress"\} [1-9]/,
    );
    expect(metrics).toMatch(/switchboard_waiting_sockets \d/);
    expect(metrics).toMatch(/switchboard_answer_bytes \d/);
  });
});

it("clients that reset at any point leave nothing in the log", async () => {
  const inputs = [
    get("/healthz"),
    get("/large.bin"),
    get("/healthz").repeat(20),
    get("/socket.io/?EIO=4&transport=polling"),
    get("/console/"),
    "POST /submit_task HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\n{",
    "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n4",
    "TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  ];
  const loggedBefore = server.log.length;
  for (const input of inputs) {
    for (const part of [1, 0.5]) {
      for (const goes of ["resetAndDestroy", "end"] as const) {
        const client = await ByHand.open();
        await client.send(input.slice(0, Math.ceil(input.length * part)));
        client.socket[goes]();
        await healthy();
      }
    }
  }
  expect(server.log.slice(loggedBefore)).toBe("");
});
