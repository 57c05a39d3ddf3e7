/** tracking with auth on: tokens come in a message, a role for each endpoint, as the original's issuer puts them into its tokens. */
import { writeFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { type CryptoKey, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
const audience = "orchestrator";
const roleOf = { client: "watcher", processor: "camera" };
let server: ServerProcess;
let privateKey: CryptoKey;
let publicKeyFile: string;

beforeAll(async () => {
  const pair = await generateKeyPair("RS256");
  privateKey = pair.privateKey;
  publicKeyFile = joinPath(await temporaryFolder(file), "public.pem");
  await writeFile(publicKeyFile, await exportSPKI(pair.publicKey));
  server = await serverWith({});
});

function serverWith(tracking: object, owner = file): Promise<ServerProcess> {
  const jwt = { publicKeyFile, audience, rolesClaim: `resource_access.${audience}.roles` };
  const config = {
    auth: { enabled: true, jwt },
    services: {
      tracking: { clientRole: roleOf.client, processorRole: roleOf.processor, ...tracking },
    },
  };
  return startServer(owner, { config });
}

function token(
  roles: readonly string[],
  { seconds = 300, forWhom = audience } = {},
): Promise<string> {
  const claims = new SignJWT({
    sub: "dan",
    resource_access: { [audience]: { roles }, other: { roles: ["watcher", "camera"] } },
  });
  const now = Math.floor(Date.now() / 1000);
  return claims
    .setAudience(forWhom)
    .setExpirationTime(now + seconds)
    .setProtectedHeader({ alg: "RS256" })
    .sign(privateKey);
}

const open = (path: string, errors = true) =>
  TextSocket.open(scope, `${server.ws(path)}${errors ? "?errors=1" : ""}`);

/** A socket that has shown a token with the role of its endpoint. */
async function admitted(endpoint: keyof typeof roleOf): Promise<TextSocket> {
  const socket = await open(`/${endpoint}`);
  socket.send({ type: "authenticate", jwt: await token([roleOf[endpoint]]) });
  socket.send("no JSON");
  expect(await socket.json()).toMatchObject({ type: "error", code: "bad_json" });
  return socket;
}

describe("with auth on", () => {
  it("a good token of the endpoint's role lets in; until then nothing is delivered, and what is no JSON is ignored", async () => {
    const early = await open("/client", false);
    early.send("no JSON");
    early.send("{}");
    early.send("5");
    const [dan, camera] = [await admitted("client"), await admitted("processor")];
    camera.send({ type: "identifier", id: "a" });
    camera.send({ type: "boundingBoxes", frameId: 1, boxes: [] });
    expect(await dan.json()).toMatchObject({ type: "boundingBoxes", frameId: 1 });
    early.send({ type: "authenticate", jwt: await token(["watcher"]) });
    early.send({ type: "setUsesImages", usesImages: true });
    dan.send({ type: "start", cameraId: "a", image: "x" });
    // The boxes before are not among what it gets.
    expect(await early.json()).toMatchObject({ type: "newObject" });
  });

  it.each([
    ["/client", { type: "setUsesImages", usesImages: true }],
    ["/client", { type: "start", cameraId: "a", image: "x" }],
    ["/client", { type: "start" }],
    ["/client", { type: "nonsense" }],
    ["/client", { type: "authenticate" }],
    ["/client", { type: "authenticate", jwt: 5 }],
    ["/processor", { type: "identifier", id: "a" }],
    ["/processor", { type: "boundingBoxes", frameId: 1, boxes: [] }],
    ["/tracking/processor", { type: "featureMap", objectId: 1, featureMap: [1] }],
    ["/processor", { type: "authenticate", jwt: "x.y.z" }],
  ])("at %s %j instead of a token closes", async (path, message) => {
    const socket = await open(path, false);
    socket.send(message);
    expect(await socket.closed()).toMatchObject({ code: 4401 });
    expect(socket.frames.unread).toEqual([]);
  });

  it("a token for another audience, or that is over, is bad", async () => {
    for (const jwt of [
      await token(["watcher"], { forWhom: "other" }),
      await token(["watcher"], { seconds: -60 }),
    ]) {
      const socket = await open("/client", false);
      socket.send({ type: "authenticate", jwt });
      expect(await socket.closed()).toMatchObject({ code: 4401 });
    }
  });

  it.each([
    ["/client", ["camera"]],
    ["/processor", ["watcher"]],
    ["/client", []],
    ["/tracking/client", ["tracking.client"]],
  ])("at %s the roles %j are not enough", async (path, roles) => {
    const socket = await open(path, false);
    socket.send({ type: "authenticate", jwt: await token(roles) });
    expect(await socket.closed()).toMatchObject({ code: 4403 });
  });

  it("a token at the opening is as good as one in the message, and as bad", async () => {
    const headers = async (roles: readonly string[]) => ({
      headers: { authorization: `Bearer ${await token(roles)}` },
    });
    const dan = await TextSocket.open(
      scope,
      `${server.ws("/client")}?errors=1`,
      await headers(["watcher"]),
    );
    dan.send({ type: "stop", objectId: 99_999 });
    expect(await dan.json()).toMatchObject({ code: "not_found" });
    const wrong = await TextSocket.open(scope, server.ws("/client"), await headers(["camera"]));
    expect(await wrong.closed()).toMatchObject({ code: 4403 });
  });

  it("a later token takes the place of the first, whose end is then no end", {
    timeout: 40_000,
  }, async () => {
    const socket = await open("/client");
    // Five seconds of grace, for clocks that differ, are left.
    socket.send({ type: "authenticate", jwt: await token(["watcher"], { seconds: 0 }) });
    const replaced = await open("/client");
    replaced.send({ type: "authenticate", jwt: await token(["watcher"], { seconds: 0 }) });
    replaced.send({ type: "authenticate", jwt: await token(["watcher"]) });
    expect(await socket.closed(15_000)).toMatchObject({ code: 4401 });
    replaced.send({ type: "stop", objectId: 99_999 });
    expect(await replaced.json()).toMatchObject({ code: "not_found" });
  });

  it("HTTP needs no token, unless told otherwise", async () => {
    expect((await request(server.url, "GET /objectIds")).status).toBe(200);
    expect((await request(server.url, "GET /timelines?objectId=99999")).status).toBe(400);
    const strict = await serverWith({ httpAuth: true }, scope);
    const status = async (roles?: readonly string[]) => {
      const options = roles === undefined ? {} : { token: await token(roles) };
      return [
        (await request(strict.url, "GET /objectIds", options)).status,
        (await request(strict.url, "GET /timelines", options)).status,
      ];
    };
    expect(await status()).toEqual([401, 401]);
    expect(await status(["camera"])).toEqual([403, 403]);
    expect(await status(["watcher"])).toEqual([200, 400]);
    expect(
      (await request(strict.url, `GET /objectIds?token=${await token(["watcher"])}`)).status,
    ).toBe(200);
  });
});
