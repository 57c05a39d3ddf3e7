/** Static tokens: where they are carried, what a bad one brings, and that they end when they are revoked. */
import { join as joinPath } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken, revokeToken } from "../support/cli.ts";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { dataOf, errorCodeOf, request } from "../support/http.ts";
import { join, newLobbyId, nextUsers, opening } from "../support/lobby.ts";
import { refusal } from "../support/refusal.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import {
  launchServer,
  type ServerProcess,
  startServer,
  temporaryFolder,
} from "../support/server-process.ts";
import { type OpenOptions, TextSocket, UpgradeRefused } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;
let data: string;
let token: string;
const badToken = "not-a-token-of-this-server-0123456789";

beforeAll(async () => {
  data = joinPath(await temporaryFolder(file), "data");
  token = await createToken(data, {
    name: "site",
    roles: ["lobby.host", "devices.user", "devices.monitor"],
  });
  const config = {
    auth: { enabled: true },
    limits: { authTimeoutMs: 500 },
    log: { level: "debug" },
  };
  server = await startServer(file, { data, config });
});

/** Every place in which a WebSocket may carry a token. */
const places: readonly {
  readonly place: string;
  readonly carry: (value: string) => { path?: string } & OpenOptions;
}[] = [
  {
    place: "Authorization: Bearer",
    carry: (value) => ({ headers: { authorization: `Bearer ${value}` } }),
  },
  {
    place: "Authorization: bearer",
    carry: (value) => ({ headers: { authorization: `bearer ${value}` } }),
  },
  {
    place: "AUTHORIZATION: BEARER",
    carry: (value) => ({ headers: { AUTHORIZATION: `BEARER ${value}` } }),
  },
  { place: "?token=", carry: (value) => ({ path: `/lobby?token=${encodeURIComponent(value)}` }) },
  {
    place: "the subprotocol",
    carry: (value) => ({ protocols: ["switchboard.v1", `switchboard.token.${value}`] }),
  },
  {
    place: "the subprotocol, the other way round",
    carry: (value) => ({ protocols: [`switchboard.token.${value}`, "switchboard.v1"] }),
  },
];

const waitStart = (lobby_id = newLobbyId()) => ({
  type: "wait_start",
  user: "dan",
  lobby_id,
  prompt_id: 5,
});

describe.each(places)("a WebSocket that carries its token in $place", ({ carry }) => {
  it("is served with a good one", async () => {
    const { path = "/lobby", ...options } = carry(token);
    const player = await opening(scope, server.ws(path), waitStart(), options);
    expect(await nextUsers(player)).toEqual(["dan"]);
    expect(player.protocol).toBe(options.protocols === undefined ? "" : "switchboard.v1");
  });

  it("gets 401 or 4401 with a bad one", async () => {
    for (const value of [badToken, `${token}x`, token.slice(0, -1)]) {
      const { path = "/lobby", ...options } = carry(value);
      expect([401, 4401]).toContain(await refusal(scope, server.ws(path), waitStart(), options));
    }
  });
});

describe("without a token", () => {
  it("a WebSocket gets 401 or 4401, and nobody sees it", async () => {
    const lobby_id = newLobbyId();
    const player = await join(
      scope,
      server.ws(),
      { user: "eve", lobby_id },
      { headers: { authorization: `Bearer ${token}` } },
    );
    expect([401, 4401]).toContain(await refusal(scope, server.ws("/"), waitStart(lobby_id)));
    expect([401, 4401]).toContain(
      await refusal(scope, server.ws("/lobby?token="), waitStart(lobby_id)),
    );
    player.send({ type: "start" });
    expect(await player.json()).toMatchObject({ type: "start" });
  });

  it("a WebSocket that says nothing is not kept waiting for ever", async () => {
    const outcome = await TextSocket.open(scope, server.ws()).then(
      async (socket) => (await socket.closed()).code,
      (error) => (error instanceof UpgradeRefused ? error.status : error),
    );
    expect([401, 4401]).toContain(outcome);
  });

  it("HTTP gets 401 unauthenticated", async () => {
    const monitorId = newMonitorId();
    for (const route of [
      "GET /lobbies",
      "POST /lobbies/10/prompt-updates",
      "POST /lobbies/10/prompts/5/leaderboard-updates",
      "GET /devices",
      `GET /devices/${monitorId}/commands`,
      `POST /devices/${monitorId}/commands`,
      `DELETE /devices/${monitorId}/commands/x`,
    ]) {
      const answer = await request(
        server.url,
        route,
        route.startsWith("POST") ? { body: { command: "x" } } : {},
      );
      expect(answer.status, route).toBe(401);
      expect(errorCodeOf(answer)).toBe("unauthenticated");
    }
  });

  it("Socket.IO does not connect", async () => {
    for (const transport of ["websocket", "polling"] as const) {
      await DeviceSocket.launch(scope, server.url, { transport }).next("connect_error");
    }
  });
});

describe("HTTP and Socket.IO with a token", () => {
  it.each(["Bearer", "bearer", "BEARER"])(
    "HTTP is served with Authorization: %s",
    async (scheme) => {
      dataOf(
        await request(server.url, "GET /lobbies", {
          headers: { authorization: `${scheme} ${token}` },
        }),
      );
    },
  );

  it("HTTP is served with ?token=, and refused with a bad one anywhere", async () => {
    dataOf(await request(server.url, `GET /lobbies?token=${token}`));
    for (const [route, headers] of [
      [`GET /lobbies?token=${badToken}`, {}],
      ["GET /lobbies", { authorization: `Bearer ${badToken}` }],
      ["GET /lobbies", { authorization: token }],
      ["GET /lobbies", { authorization: `Basic ${Buffer.from(`x:${token}`).toString("base64")}` }],
    ] as const) {
      const answer = await request(server.url, route, { headers });
      expect(answer.status).toBe(401);
      expect(errorCodeOf(answer)).toBe("unauthenticated");
    }
  });

  it.each(["websocket", "polling", "upgrade"] as const)(
    "Socket.IO over %s is served with auth.token, refused with a bad one",
    async (transport) => {
      await DeviceSocket.user(scope, server.url, newMonitorId(), { transport, token });
      await DeviceSocket.launch(scope, server.url, { transport, token: badToken }).next(
        "connect_error",
      );
    },
  );
});

describe("revoking", () => {
  it("closes what is open with 4401 at once, and nothing else", async () => {
    // While the server runs: it takes new tokens, too.
    const shortLived = await createToken(data, {
      name: "short-lived",
      roles: ["lobby.host", "devices.user"],
    });
    const lobby_id = newLobbyId();
    const revoked = { headers: { authorization: `Bearer ${shortLived}` } };
    const [leaver, stayer] = [
      await join(scope, server.ws(), { user: "leaver", lobby_id }, revoked),
      await join(
        scope,
        server.ws(),
        { user: "stayer", lobby_id },
        { headers: { authorization: `Bearer ${token}` } },
      ),
    ];
    const leavingUser = await DeviceSocket.user(scope, server.url, newMonitorId(), {
      token: shortLived,
    });
    const stayingUser = await DeviceSocket.user(scope, server.url, newMonitorId(), { token });
    await revokeToken(data, "short-lived");
    expect(await leaver.closed(5_000)).toMatchObject({ code: 4401 });
    await leavingUser.until("disconnect", 5_000);
    expect(await nextUsers(stayer)).toEqual(["stayer"]);
    await stayingUser.send("still here");
    expect([401, 4401]).toContain(await refusal(scope, server.ws(), waitStart(), revoked));
    expect((await request(server.url, "GET /lobbies", { token: shortLived })).status).toBe(401);
  });
});

describe("the log", () => {
  it("holds no token, good or bad, whatever place it came in and whatever became of it", async () => {
    for (const value of [token, badToken]) {
      await request(server.url, `GET /no/such/path?token=${value}`);
      await request(server.url, `GET /lobbies?x=1&token=${value}&y=2`);
      await request(server.url, "GET /lobbies", { token: value });
      await request(server.url, `POST /devices/bad/commands?token=${value}`, { body: "no JSON" });
      for (const { carry } of places) {
        const { path = "/lobby", ...options } = carry(value);
        const socket = await opening(scope, server.ws(path), "no JSON", options).catch(
          () => undefined,
        );
        await socket?.closed();
      }
      await refusal(scope, server.ws(`/no/such/path?token=${value}`), "x");
      const io = DeviceSocket.launch(scope, server.url, { token: value });
      await io.events.next();
    }
    // The log is there, and goes as far as this.
    expect(server.log).not.toBe("");
    await server.kill("SIGTERM");
    expect(server.log).not.toContain(token);
    expect(server.log).not.toContain(badToken);
    expect(server.stdout).not.toContain(token);
  });
});

describe("an address other than loopback", () => {
  it("is refused without auth, in words that say what to do", async () => {
    const refused = await launchServer(scope, { args: ["--host", "0.0.0.0"] });
    const { code } = await refused.ended();
    expect(code).not.toBe(0);
    expect(refused.stdout).toBe("");
    expect(refused.log).toContain("0.0.0.0");
    expect(refused.log).toMatch(/auth/);
    expect(refused.log).toContain("--insecure");
    expect(refused.log).not.toMatch(/^\s+at /m);
  });

  it("is refused without auth from the config and the environment, and for a further listener, too", async () => {
    for (const options of [
      { config: { listen: { host: "0.0.0.0" } } },
      { env: { SWITCHBOARD_LISTEN_HOST: "0.0.0.0" } },
      { config: { listeners: [{ host: "0.0.0.0", port: 0, service: "lobby" }] } },
      { args: ["--host", "::"] },
    ]) {
      const refused = await launchServer(scope, options);
      expect((await refused.ended()).code, JSON.stringify(options)).not.toBe(0);
      expect(refused.stdout).toBe("");
      expect(refused.log).toContain("--insecure");
    }
  });

  it("is taken with --insecure, and with auth", async () => {
    for (const options of [
      { args: ["--host", "0.0.0.0", "--insecure"] },
      { args: ["--host", "0.0.0.0"], config: { auth: { enabled: true } } },
    ]) {
      const open = await startServer(scope, options);
      expect((await request(`http://127.0.0.1:${open.port}`, "GET /healthz")).status).toBe(200);
    }
  });
});
