/** The lobby served: what the wire tests of third-party clients do not reach. */
import { afterEach, describe, expect, it } from "vitest";
import { TestServer, type TextClient } from "../../testing/index.ts";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(lobby: object = {}): Promise<TestServer> {
  server = await TestServer.start({ config: { services: { lobby } } });
  return server;
}

async function join(
  at: TestServer,
  user: string,
  more: object = {},
): Promise<{ client: TextClient; users: unknown }> {
  const client = await at.open("/lobby?errors=1");
  client.send({ type: "wait_start", user, lobby_id: 10, prompt_id: 5, ...more });
  const first = (await client.nextJson()) as { users?: unknown };
  return { client, users: first.users };
}

describe("limits", () => {
  it("turns away one player more than maxPlayers, with 1013, and takes the next one when there is room", async () => {
    const at = await start({ maxPlayers: 2 });
    const dan = await join(at, "dan");
    await join(at, "eve");
    const third = await at.open("/lobby?errors=1");
    third.send({ type: "wait_start", user: "fay", lobby_id: 10, prompt_id: 5 });
    expect(await third.nextJson()).toMatchObject({
      type: "error",
      code: "over_capacity",
      message: expect.stringContaining("maxPlayers"),
    });
    expect(await third.closed()).toMatchObject({ code: 1013 });
    await dan.client.leave();
    expect((await join(at, "fay")).users).toEqual(["eve", "fay"]);
  });

  it("does not let names grow without end", async () => {
    const at = await start();
    const players = [];
    for (let i = 0; i < 100; i++) players.push(await join(at, "dan"));
    const last = players.at(-1)?.users as string[];
    expect(last[99]).toBe(`${"also ".repeat(99)}dan`);
    const one = await at.open("/lobby");
    one.send({ type: "wait_start", user: "dan", lobby_id: 10, prompt_id: 5 });
    expect(await one.closed()).toMatchObject({
      code: 1013,
      reason: expect.stringContaining("choose another name"),
    });
  });
});

describe("a room whose lists are larger than its rate", () => {
  it("tells everybody fewer lists, and the newest in the end; a start goes to all at once", async () => {
    const at = await start({ updateBytesPerSecond: 1 << 16 });
    const players: TextClient[] = [];
    for (let nth = 0; nth < 40; nth++)
      players.push((await join(at, `${"x".repeat(90)} ${nth}`)).client);
    let updates = 0;
    for (const player of players) {
      for (let users = 0; users !== 40; updates++) {
        const message = (await player.nextJson()) as { users: unknown[] };
        users = message.users.length;
      }
    }
    // Each join to each player would be 820, of which each has read its first.
    expect(updates).toBeLessThan(500);
    players[0]?.send({ type: "start", in: 7 });
    for (const player of players) expect(await player.nextJson()).toMatchObject({ in: 7 });
  });
});

describe("a connection is one thing", () => {
  it.each([
    [{ type: "wait_start", user: "dan", lobby_id: 1, prompt_id: 1 }],
    [{ type: "leaderboard", lobby_id: 1, prompt_id: 1 }],
    [{ type: "lobby_prompts", lobby_id: 1 }],
    [{ type: "leaderboard_update", lobby_id: 1, prompt_id: 1 }],
  ])("and a later %o changes nothing", async (second) => {
    const at = await start();
    const { client } = await join(at, "eve");
    client.send(second);
    expect(await client.nextJson()).toMatchObject({ type: "error", code: "wrong_state" });
    client.send({ type: "start", in: 7 });
    expect(await client.nextJson()).toMatchObject({ type: "start", in: 7 });
  });

  it("only a viewer of prompts can update them, only who waits can start", async () => {
    const at = await start();
    const viewer = await at.open("/?errors=1");
    viewer.send({ type: "leaderboard", lobby_id: 1, prompt_id: 1 });
    viewer.send({ type: "lobby_prompts_update" });
    expect(await viewer.nextJson()).toMatchObject({ code: "wrong_state" });
    viewer.send({ type: "start" });
    expect(await viewer.nextJson()).toMatchObject({ code: "wrong_state" });
  });
});

describe("resume", () => {
  it("ends the older of two living connections with 4409, and nobody sees a leave or a join", async () => {
    const at = await start();
    const eve = await join(at, "eve");
    const dan = await join(at, "dan", { resume: "secret" });
    expect(await eve.client.nextJson()).toMatchObject({ users: ["eve", "dan"] });
    const again = await join(at, "dan", { resume: "secret" });
    expect(again.users).toEqual(["eve", "dan"]);
    expect(await dan.client.closed()).toMatchObject({ code: 4409 });
    again.client.send({ type: "start" });
    expect(await eve.client.nextJson()).toMatchObject({ type: "start" });
  });

  it("with another secret is another player", async () => {
    const at = await start();
    await join(at, "dan", { resume: "secret" });
    expect((await join(at, "dan", { resume: "guess" })).users).toEqual(["dan", "also dan"]);
  });
});

describe("errors", () => {
  it("are told only to who asked", async () => {
    const at = await start();
    const quiet = await at.open("/lobby");
    quiet.send({ type: "wait_start", user: "dan", lobby_id: 10, prompt_id: 5 });
    await quiet.next();
    quiet.send("no json");
    quiet.send({ type: "start", in: "soon" });
    quiet.send({ type: "start", in: 1 });
    expect(await quiet.nextJson()).toMatchObject({ type: "start", in: 1 });
    const loud = await join(at, "eve");
    loud.client.send({ type: "start", in: "soon" });
    const { code, message } = (await loud.client.nextJson()) as { code: string; message: string };
    expect(code).toBe("bad_message");
    expect(message).toContain('"in" is "soon"');
  });
});
