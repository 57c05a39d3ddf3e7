/** lobby: first messages that open nothing, later ones that are ignored, and errors for those who asked for them. */
import { beforeAll, describe, expect, it } from "vitest";
import { join, newLobbyId, nothingCame, opening, watching } from "../support/lobby.ts";
import { opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

const openNothing: readonly unknown[] = [
  "no JSON",
  "",
  "refresh",
  "[]",
  "null",
  "5",
  '"wait_start"',
  [{ type: "wait_start", user: "dan", lobby_id: 10, prompt_id: 5 }],
  {},
  { type: null },
  { type: "nonsense" },
  { type: "WAIT_START", user: "dan", lobby_id: 10, prompt_id: 5 },
  { type: ["wait_start"], user: "dan", lobby_id: 10, prompt_id: 5 },
  { user: "dan", lobby_id: 10, prompt_id: 5 },
  { type: "wait_start" },
  { type: "wait_start", lobby_id: 10, prompt_id: 5 },
  { type: "wait_start", user: "dan", prompt_id: 5 },
  { type: "wait_start", user: "dan", lobby_id: 10 },
  { type: "wait_start", user: 7, lobby_id: 10, prompt_id: 5 },
  { type: "wait_start", user: null, lobby_id: 10, prompt_id: 5 },
  { type: "wait_start", user: "dan", lobby_id: { id: 10 }, prompt_id: 5 },
  { type: "wait_start", user: "dan", lobby_id: 10, prompt_id: [5] },
  { type: "wait_start", user: "dan", lobby_id: true, prompt_id: 5 },
  { type: "leaderboard", lobby_id: 10 },
  { type: "leaderboard", prompt_id: 5 },
  { type: "leaderboard_update" },
  { type: "lobby_prompts" },
  // These belong behind a first message.
  { type: "start" },
  { type: "lobby_prompts_update" },
  { type: "__proto__" },
  { type: "constructor" },
];

describe("a first message that opens nothing", () => {
  it.each(openNothing)("closes with 1000 `invalid message type`: %j", async (first) => {
    const socket = await opening(scope, server.ws("/lobby"), first);
    expect(await socket.closed()).toEqual({ code: 1000, reason: "invalid message type" });
    await expect(socket.next()).rejects.toThrow("closed");
  });

  it("does so at `/` too", async () => {
    const socket = await opening(scope, server.ws("/"), { type: "wait_start", user: "dan" });
    expect(await socket.closed()).toEqual({ code: 1000, reason: "invalid message type" });
  });

  it("is judged by itself: a good one behind it opens nothing either", async () => {
    const lobby_id = newLobbyId();
    const socket = await opening(scope, server.ws("/lobby"), "no JSON");
    socket.send({ type: "wait_start", user: "ghost", lobby_id, prompt_id: 5 });
    expect(await socket.closed()).toEqual({ code: 1000, reason: "invalid message type" });
    const dan = await opening(scope, server.ws("/lobby"), {
      type: "wait_start",
      user: "dan",
      lobby_id,
      prompt_id: 5,
    });
    expect(await dan.json()).toMatchObject({ users: ["dan"] });
  });
});

const ignoredLater: readonly unknown[] = [
  "no JSON",
  "",
  "[]",
  "null",
  { type: "nonsense" },
  {},
  { type: 5 },
  { type: "lobby_prompts_update" },
  { type: "leaderboard_update" },
  { type: "__proto__" },
];

describe("a later message that is bad", () => {
  it("is ignored from a player, who plays on", async () => {
    const player = await join(scope, server.ws(), { user: "dan", lobby_id: newLobbyId() });
    for (const message of ignoredLater) player.send(message);
    player.send({ type: "start" });
    expect(await player.json()).toMatchObject({ type: "start" });
  });

  it("is ignored from a viewer of a leaderboard, start too", async () => {
    const lobby_id = newLobbyId();
    const player = await join(scope, `${server.ws()}?errors=1`, { user: "dan", lobby_id });
    const viewer = await watching(scope, server.ws(), {
      type: "leaderboard",
      lobby_id,
      prompt_id: 5,
    });
    viewer.send({ type: "start", lobby_id, prompt_id: 5 });
    expect(await viewer.json()).toMatchObject({ type: "error" });
    await nothingCame(player);
    await opening(scope, server.ws(), { type: "leaderboard_update", lobby_id, prompt_id: 5 });
    expect(await viewer.next()).toBe("refresh");
  });

  it("is ignored from a viewer of prompts", async () => {
    const viewer = await opening(scope, server.ws(), {
      type: "lobby_prompts",
      lobby_id: newLobbyId(),
    });
    for (const message of ["no JSON", {}, { type: "start" }, { type: 5 }]) viewer.send(message);
    viewer.send({ type: "lobby_prompts_update" });
    expect(await viewer.next()).toBe("refresh");
  });

  it("may carry unknown fields, which are no error", async () => {
    const lobby_id = newLobbyId();
    const first = {
      type: "wait_start",
      user: "dan",
      lobby_id,
      prompt_id: 5,
      colour: "red",
      nested: { deep: [1] },
    };
    const player = await opening(scope, `${server.ws()}?errors=1`, first);
    expect(await player.json()).toMatchObject({ type: "update", users: ["dan"] });
    player.send({ type: "start", colour: "red" });
    expect(await player.json()).toMatchObject({ type: "start" });
  });
});

describe("errors", () => {
  it.each([
    { how: "the query errors=1", path: "/lobby?errors=1", protocols: [] },
    { how: "the subprotocol switchboard.v1", path: "/lobby", protocols: ["switchboard.v1"] },
  ])("are told to a connection that asked by $how", async ({ path, protocols }) => {
    const player = await join(
      scope,
      server.ws(path),
      { user: "dan", lobby_id: newLobbyId() },
      { protocols },
    );
    expect(player.protocol).toBe(protocols[0] ?? "");
    for (const bad of ignoredLater) {
      player.send(bad);
      const error = await player.json();
      expect(error).toEqual({
        ...error,
        type: "error",
        code: expect.any(String),
        message: expect.any(String),
      });
    }
    player.send({ type: "start" });
    expect(await player.json()).toMatchObject({ type: "start" });
  });

  it("say what is wrong: bad_json for what is no JSON, unknown_message for a type that does not exist", async () => {
    const player = await join(scope, server.ws("/lobby?errors=1"), {
      user: "dan",
      lobby_id: newLobbyId(),
    });
    player.send("no JSON");
    expect(await player.json()).toMatchObject({ code: "bad_json" });
    player.send({ type: "nonsense" });
    expect(await player.json()).toMatchObject({ code: "unknown_message" });
  });

  it("are not told to one that did not ask, nor with errors=0", async () => {
    for (const path of ["/lobby", "/lobby?errors=0", "/lobby?errors"]) {
      const player = await join(scope, server.ws(path), { user: "dan", lobby_id: newLobbyId() });
      player.send("no JSON");
      player.send({ type: "start" });
      expect(await player.json()).toMatchObject({ type: "start" });
    }
  });

  it("of a first message come before its close", async () => {
    const socket = await opening(scope, server.ws("/lobby?errors=1"), { type: "wait_start" });
    expect(await socket.closed()).toEqual({ code: 1000, reason: "invalid message type" });
    expect(await socket.json()).toMatchObject({ type: "error" });
  });
});

describe("leaving", () => {
  it("counts from the close frame, not from the end of TCP", async () => {
    const lobby_id = newLobbyId();
    const dan = await join(scope, server.ws(), { user: "dan", lobby_id });
    const leaver = await RawWebSocket.open(scope, server.ws());
    await leaver.text({ type: "wait_start", user: "eve", lobby_id, prompt_id: 5 });
    expect(await dan.json()).toMatchObject({ users: ["dan", "eve"] });
    // The TCP connection stays open: this client never ends it.
    await leaver.send(opcodes.close, Buffer.from([0x03, 0xe8]));
    expect(await dan.json()).toMatchObject({ users: ["dan"] });
  });
});
