/** experiments with the `ws` client and plain HTTP, against a started server. */
import { randomUUID } from "node:crypto";
import { join as joinPath } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import {
  ExperimentSocket,
  messageOf,
  publish,
  samplesBody,
  storedText,
  textBody,
} from "../support/experiments.ts";
import { request } from "../support/http.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

const newXid = () => `E${randomUUID().slice(0, 8)}`;

describe("the documented flow", () => {
  it("log, names, subscribe, initial data, increments, unsubscribe, finish", async () => {
    const xid = newXid();
    await publish(
      server.url,
      xid,
      textBody(xid, { action: "experiment:output", data: "Sampling\n" }),
    );
    await publish(
      server.url,
      xid,
      samplesBody('{"chain_default":{"a/val":[1.0, 2.0],"b/val":[1e-7, NaN]}}', {
        chain_default: [1, 2],
      }),
    );
    const subscriber = await ExperimentSocket.open(scope, server, xid);
    expect(subscriber.log).toBe("Sampling\n");
    expect(subscriber.names).toEqual([{ chain: "chain_default", names: ["a/val", "b/val"] }]);
    const ask = (action: string) =>
      subscriber.send({
        action,
        data: [{ chain: "chain_default", variables: ["a/val", "b/val"] }],
      });
    ask("subscribe");
    expect(await subscriber.socket.next()).toBe(
      '{"message":{"action":"experiment:event","data":[{"chain":"chain_default","data":{"a/val":[1.0,2.0],"b/val":[1e-7,"NaN"]},"from":{"a/val":0,"b/val":0}}]}}',
    );
    await publish(
      server.url,
      xid,
      samplesBody('{"chain_default":{"a/val":[1.0,2.0,3.0],"b/val":[1e-7,NaN,3.50]}}', {
        chain_default: [1, 3],
      }),
    );
    expect(await subscriber.socket.next()).toBe(
      '{"message":{"action":"experiment:event","data":[{"chain":"chain_default","data":{"a/val":[3.0],"b/val":[3.50]},"from":{"a/val":2,"b/val":2}}]}}',
    );
    ask("unsubscribe");
    // Behind it, so that the server has forgotten.
    subscriber.send({
      action: "subscribe",
      data: [{ chain: "chain_default", variables: ["c/val"] }],
    });
    subscriber.send({ action: "subscribe", summary: true });
    await subscriber.next("summary");
    await publish(
      server.url,
      xid,
      samplesBody({ chain_default: { "a/val": [4.0], "c/val": [1] } }, { chain_default: [4, 4] }),
    );
    expect(await subscriber.nextSamples()).toEqual([
      { chain: "chain_default", data: { "c/val": [1] }, from: { "c/val": 0 } },
    ]);
    await publish(server.url, xid, textBody(xid, { action: "experiment:control", data: "finish" }));
    expect(await subscriber.socket.frames.until((text) => text.includes("experiment:finish"))).toBe(
      '{"message":{"action":"experiment:finish"}}',
    );
    const late = await ExperimentSocket.open(scope, server, xid);
    await late.next("experiment:finish");
  });

  it("of a publisher on a WebSocket, whose finish is echoed when all is stored", async () => {
    const xid = newXid();
    const publisher = await TextSocket.open(scope, server.ws(`/mcmc/ws/pub/object/${xid}`));
    for (let nth = 0; nth < 200; nth++)
      publisher.send(
        `{"action":"experiment:event","data":{"message":"a","data":[{"a/val":${nth}.0}],"step":${nth}}}`,
      );
    publisher.send({ action: "experiment:control", data: "finish" });
    expect(await publisher.next()).toBe('{"action":"experiment:control","data":"finish"}');
    const values = Array.from({ length: 200 }, (_, nth) => `${nth}.0`).join(",");
    expect(await storedText(server.url, xid, "chain_default", "a/val")).toBe(
      `{"data":[${values}]}`,
    );
  });
});

describe("sockets", () => {
  it("close 1003 on a binary frame, and on bad messages not at all, whatever they are", async () => {
    const xid = newXid();
    const subscriber = await ExperimentSocket.open(scope, server, xid);
    for (const bad of [
      "{",
      "[]",
      "null",
      '"x"',
      "1",
      '{"action":5}',
      '{"action":"__proto__"}',
      '{"type":"subscribe","data":5}',
    ])
      subscriber.socket.send(bad);
    subscriber.send({ type: "subscribe", data: [{ chain: "c", variables: ["x"] }] });
    await publish(server.url, xid, samplesBody({ c: { x: [1] } }, { c: [1, 1] }));
    expect(await subscriber.nextSamples()).toEqual([
      { chain: "c", data: { x: [1] }, from: { x: 0 } },
    ]);
    subscriber.socket.send(Buffer.from("{}"));
    expect(await subscriber.socket.closed()).toMatchObject({ code: 1003 });
  });

  it("at /experiments/XID and /experiments/XID/publish are the same", async () => {
    const xid = newXid();
    const subscriber = await TextSocket.open(scope, server.ws(`/experiments/${xid}`));
    const publisher = await TextSocket.open(scope, server.ws(`/experiments/${xid}/publish`));
    subscriber.send({ action: "authorization", token: "" });
    expect(await messageOf(subscriber, "experiment:output")).toBe("");
    expect(await messageOf(subscriber, "names")).toEqual([]);
    publisher.send({ action: "experiment:output", data: "text" });
    expect(await messageOf(subscriber, "experiment:output")).toBe("text");
  });
});

describe("with auth on", () => {
  let guarded: ServerProcess;
  const tokens = { watch: "", publish: "", nothing: "", remove: "" };

  beforeAll(async () => {
    const data = joinPath(await temporaryFolder(file), "data");
    tokens.watch = await createToken(data, { name: "watch", roles: ["experiments.subscribe"] });
    tokens.publish = await createToken(data, { name: "publish", roles: ["experiments.publish"] });
    tokens.remove = await createToken(data, { name: "remove", roles: ["experiments.remove"] });
    tokens.nothing = await createToken(data, { name: "nothing", roles: ["lobby.host"] });
    guarded = await startServer(file, {
      data,
      config: { auth: { enabled: true }, limits: { authTimeoutMs: 700 } },
    });
  });

  const authorization = async (token: string, path = "/mcmc/ws/sub/object/E1") => {
    const socket = await TextSocket.open(scope, guarded.ws(path));
    socket.send({ action: "authorization", token, version: "1.0" });
    return socket;
  };

  it("a subscriber shows its token in a message: bad or none 4401, of another role 4403", async () => {
    const good = await authorization(tokens.watch);
    expect(await messageOf(good, "experiment:output")).toBe("");
    expect((await (await authorization("bad")).closed()).code).toBe(4401);
    expect((await (await authorization(tokens.nothing)).closed()).code).toBe(4403);
    const silent = await TextSocket.open(scope, guarded.ws("/experiments/E1"));
    silent.send({ action: "subscribe", data: [] });
    expect((await silent.closed()).code).toBe(4401);
  });

  it("a publisher shows it in the address, a header or a message", async () => {
    const path = "/mcmc/ws/pub/object/E2";
    const finish = { action: "experiment:control", data: "finish" };
    const inMessage = await authorization(tokens.publish, path);
    const inAddress = await TextSocket.open(scope, guarded.ws(`${path}?token=${tokens.publish}`));
    const inHeader = await TextSocket.open(scope, guarded.ws(path), {
      headers: { authorization: `bearer ${tokens.publish}` },
    });
    for (const socket of [inMessage, inAddress, inHeader]) {
      socket.send(finish);
      expect(await socket.json()).toEqual(finish);
    }
    const none = await TextSocket.open(scope, guarded.ws(path));
    none.send(finish);
    expect((await none.closed()).code).toBe(4401);
    const wrong = await TextSocket.open(scope, guarded.ws(`${path}?token=${tokens.watch}`));
    wrong.send(finish);
    expect((await wrong.closed()).code).toBe(4403);
  });

  it("HTTP answers 401 and 403, to publishers in their own form", async () => {
    const body = samplesBody({ c: { x: [1] } }, { c: [1, 1] });
    await publish(guarded.url, "E3", body, tokens.publish);
    const post = (token?: string) =>
      request(guarded.url, "POST /api/object/E3", {
        body,
        ...(token === undefined ? {} : { token }),
      });
    expect(await post()).toMatchObject({
      status: 401,
      json: { status: "error", code: "unauthenticated", message: expect.any(String) },
    });
    expect(await post("bad")).toMatchObject({
      status: 401,
      json: { status: "error", code: "unauthenticated" },
    });
    expect(await post(tokens.watch)).toMatchObject({
      status: 403,
      json: { status: "error", code: "forbidden" },
    });
    expect(await request(guarded.url, "GET /experiments")).toMatchObject({
      status: 401,
      json: { error: { code: "unauthenticated" } },
    });
    expect(
      await request(guarded.url, "DELETE /experiments/E3", { token: tokens.publish }),
    ).toMatchObject({ status: 403 });
    expect(
      await request(guarded.url, "DELETE /experiments/E3", { token: tokens.remove }),
    ).toMatchObject({
      status: 200,
      json: { data: null },
    });
  });
});
