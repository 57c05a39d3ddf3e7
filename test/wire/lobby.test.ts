/** lobby as its existing clients know it: what the document says and what the original does. */
import { beforeAll, describe, expect, it } from "vitest";
import { join, newLobbyId, nextUsers, nothingCame, opening, watching } from "../support/lobby.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

describe.each(["/", "/lobby"])("waiting at %s", (path) => {
  it("lists the newcomer to everybody, the newcomer too, in the order of joining", async () => {
    const lobby_id = newLobbyId();
    const dan = await opening(scope, server.ws(path), {
      type: "wait_start",
      user: "dan",
      lobby_id,
      prompt_id: 5,
    });
    expect(await dan.json()).toMatchObject({ type: "update", users: ["dan"] });
    const eve = await opening(scope, server.ws(path), {
      type: "wait_start",
      user: "eve",
      lobby_id,
      prompt_id: 5,
    });
    expect(await eve.json()).toMatchObject({ type: "update", users: ["dan", "eve"] });
    expect(await dan.json()).toMatchObject({ type: "update", users: ["dan", "eve"] });
  });

  it("tells those who stay of each leave", async () => {
    const lobby_id = newLobbyId();
    const dan = await join(scope, server.ws(path), { user: "dan", lobby_id });
    const eve = await join(scope, server.ws(path), { user: "eve", lobby_id });
    expect(await nextUsers(dan)).toEqual(["dan", "eve"]);
    dan.close();
    expect(await nextUsers(eve)).toEqual(["eve"]);
    const mia = await join(scope, server.ws(path), { user: "mia", lobby_id });
    expect(await nextUsers(eve)).toEqual(["eve", "mia"]);
    mia.terminate();
    expect(await nextUsers(eve)).toEqual(["eve"]);
  });

  it("sends start to everybody who waits, the sender too", async () => {
    const lobby_id = newLobbyId();
    const dan = await join(scope, server.ws(path), { user: "dan", lobby_id });
    const eve = await join(scope, server.ws(path), { user: "eve", lobby_id });
    await nextUsers(dan);
    // With the fields that clients add.
    eve.send({ type: "start", lobby_id, prompt_id: 5 });
    expect(await dan.json()).toMatchObject({ type: "start" });
    expect(await eve.json()).toMatchObject({ type: "start" });
    // As the document writes it.
    dan.send({ type: "start" });
    expect(await dan.json()).toMatchObject({ type: "start" });
    expect(await eve.json()).toMatchObject({ type: "start" });
  });

  it("sends a start that is pipelined behind wait_start", async () => {
    const dan = await TextSocket.open(scope, server.ws(path));
    dan.send({ type: "wait_start", user: "dan", lobby_id: newLobbyId(), prompt_id: 5 });
    dan.send({ type: "start" });
    expect(await dan.json()).toMatchObject({ type: "update", users: ["dan"] });
    expect(await dan.json()).toMatchObject({ type: "start" });
  });
});

describe("rooms", () => {
  it("keeps lobbies apart, and prompts of one lobby", async () => {
    const lobby_id = newLobbyId();
    const here = await join(scope, server.ws(), { user: "here", lobby_id, prompt_id: 5 });
    const otherPrompt = await join(scope, server.ws(), { user: "prompt", lobby_id, prompt_id: 6 });
    const otherLobby = await join(scope, server.ws(), {
      user: "lobby",
      lobby_id: newLobbyId(),
      prompt_id: 5,
    });
    here.send({ type: "start" });
    await here.ofType("start");
    otherPrompt.send({ type: "start", in: 1 });
    otherLobby.send({ type: "start", in: 2 });
    expect(await otherPrompt.json()).toMatchObject({ type: "start", in: 1 });
    expect(await otherLobby.json()).toMatchObject({ type: "start", in: 2 });
  });

  it('takes ids as numbers or strings, and 10 for the same as "10"', async () => {
    const lobby = 1_000_000 + Math.floor(Math.random() * 1e9);
    const dan = await join(scope, server.ws(), { user: "dan", lobby_id: lobby, prompt_id: 5 });
    const eve = await opening(scope, server.ws(), {
      type: "wait_start",
      user: "eve",
      lobby_id: String(lobby),
      prompt_id: "5",
    });
    expect(await nextUsers(eve)).toEqual(["dan", "eve"]);
    expect(await nextUsers(dan)).toEqual(["dan", "eve"]);
  });

  it.each([
    "a b/c.d",
    "..",
    "*",
    ">",
    "",
    "ünï→✓🎲",
    "%2F",
    "__proto__",
    "constructor",
    "ü".repeat(100),
  ])("takes the id %j", async (id) => {
    // The prompt id makes it this test's own room, whatever other tests do with the same lobby id.
    const prompt_id = `${newLobbyId()} ${id}`;
    const dan = await join(scope, server.ws(), { user: "dan", lobby_id: id, prompt_id });
    const eve = await opening(scope, server.ws(), {
      type: "wait_start",
      user: "eve",
      lobby_id: id,
      prompt_id,
    });
    expect(await nextUsers(eve)).toEqual(["dan", "eve"]);
    eve.send({ type: "start" });
    await nextUsers(dan);
    expect(await dan.json()).toMatchObject({ type: "start" });
  });
});

describe("names", () => {
  it("lists a second of one name as `also NAME` and a third as `also also NAME`", async () => {
    const lobby_id = newLobbyId();
    const first = await join(scope, server.ws(), { user: "dan", lobby_id });
    await join(scope, server.ws(), { user: "dan", lobby_id });
    expect(await nextUsers(first)).toEqual(["dan", "also dan"]);
    await join(scope, server.ws(), { user: "dan", lobby_id });
    expect(await nextUsers(first)).toEqual(["dan", "also dan", "also also dan"]);
  });

  it("keeps a name as it was at the join, and gives a freed one again", async () => {
    const lobby_id = newLobbyId();
    const first = await join(scope, server.ws(), { user: "dan", lobby_id });
    const second = await join(scope, server.ws(), { user: "dan", lobby_id });
    first.close();
    expect(await nextUsers(second)).toEqual(["also dan"]);
    const third = await opening(scope, server.ws(), {
      type: "wait_start",
      user: "dan",
      lobby_id,
      prompt_id: 5,
    });
    expect(await nextUsers(third)).toEqual(["also dan", "dan"]);
  });

  it("gives everybody a name of their own, also where somebody is really called `also dan`", async () => {
    const lobby_id = newLobbyId();
    await join(scope, server.ws(), { user: "dan", lobby_id });
    await join(scope, server.ws(), { user: "also dan", lobby_id });
    const third = await opening(scope, server.ws(), {
      type: "wait_start",
      user: "dan",
      lobby_id,
      prompt_id: 5,
    });
    expect(await nextUsers(third)).toEqual(["dan", "also dan", "also also dan"]);
  });
});

describe("leaderboards", () => {
  const watch = (lobby_id: unknown, prompt_id: unknown = 5) =>
    watching(scope, server.ws(), { type: "leaderboard", lobby_id, prompt_id });
  const signal = (lobby_id: unknown, prompt_id: unknown = 5) =>
    opening(scope, server.ws(), { type: "leaderboard_update", lobby_id, prompt_id });

  it("sends the bare word refresh to every viewer of that leaderboard, and closes the sender", async () => {
    const lobby_id = newLobbyId();
    const viewers = [await watch(lobby_id), await watch(lobby_id)];
    const otherPrompt = await watch(lobby_id, 6);
    const otherLobby = await watch(newLobbyId());
    const sender = await signal(lobby_id);
    for (const viewer of viewers) expect(await viewer.next()).toBe("refresh");
    expect(await sender.closed()).toMatchObject({ code: 1000 });
    await nothingCame(otherPrompt);
    await nothingCame(otherLobby);
    await expect(sender.next()).rejects.toThrow("closed with 1000");
  });

  it("sends one refresh a signal to whoever keeps up", async () => {
    const lobby_id = newLobbyId();
    const viewer = await watch(lobby_id);
    for (let sent = 0; sent < 20; sent += 1) {
      await signal(lobby_id);
      expect(await viewer.next()).toBe("refresh");
    }
    await nothingCame(viewer);
  });

  it("counts a signal whose sender closes at once after sending", async () => {
    const lobby_id = newLobbyId();
    const viewer = await watch(lobby_id);
    for (let sent = 0; sent < 20; sent += 1) {
      const sender = await signal(lobby_id);
      sender.close();
      expect(await viewer.next()).toBe("refresh");
    }
  });

  it("takes number and string ids for the same leaderboard", async () => {
    const lobby = 1_000_000 + Math.floor(Math.random() * 1e9);
    const viewer = await watch(String(lobby), 5);
    await signal(lobby, "5");
    expect(await viewer.next()).toBe("refresh");
  });

  it.each([
    { lobby_id: null, prompt_id: null },
    { lobby_id: null, prompt_id: 5 },
    { lobby_id: 10, prompt_id: null },
  ])("closes a signal with null ids as any other: %j", async (ids) => {
    const sender = await opening(scope, server.ws(), { type: "leaderboard_update", ...ids });
    const { code, reason } = await sender.closed();
    expect(code).toBe(1000);
    expect(reason).not.toBe("invalid message type");
  });

  it("serves a viewer that did not ask for errors", async () => {
    const lobby_id = newLobbyId();
    const viewer = await opening(scope, server.ws(), {
      type: "leaderboard",
      lobby_id,
      prompt_id: 5,
    });
    // Nothing shows when such a viewer is there: signal until it hears of one.
    const heard = viewer.next();
    let settled = false;
    const settle = () => {
      settled = true;
    };
    void heard.then(settle, settle);
    while (!settled) await (await signal(lobby_id)).closed();
    expect(await heard).toBe("refresh");
  });
});

describe("a lobby's prompts", () => {
  it("sends refresh to every viewer, the sender too, at every update", async () => {
    const lobby_id = newLobbyId();
    const host = await watching(scope, server.ws(), { type: "lobby_prompts", lobby_id });
    const guest = await watching(scope, server.ws(), {
      type: "lobby_prompts",
      lobby_id: String(lobby_id),
    });
    const elsewhere = await watching(scope, server.ws(), {
      type: "lobby_prompts",
      lobby_id: newLobbyId(),
    });
    for (let sent = 0; sent < 3; sent += 1) {
      host.send({ type: "lobby_prompts_update" });
      expect(await host.next()).toBe("refresh");
      expect(await guest.next()).toBe("refresh");
    }
    guest.send({ type: "lobby_prompts_update" });
    expect(await host.next()).toBe("refresh");
    expect(await guest.next()).toBe("refresh");
    for (const viewer of [host, guest, elsewhere]) await nothingCame(viewer);
  });

  it("needs no question for errors", async () => {
    const host = await opening(scope, server.ws(), {
      type: "lobby_prompts",
      lobby_id: newLobbyId(),
    });
    host.send({ type: "lobby_prompts_update" });
    expect(await host.next()).toBe("refresh");
  });

  it("does not refresh leaderboards of that lobby, nor players", async () => {
    const lobby_id = newLobbyId();
    const board = await watching(scope, server.ws(), {
      type: "leaderboard",
      lobby_id,
      prompt_id: 5,
    });
    const player = await join(scope, `${server.ws()}?errors=1`, { user: "dan", lobby_id });
    const host = await opening(scope, server.ws(), { type: "lobby_prompts", lobby_id });
    host.send({ type: "lobby_prompts_update" });
    expect(await host.next()).toBe("refresh");
    await nothingCame(board);
    await nothingCame(player);
  });
});
