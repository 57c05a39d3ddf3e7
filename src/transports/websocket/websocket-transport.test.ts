/** From the upgrade to the connection: subprotocols, tokens, origins, refusals. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { type OpenOptions, TextSocket } from "../../../test/support/text-socket.ts";
import type { Authenticator, Principal } from "../../kit/principal.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { type Served, type ServeOptions, serve } from "./websocket.fixture.ts";

const scope = scopePerTest();

/** Takes the token `good`, at once, and `slow` when it is told to; breaks at `breaks`. */
class FakeAuthenticator implements Authenticator {
  readonly enabled = true;
  readonly seen: string[] = [];
  allowSlow: () => void = () => {};

  async authenticate(token: string): Promise<Principal> {
    this.seen.push(token);
    if (token === "slow") await new Promise<void>((resolve) => (this.allowSlow = resolve));
    if (token === "breaks") throw new TypeError(`cannot look ${token} up`);
    if (token === "bad")
      throw new SwitchboardError("unauthenticated", "the token is not known: ask for a new one");
    return { name: `who has ${token}`, roles: [], only: {} };
  }

  stillGood(): boolean {
    return true;
  }
}

function withAuth(options: ServeOptions = {}): Promise<Served> {
  return serve(scope, { authenticator: new FakeAuthenticator(), ...options });
}

/** Opens a client and waits until the service has answered it; returns what the kit knows of it. */
async function opening(served: Served, query = "", options: OpenOptions = {}) {
  const client = await TextSocket.open(scope, `${served.url}${query}`, options);
  client.send({ type: "burst", n: 1 });
  await client.next();
  const connection = served.opened.at(-1);
  if (connection === undefined) throw new Error("it has been answered");
  return { ...connection.opening, who: connection.principal?.name, protocol: client.protocol };
}

describe("the opening", () => {
  test("knows path, query and address; with auth off everybody is anybody", async () => {
    const served = await serve(scope);
    expect(await opening(served, "?a=1&b=%20")).toMatchObject({
      path: "/lab",
      query: "a=1&b=%20",
      address: "127.0.0.1",
      who: "anybody",
      wantsErrors: false,
      wantsSkipped: false,
      protocol: "",
    });
    expect(await opening(served)).toMatchObject({ path: "/lab", query: "" });
  });

  test.each([
    ["?errors=1", [], { wantsErrors: true, wantsSkipped: false }],
    ["?x=2&errors=1&y=3", [], { wantsErrors: true }],
    ["?errors=11&noerrors=1", [], { wantsErrors: false }],
    ["?skipped=1", [], { wantsErrors: false, wantsSkipped: true }],
    [
      "",
      ["switchboard.v1"],
      { wantsErrors: true, wantsSkipped: false, protocol: "switchboard.v1" },
    ],
    ["", ["other", "switchboard.v1"], { wantsErrors: true, protocol: "switchboard.v1" }],
  ])("query %j, subprotocols %j", async (query, protocols, expected) => {
    expect(await opening(await serve(scope), query, { protocols })).toMatchObject(expected);
  });

  test("what asks for errors is told of them", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, `${served.url}?errors=1`);
    client.send("{");
    expect(await client.json()).toMatchObject({ type: "error", code: "bad_json" });
  });

  test("an unknown subprotocol is not selected; a client may come with it all the same", async () => {
    const served = await serve(scope);
    const { hostname, port } = new URL(served.url);
    const socket = scope.own(connect(Number(port), hostname), (one) => one.destroy());
    socket.write(
      "GET /lab HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: other\r\n\r\n",
    );
    const [answer] = await within(once(socket, "data"), "the answer");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
    expect(String(answer)).not.toMatch(/sec-websocket-protocol/i);
  });
});

describe("tokens", () => {
  test.each<[string, string, OpenOptions, string]>([
    ["the header", "", { headers: { authorization: "Bearer good" } }, ""],
    ["the header in another case", "", { headers: { authorization: "bearer good" } }, ""],
    ["the query", "?a=1&token=good&b=2", {}, ""],
    [
      "the subprotocol",
      "",
      { protocols: ["switchboard.v1", "switchboard.token.good"] },
      "switchboard.v1",
    ],
  ])("in %s", async (_where, query, options, protocol) => {
    const served = await withAuth();
    const found = await opening(served, query, options);
    expect(found).toMatchObject({ who: "who has good", protocol });
    expect(found.query).toBe(query === "" ? "" : "a=1&b=2");
  });

  test.each<[string, string, RegExp]>([
    ["none", "", /^no token: send it as /],
    ["a bad one", "?token=bad", /^the token is not known: ask for a new one$/],
    ["one that cannot be checked", "?token=breaks", /^the token could not be checked$/],
  ])("%s: 4401, and the service never hears of it", async (_what, query, reason) => {
    const served = await withAuth();
    const client = await TextSocket.open(scope, `${served.url}${query}`);
    client.send({ type: "echo", n: 1 });
    expect(await client.closed()).toEqual({ code: 4401, reason: expect.stringMatching(reason) });
    expect(served.opened).toEqual([]);
    expect([...served.entrance.tally.closes.entries()]).toEqual([["4401", 1]]);
  });

  test("what comes while a token is being checked is not lost", async () => {
    const authenticator = new FakeAuthenticator();
    const served = await serve(scope, { authenticator });
    const opened = opening(served, "?token=slow");
    await expect.poll(() => authenticator.seen).toEqual(["slow"]);
    authenticator.allowSlow();
    expect((await opened).who).toBe("who has slow");
  });

  test("a client that leaves or resets while its token is being checked leaves nothing behind", async () => {
    const authenticator = new FakeAuthenticator();
    const served = await serve(scope, { authenticator });
    const { hostname, port } = new URL(served.url);
    const ask = async () => {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      socket.write(
        "GET /lab?token=slow HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      );
      const count = served.sockets.length + 1;
      await expect.poll(() => authenticator.seen.length).toBe(count);
      return socket;
    };
    (await ask()).resetAndDestroy();
    await expect.poll(() => served.sockets[0]?.socket.destroyed).toBe(true);
    authenticator.allowSlow();
    expect((await opening(served, "?token=good")).who).toBe("who has good");
    expect(served.opened.length).toBe(1);

    (await ask()).destroy();
    authenticator.allowSlow();
    await expect.poll(() => served.sockets[2]?.socket.destroyed).toBe(true);
    expect(served.connections.size).toBe(1);
  });
});

describe("origins", () => {
  test("a page of another origin than those allowed gets 403; a client without an Origin passes", async () => {
    const served = await serve(scope, { origins: ["https://good.example"] });
    const from = (origin: string) => TextSocket.open(scope, served.url, { headers: { origin } });
    await expect(from("https://bad.example")).rejects.toMatchObject({ status: 403 });
    await expect(from("https://good.example.bad.example")).rejects.toMatchObject({ status: 403 });
    expect((await opening(served, "", { headers: { origin: "https://good.example" } })).path).toBe(
      "/lab",
    );
    expect((await opening(served)).path).toBe("/lab");
    expect(served.opened.length).toBe(2);
  });

  test("with * all pass", async () => {
    expect(
      (await opening(await serve(scope), "", { headers: { origin: "https://any.example" } })).path,
    ).toBe("/lab");
  });
});

describe("refusals", () => {
  test("over maxConnections: 1013; twice over it: 503; both are counted, and end when others have gone", async () => {
    const served = await serve(scope, { limits: { maxConnections: 1 } });
    const first = await TextSocket.open(scope, served.url);
    const second = await TextSocket.open(scope, served.url, { autoPong: false });
    second.pause();
    await expect(TextSocket.open(scope, served.url)).rejects.toMatchObject({ status: 503 });
    expect(served.connections.refused).toBe(2);
    expect([...served.entrance.tally.closes.entries()]).toEqual([["1013", 1]]);
    first.terminate();
    second.terminate();
    await within(served.connections.whenEmpty(), "the end of both");
    expect((await opening(served)).path).toBe("/lab");
  });

  test("the refused client is told why", async () => {
    const served = await serve(scope, { limits: { maxConnections: 1 } });
    await TextSocket.open(scope, served.url);
    const refused = await TextSocket.open(scope, served.url);
    expect(await refused.closed()).toEqual({
      code: 1013,
      reason: "1 connections are open (limits.maxConnections): come back later",
    });
    expect(served.opened.length).toBe(1);
  });

  test("over the limits of an address: 4429", async () => {
    const served = await serve(scope, { limits: { maxConnectionsPerAddress: 1 } });
    await TextSocket.open(scope, served.url);
    expect((await (await TextSocket.open(scope, served.url)).closed()).code).toBe(4429);

    const rated = await serve(scope, { limits: { connectsPerSecondPerAddress: 0.1 } });
    await TextSocket.open(scope, rated.url);
    expect(await (await TextSocket.open(scope, rated.url)).closed()).toMatchObject({
      code: 4429,
      reason: expect.stringContaining("limits.connectsPerSecondPerAddress"),
    });
  });

  test("what is no WebSocket upgrade is answered with a status", async () => {
    const served = await serve(scope);
    const { hostname, port } = new URL(served.url);
    const socket = scope.own(connect(Number(port), hostname), (one) => one.destroy());
    socket.write(
      "GET /lab HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    const [answer] = await within(once(socket, "data"), "the answer");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("a transport that has been closed takes nobody, and leaves open what is open", async () => {
    const served = await serve(scope);
    const client = await TextSocket.open(scope, served.url);
    client.send({ type: "echo", n: 1 });
    await client.next();
    served.transport.close();
    await expect(TextSocket.open(scope, served.url)).rejects.toMatchObject({ status: 503 });
    client.send({ type: "echo", n: 2 });
    expect(await client.json()).toEqual({ type: "item", n: 2 });
  });
});
