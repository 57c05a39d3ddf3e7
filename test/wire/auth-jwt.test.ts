/** JSON Web Tokens: signed by the right key, for us, in time, with the claims that they limit themselves by. */
import { writeFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { type CryptoKey, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { dataOf, request } from "../support/http.ts";
import { join, newLobbyId, nextUsers, opening } from "../support/lobby.ts";
import { refusal } from "../support/refusal.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
const issuer = "https://issuer.example.test";
const audience = "switchboard";

interface Issuer {
  readonly server: ServerProcess;
  readonly privateKey: CryptoKey;
  readonly publicPem: string;
}

/** A server that trusts a new key. */
async function trusting(alg: string, jwt: Readonly<Record<string, unknown>> = {}): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const publicPem = await exportSPKI(publicKey);
  const publicKeyFile = joinPath(await temporaryFolder(file), "public.pem");
  await writeFile(publicKeyFile, publicPem);
  const server = await startServer(file, {
    config: { auth: { enabled: true, jwt: { publicKeyFile, issuer, audience, ...jwt } } },
  });
  return { server, privateKey, publicPem };
}

let es256: Issuer;
const roles = ["lobby.host", "devices.user"];

beforeAll(async () => {
  es256 = await trusting("ES256");
});

/** A token with good claims, but for those that are given here. */
function claims(extra: Readonly<Record<string, unknown>> = {}): SignJWT {
  return new SignJWT({ sub: "dan", roles, ...extra })
    .setIssuedAt()
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime("5m");
}

const signed = (token: SignJWT, alg = "ES256", key: CryptoKey | Uint8Array = es256.privateKey) =>
  token.setProtectedHeader({ alg }).sign(key);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const waitStart = { type: "wait_start", user: "dan", lobby_id: newLobbyId(), prompt_id: 5 };

describe("a good token", () => {
  it.each(["ES256", "RS256", "EdDSA"])(
    "signed with %s is served by WebSocket, HTTP and Socket.IO",
    async (alg) => {
      const { server, privateKey } = await trusting(alg);
      const token = await signed(claims(), alg, privateKey);
      await join(scope, server.ws(), { user: "dan", lobby_id: newLobbyId() }, bearer(token));
      const lobby_id = newLobbyId();
      const player = await opening(
        scope,
        server.ws(),
        { ...waitStart, lobby_id },
        { protocols: ["switchboard.v1", `switchboard.token.${token}`] },
      );
      expect(await nextUsers(player)).toEqual(["dan"]);
      player.send({ type: "start" });
      expect(await player.json()).toMatchObject({ type: "start" });
      dataOf(await request(server.url, `GET /lobbies?token=${token}`));
      await DeviceSocket.user(scope, server.url, newMonitorId(), { token });
    },
  );

  it("has its roles in the claim that the config names", async () => {
    const { server, privateKey } = await trusting("ES256", {
      rolesClaim: "https://example.test/roles",
    });
    const good = await signed(
      claims({ roles: [], "https://example.test/roles": ["devices.user"] }),
      "ES256",
      privateKey,
    );
    await DeviceSocket.user(scope, server.url, newMonitorId(), { token: good });
    const elsewhere = await signed(claims({ roles: ["devices.user"] }), "ES256", privateKey);
    expect(
      (await request(server.url, "GET /devices/x/commands", { token: elsewhere })).status,
    ).toBe(403);
  });
});

describe("a bad token gets 401 or 4401", () => {
  const bad: readonly { readonly what: string; readonly make: () => Promise<string> | string }[] = [
    {
      what: "signed by another key",
      make: async () => signed(claims(), "ES256", (await generateKeyPair("ES256")).privateKey),
    },
    { what: "expired", make: () => signed(claims().setExpirationTime("-10m")) },
    { what: "not valid yet", make: () => signed(claims().setNotBefore("10m")) },
    {
      what: "of another issuer",
      make: () => signed(claims().setIssuer("https://other.example.test")),
    },
    { what: "for another audience", make: () => signed(claims().setAudience("other")) },
    {
      what: "without issuer and audience",
      make: () => signed(new SignJWT({ sub: "dan", roles }).setIssuedAt().setExpirationTime("5m")),
    },
    {
      what: "unsigned",
      make: () =>
        new UnsecuredJWT({ roles })
          .setIssuer(issuer)
          .setAudience(audience)
          .setExpirationTime("5m")
          .encode(),
    },
    {
      what: "signed with the public key as a shared secret",
      make: () => signed(claims(), "HS256", new TextEncoder().encode(es256.publicPem)),
    },
    {
      what: "changed after signing",
      make: async () => {
        const [head, , signature] = (await signed(claims({ roles: [] }))).split(".");
        const body = Buffer.from(
          JSON.stringify({ sub: "dan", roles, iss: issuer, aud: audience, exp: 4e9 }),
        ).toString("base64url");
        return `${head}.${body}.${signature}`;
      },
    },
    { what: "in pieces", make: () => "eyJhbGciOiJFUzI1NiJ9..x" },
  ];

  it.each(bad)("$what", async ({ make }) => {
    const { server } = es256;
    const token = await make();
    expect([401, 4401]).toContain(await refusal(scope, server.ws(), waitStart, bearer(token)));
    expect((await request(server.url, "GET /lobbies", { token })).status).toBe(401);
    await DeviceSocket.launch(scope, server.url, { token }).next("connect_error");
    expect(server.log).not.toContain(token);
  });
});

describe("claims", () => {
  it.each([{ lobbies: [10] }, { lobbies: ["10"] }])("limit the lobbies: %j", async (limit) => {
    const token = await signed(claims(limit));
    const prompt_id = newLobbyId();
    await join(scope, es256.server.ws(), { user: "dan", lobby_id: 10, prompt_id }, bearer(token));
    expect([403, 4403]).toContain(
      await refusal(scope, es256.server.ws(), { ...waitStart, lobby_id: 11 }, bearer(token)),
    );
  });

  it("limit the monitors", async () => {
    const mine = newMonitorId();
    const token = await signed(claims({ monitors: [mine] }));
    await DeviceSocket.user(scope, es256.server.url, mine, { token });
    const other = await DeviceSocket.connect(scope, es256.server.url, { token });
    other.emit("query", { monitor_id: newMonitorId() });
    await other.next("query failed");
    await other.next("disconnect");
  });

  it.each([{ lobbies: "10" }, { lobbies: { 10: true } }, { lobbies: [] }, { lobbies: 10 }])(
    "that limit, but are empty or no list, never widen: %j",
    async (limit) => {
      const token = await signed(claims(limit));
      expect([401, 4401, 403, 4403]).toContain(
        await refusal(scope, es256.server.ws(), { ...waitStart, lobby_id: 11 }, bearer(token)),
      );
    },
  );

  it.each([
    { roles: undefined },
    { roles: { devices: "user" } },
    { roles: ["devices"] },
    { roles: [] },
  ])("give no role where they are missing or no list: %j", async (given) => {
    const token = await signed(claims(given));
    const { status } = await request(es256.server.url, `POST /devices/${newMonitorId()}/commands`, {
      token,
      body: { command: "x" },
    });
    expect([401, 403]).toContain(status);
  });
});

describe("the end of a token", () => {
  it("closes what is open with 4401", async () => {
    const token = await signed(claims().setExpirationTime("2s"));
    const player = await join(
      scope,
      es256.server.ws(),
      { user: "dan", lobby_id: newLobbyId() },
      bearer(token),
    );
    const user = await DeviceSocket.user(scope, es256.server.url, newMonitorId(), { token });
    expect(await player.closed(8_000)).toMatchObject({ code: 4401 });
    await user.until("disconnect");
    expect([401, 4401]).toContain(
      await refusal(scope, es256.server.ws(), waitStart, bearer(token)),
    );
  });
});
