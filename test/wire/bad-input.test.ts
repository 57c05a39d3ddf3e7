/** Bad frames and bad JSON on a plain WebSocket and in HTTP bodies: each has its answer, and a bystander misses nothing meanwhile. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { dataOf, errorCodeOf, request } from "../support/http.ts";
import { join, newLobbyId, nextUsers, opening } from "../support/lobby.ts";
import { encodeFrame, opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import type { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
const maxFrameBytes = 200_000;
let server: ServerProcess;
let bystanders: readonly TextSocket[];
let starts = 0;

beforeAll(async () => {
  server = await startServer(file, {
    config: { limits: { maxFrameBytes, maxBodyBytes: 300_000 } },
  });
  const lobby_id = newLobbyId();
  bystanders = [
    await join(file, server.ws(), { user: "host", lobby_id }),
    await join(file, server.ws(), { user: "guest", lobby_id }),
  ];
  await bystanders[0]?.ofType("update");
});

// Nothing of what a test did has reached them, closed them or kept them waiting: what they get next is what they send now.
afterEach(async () => {
  starts += 1;
  bystanders[0]?.send({ type: "start", in: starts });
  for (const bystander of bystanders)
    expect(await bystander.json()).toMatchObject({ type: "start", in: starts });
});

const waitStart = () => ({ type: "wait_start", user: "dan", lobby_id: newLobbyId(), prompt_id: 5 });

/** A player by hand, who has read the first update. */
async function rawPlayer(): Promise<RawWebSocket> {
  const raw = await RawWebSocket.open(scope, server.ws("/lobby"));
  await raw.text(waitStart());
  await raw.frames.until(({ opcode }) => opcode === opcodes.text);
  return raw;
}

describe("a binary frame", () => {
  it("closes with 1003, as the first and as a later one", async () => {
    const first = await opening(
      scope,
      server.ws("/lobby"),
      Buffer.from(JSON.stringify(waitStart())),
    );
    expect(await first.closed()).toMatchObject({ code: 1003 });
    const player = await join(scope, server.ws("/lobby"), { user: "dan", lobby_id: newLobbyId() });
    player.send(Buffer.from('{"type":"start"}'));
    expect(await player.closed()).toMatchObject({ code: 1003 });
    await expect(player.next()).rejects.toThrow("closed with 1003");
  });
});

describe("a frame over the limit", () => {
  const sized = (bytes: number) =>
    JSON.stringify({ ...waitStart(), padding: "" }).replace(
      '""',
      `"${"x".repeat(bytes - emptyBytes)}"`,
    );
  const emptyBytes = JSON.stringify({ ...waitStart(), padding: "" }).length;

  it("is one byte more than what is still taken", async () => {
    const player = await opening(scope, server.ws("/lobby"), sized(maxFrameBytes));
    expect(await nextUsers(player)).toEqual(["dan"]);
    const over = await opening(scope, server.ws("/lobby"), sized(maxFrameBytes + 1));
    expect(await over.closed()).toMatchObject({ code: 1009 });
  });

  it("closes with 1009 before it has all come, and in pieces too", async () => {
    const announced = await RawWebSocket.open(scope, server.ws("/lobby"));
    // The header alone: 1 GiB is to come.
    await announced.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]));
    expect(await announced.closeCode()).toBe(1009);
    const pieces = await RawWebSocket.open(scope, server.ws("/lobby"));
    const piece = "x".repeat(maxFrameBytes / 4);
    await pieces.send(opcodes.text, piece, { fin: false });
    for (let sent = 0; sent < 4; sent += 1)
      await pieces.send(opcodes.continuation, piece, { fin: false });
    expect(await pieces.closeCode()).toBe(1009);
  });

  it("is not one of the greatest size that compression promises", async () => {
    // 100 MB of zeros, were it inflated without a bound; a server that did not agree to compression closes with 1002.
    const raw = await RawWebSocket.open(scope, server.ws("/lobby"));
    await raw.write(
      Buffer.concat([Buffer.from([0xc1]), encodeFrame(opcodes.text, "x".repeat(100)).subarray(1)]),
    );
    expect([1002, 1007, 1009]).toContain(await raw.closeCode());
  });
});

describe("text that is not UTF-8", () => {
  it.each([
    ["a lone continuation byte", [0x80]],
    ["a truncated letter", [0xe2, 0x82]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point beyond the last", [0xf4, 0x90, 0x80, 0x80]],
  ])("closes with 1007: %s", async (_what, bytes) => {
    const message = Buffer.concat([
      Buffer.from('{"type":"start","x":"'),
      Buffer.from(bytes),
      Buffer.from('"}'),
    ]);
    const player = await rawPlayer();
    await player.send(opcodes.text, message);
    expect(await player.closeCode()).toBe(1007);
    const first = await RawWebSocket.open(scope, server.ws("/lobby"));
    await first.send(opcodes.text, message);
    expect(await first.closeCode()).toBe(1007);
  });

  it("is not a letter that is cut by the end of a frame", async () => {
    const message = Buffer.from(JSON.stringify({ ...waitStart(), user: "dän€🎲" }));
    const cut = message.indexOf(0xe2) + 1;
    const raw = await RawWebSocket.open(scope, server.ws("/lobby"));
    await raw.send(opcodes.text, message.subarray(0, cut), { fin: false });
    await raw.send(opcodes.ping, "between");
    await raw.send(opcodes.continuation, message.subarray(cut));
    const update = await raw.frames.until(({ opcode }) => opcode === opcodes.text);
    expect(JSON.parse(update.payload.toString())).toMatchObject({ users: ["dän€🎲"] });
  });
});

describe("a frame that breaks the protocol", () => {
  it.each([
    ["unmasked", encodeFrame(opcodes.text, '{"type":"start"}', { masked: false })],
    ["of a reserved opcode", encodeFrame(3, "x")],
    [
      "with a reserved bit",
      Buffer.concat([Buffer.from([0xa1]), encodeFrame(opcodes.text, "x").subarray(1)]),
    ],
    ["a ping in pieces", encodeFrame(opcodes.ping, "x", { fin: false })],
    ["a ping that is too long", encodeFrame(opcodes.ping, "x".repeat(126))],
    ["a continuation of nothing", encodeFrame(opcodes.continuation, "x")],
  ])("closes with 1002: %s", async (_what, bytes) => {
    const player = await rawPlayer();
    await player.write(bytes);
    expect(await player.closeCode()).toBe(1002);
  });

  it("does not when it is only half there: others are served, and it may still be completed", async () => {
    const raw = await RawWebSocket.open(scope, server.ws("/lobby"));
    const bytes = encodeFrame(opcodes.text, JSON.stringify(waitStart()));
    await raw.write(bytes.subarray(0, 20));
    await join(scope, server.ws("/lobby"), { user: "eve", lobby_id: newLobbyId() });
    await raw.write(bytes.subarray(20));
    await raw.frames.until(({ opcode }) => opcode === opcodes.text);
  });

  it("does not when it is a ping, which is answered with what it carries", async () => {
    const raw = await RawWebSocket.open(scope, server.ws("/lobby"));
    await raw.send(opcodes.ping, "are you there?");
    const pong = await raw.frames.until(({ opcode }) => opcode === opcodes.pong);
    expect(pong.payload.toString()).toBe("are you there?");
  });
});

/** `[[[…]]]`, deeper than any stack. */
const nested = `${"[".repeat(90_000)}${"]".repeat(90_000)}`;

describe("JSON that is hostile", () => {
  it("may be nested as deep as a frame allows: as a first message it opens nothing, as a later one it is ignored", async () => {
    for (const first of [
      nested,
      `{"a":`.repeat(30_000) + 1 + "}".repeat(30_000),
      "[".repeat(maxFrameBytes),
    ]) {
      const socket = await opening(scope, server.ws("/lobby"), first);
      expect(await socket.closed()).toEqual({ code: 1000, reason: "invalid message type" });
    }
    const player = await join(scope, server.ws("/lobby"), { user: "dan", lobby_id: newLobbyId() });
    player.send(nested);
    player.send(`{"type":${nested}}`);
    player.send('{"type":"start","in":9}');
    expect(await player.json()).toMatchObject({ type: "start", in: 9 });
  });

  it("may be nested up to limits.maxJsonDepth in a field that is not looked at", async () => {
    const deep = (levels: number) =>
      JSON.stringify(waitStart()).replace(
        "{",
        `{"deep":${"[".repeat(levels)}${"]".repeat(levels)},`,
      );
    // The message itself is one level, and 64 are allowed.
    const player = await opening(scope, server.ws("/lobby"), deep(63));
    expect(await nextUsers(player)).toEqual(["dan"]);
    const refused = await opening(scope, server.ws("/lobby"), deep(64));
    expect(await refused.closed()).toEqual({ code: 1000, reason: "invalid message type" });
  });

  it("may name what every object has: these are names and ids as any others", async () => {
    for (const word of ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"]) {
      const prompt_id = newLobbyId();
      const first = await join(scope, server.ws("/lobby"), {
        user: word,
        lobby_id: word,
        prompt_id,
      });
      const second = await opening(scope, server.ws("/lobby"), {
        type: "wait_start",
        user: word,
        lobby_id: word,
        prompt_id,
      });
      expect(await nextUsers(second)).toEqual([word, `also ${word}`]);
      expect(await nextUsers(first)).toEqual([word, `also ${word}`]);
    }
  });

  it("does not lend a message fields through __proto__ or constructor", async () => {
    const inner = JSON.stringify(waitStart());
    for (const first of [
      `{"__proto__":${inner}}`,
      `{"constructor":{"prototype":${inner}}}`,
      `{"type":"wait_start","__proto__":${inner}}`,
    ]) {
      const socket = await opening(scope, server.ws("/lobby"), first);
      expect(await socket.closed()).toEqual({ code: 1000, reason: "invalid message type" });
    }
    // And no message that came later has them either.
    const after = await opening(scope, server.ws("/lobby"), "{}");
    expect(await after.closed()).toEqual({ code: 1000, reason: "invalid message type" });
  });

  it("counts the last of duplicate keys", async () => {
    const prompt_id = newLobbyId();
    const text = `{"type":"nonsense","user":"eve","type":"wait_start","lobby_id":1,"prompt_id":"${prompt_id}","user":"dan"}`;
    const player = await opening(scope, server.ws("/lobby"), text);
    expect(await nextUsers(player)).toEqual(["dan"]);
  });
});

describe("an HTTP request that is bad", () => {
  const monitorId = "m".repeat(32);
  const post = (body: string) =>
    request(server.url, `POST /devices/${monitorId}/commands`, { body });

  it("is answered with 413 too_large over the limit of a body", async () => {
    const answer = await post(JSON.stringify({ command: "x".repeat(300_001) }));
    expect(answer.status).toBe(413);
    expect(errorCodeOf(answer)).toBe("too_large");
  });

  it.each([
    nested,
    `{"command":${nested}}`,
    '{"__proto__":{"command":"x"}}',
    "\u0000",
    '{"command":"x"',
  ])("is answered with 400, whatever is in the body (%#)", async (body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    errorCodeOf(answer);
  });

  it("is answered with an error where the path cannot be decoded", async () => {
    for (const path of ["/devices/%E0%A4%A/commands", "/lobbies/%ff/prompt-updates", "/%"]) {
      const answer = await request(server.url, `POST ${path}`, { body: { command: "x" } });
      expect([400, 404], path).toContain(answer.status);
    }
    dataOf(await request(server.url, "GET /lobbies"));
  });
});
