/** lobby over HTTP, and on a listener of its own. */
import { beforeAll, describe, expect, it } from "vitest";
import { dataOf, mentioning, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { join, newLobbyId, nothingCame, opening, watching } from "../support/lobby.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket, UpgradeRefused } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file, { config: { listeners: [{ port: 0, service: "lobby" }] } });
});

describe("signals by HTTP", () => {
  it.each([
    ["no body", {}],
    ["a JSON body", { body: {} }],
    [
      "a form's Content-Type",
      { body: "{}", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ],
  ])("refresh the viewers of a leaderboard: %s", async (_what, options) => {
    const lobby_id = newLobbyId();
    const viewer = await watching(scope, server.ws(), {
      type: "leaderboard",
      lobby_id,
      prompt_id: 5,
    });
    const other = await watching(scope, server.ws(), {
      type: "leaderboard",
      lobby_id,
      prompt_id: 6,
    });
    const prompts = await watching(scope, server.ws(), { type: "lobby_prompts", lobby_id });
    dataOf(
      await request(server.url, `POST /lobbies/${lobby_id}/prompts/5/leaderboard-updates`, options),
    );
    expect(await viewer.next()).toBe("refresh");
    await nothingCame(other);
    await nothingCame(prompts);
  });

  it("refresh the viewers of a lobby's prompts", async () => {
    const lobby_id = newLobbyId();
    const viewer = await watching(scope, server.ws(), { type: "lobby_prompts", lobby_id });
    const other = await watching(scope, server.ws(), {
      type: "lobby_prompts",
      lobby_id: newLobbyId(),
    });
    const board = await watching(scope, server.ws(), {
      type: "leaderboard",
      lobby_id,
      prompt_id: 5,
    });
    dataOf(await request(server.url, `POST /lobbies/${lobby_id}/prompt-updates`));
    expect(await viewer.next()).toBe("refresh");
    await nothingCame(other);
    await nothingCame(board);
  });

  it("take a numeric id for the one that clients send as a number", async () => {
    const lobby = 1_000_000 + Math.floor(Math.random() * 1e9);
    const viewer = await watching(scope, server.ws(), {
      type: "leaderboard",
      lobby_id: lobby,
      prompt_id: 5,
    });
    await request(server.url, `POST /lobbies/${lobby}/prompts/5/leaderboard-updates`);
    expect(await viewer.next()).toBe("refresh");
  });

  it("take an id with a slash and other letters, encoded", async () => {
    const lobby_id = `a/b ü ${newLobbyId()}`;
    const viewer = await watching(scope, server.ws(), { type: "lobby_prompts", lobby_id });
    dataOf(
      await request(server.url, `POST /lobbies/${encodeURIComponent(lobby_id)}/prompt-updates`),
    );
    expect(await viewer.next()).toBe("refresh");
  });

  it("are accepted where nobody watches", async () => {
    dataOf(await request(server.url, `POST /lobbies/${newLobbyId()}/prompt-updates`));
  });
});

describe("GET /lobbies", () => {
  const lobbies = async () => dataOf(await request(server.url, "GET /lobbies"));

  it("shows who waits where", async () => {
    const [here, there] = [newLobbyId(), newLobbyId()];
    await join(scope, server.ws(), { user: "dan", lobby_id: here, prompt_id: 501 });
    await join(scope, server.ws(), { user: "dan", lobby_id: here, prompt_id: 501 });
    await join(scope, server.ws(), { user: "mia", lobby_id: there, prompt_id: 502 });
    const data = await lobbies();
    expect(mentioning(data, here, 501, "dan", "also dan")).toBeDefined();
    expect(mentioning(data, there, 502, "mia")).toBeDefined();
    expect(mentioning(mentioning(data, here, 501, "dan"), "mia")).toBeUndefined();
  });

  it("forgets who has left", async () => {
    const lobby_id = newLobbyId();
    const dan = await join(scope, server.ws(), { user: "dan", lobby_id });
    dan.close();
    await eventually(
      "an empty lobby",
      lobbies,
      (data) => mentioning(data, lobby_id, "dan") === undefined,
    );
  });
});

describe("a listener given to lobby", () => {
  const own = () => {
    const [, url] = server.urls;
    if (url === undefined) throw new Error(`the ready line has no second URL: ${server.stdout}`);
    return url.replace(/^http/, "ws");
  };

  it.each(["/", "/lobby", "/ws/speedruns/live", "/any?user=dan", "/socket"])(
    "serves it at %s",
    async (path) => {
      const lobby_id = newLobbyId();
      const dan = await opening(scope, `${own()}${path}`, {
        type: "wait_start",
        user: "dan",
        lobby_id,
        prompt_id: 5,
      });
      expect(await dan.json()).toMatchObject({ type: "update", users: ["dan"] });
      // It is the same lobby as on the main listener.
      await join(scope, server.ws(), { user: "eve", lobby_id });
      expect(await dan.json()).toMatchObject({ users: ["dan", "eve"] });
    },
  );

  it("does not make the main listener take any path", async () => {
    await expect(TextSocket.open(scope, server.ws("/ws/speedruns/live"))).rejects.toThrow(
      UpgradeRefused,
    );
  });
});
