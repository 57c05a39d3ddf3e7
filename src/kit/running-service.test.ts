/** A started service: what reaches its handlers, and what becomes of what they throw. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { settled, startService } from "./kit.fixture.ts";
import { connect, type Lab, lab, labContract, say, secret } from "./lab.fixture.ts";
import { anybody, type Principal } from "./principal.ts";
import type { RunningService } from "./running-service.ts";

function principal(...roles: string[]): Principal {
  return { name: "somebody", roles, only: {} };
}

/** An object that holds another, `depth` times. */
function nested(depth: number): object {
  let inner = {};
  for (let level = 1; level < depth; level++) inner = { to: inner };
  return inner;
}

test("a contract that lets in something without a bound is refused at the start", async () => {
  const { service } = lab({}, () => expect.unreachable("the service was started"), {
    ...labContract,
    in: {
      ...labContract.in,
      fail: { ...labContract.in.fail, schema: z.object({ code: z.string() }) as never },
    },
  });
  await expect(startService(service)).rejects.toThrow(
    new TypeError('lab: the message "fail": "code" is a string of any length: add .max(n)'),
  );
});

describe("messages", () => {
  test("reach their handler validated, less what the schema does not know, with the text as it came", async () => {
    const { service, log } = lab();
    const started = await startService(service);
    const parts = connect(started.service);
    expect(await say(parts, '{"type":"move","to":{"x":1.0,"y":2},"more":1}')).toEqual([
      { type: "moved", x: 1 },
    ]);
    expect(log).toEqual(['move {"x":1} {"type":"move","to":{"x":1.0,"y":2},"more":1}']);
    expect([...started.service.tally.received.entries()]).toEqual([["move", 1]]);
  });

  test.each([
    ["{", "bad_json", "the frame is not JSON: send one JSON object as text"],
    [[], "unknown_message", "the message has no type: lab takes move, erase, fail"],
    [{ type: 5 }, "unknown_message", "the message has no type: lab takes move, erase, fail"],
    [
      { type: "mvoe" },
      "unknown_message",
      'no message is called "mvoe": lab takes move, erase, fail',
    ],
    [
      { type: "toString" },
      "unknown_message",
      'no message is called "toString": lab takes move, erase, fail',
    ],
    [{ type: "move" }, "bad_message", 'move: "to" is missing: expected object'],
    [
      `{"type":"move","to":${"[".repeat(5000)}${"]".repeat(5000)}}`,
      "too_large",
      "the JSON is nested more than 64 levels deep (limits.maxJsonDepth): send it flatter",
    ],
    [
      { type: "move", to: Array(250_000).fill(0) },
      "too_large",
      "the JSON has more than 250000 values (limits.maxJsonValues): send fewer at once",
    ],
    [
      { type: "move", to: { x: secret } },
      "bad_message",
      `move: "to.x" is "${secret}": expected number`,
    ],
  ])(
    "refusal %#: told to who asked, with the field, the value and the remedy; counted; no content in the log; nobody is closed",
    async (bad, code, message) => {
      const { service, log } = lab();
      const started = await startService(service);
      const [asked, silent] = [
        connect(started.service, { wantsErrors: true }),
        connect(started.service),
      ];
      expect(await say(asked, bad)).toEqual([{ type: "error", code, message }]);
      expect(await say(silent, bad)).toEqual([]);
      expect([asked.connection.isClosed, silent.connection.isClosed]).toEqual([false, false]);
      expect([...started.service.tally.errors.entries()]).toEqual([[code, 2]]);
      expect(log).toEqual([]);
      expect(started.logger.lines.map(({ fields }) => fields.code)).toEqual([code, code]);
      expect(JSON.stringify(started.logger.lines)).not.toContain(secret);
      expect(await say(asked, { type: "move", to: { x: 3 } })).toEqual([{ type: "moved", x: 3 }]);
    },
  );

  test("what the protocol says about bad ones is up to the service, they are counted all the same", async () => {
    const invalid: unknown[] = [];
    const { service } = lab({
      invalid(connection, { name, payload, error }) {
        invalid.push([name, payload, error.code]);
        connection.close("badMessage", "as the protocol says");
      },
    });
    const started = await startService(service);
    const parts = connect(started.service, { wantsErrors: true });
    expect(await say(parts, { type: "move" })).toEqual([]);
    expect(invalid).toEqual([["move", { type: "move" }, "bad_message"]]);
    expect(parts.link.calls).toEqual(["close 4400 as the protocol says"]);
    expect([...started.service.tally.errors.entries()]).toEqual([["bad_message", 1]]);
  });

  test("a codec of its own does not see a text over the bounds", async () => {
    const read: string[] = [];
    const parse = (text: string) => {
      read.push(text);
      return { json: JSON.parse(text), text };
    };
    const { service } = lab({}, () => {}, {
      ...labContract,
      codec: { ...labContract.codec, parse },
    } as typeof labContract);
    const started = await startService(service, { limits: { maxJsonValues: 3 } });
    const parts = connect(started.service, { wantsErrors: true });
    expect(await say(parts, { type: "fail", code: [1, 2, 3] })).toMatchObject([
      { code: "too_large" },
    ]);
    expect(read).toEqual([]);
    expect(await say(parts, { type: "fail" })).toMatchObject([]);
    expect(read).toEqual(['{"type":"fail"}']);
  });

  test.each([
    ["deep", nested(5000)],
    ["of many values", { to: Array(250_000).fill(0) }],
    ["of many objects", { to: { x: Array(130_000).fill({ y: 1 }) } }],
  ])("an event whose payload is %s is too large, and nobody is closed", async (_what, payload) => {
    const { service, log } = lab();
    const started = await startService(service);
    const { connection } = connect(started.service);
    connection.receiveEvent("move", payload, 1);
    connection.receiveEvent("move", { to: { x: 1 } }, 1);
    await settled();
    expect([...started.service.tally.errors.entries()]).toEqual([["too_large", 1]]);
    expect(log).toEqual(['move {"x":1} ']);
    expect(connection.isClosed).toBe(false);
  });

  test("who asked is told of a bad one if the service leaves it at that", async () => {
    const { service } = lab({ invalid: () => "tell" });
    const started = await startService(service);
    const [asked, silent] = [
      connect(started.service, { wantsErrors: true }),
      connect(started.service),
    ];
    expect(await say(asked, { type: "move" })).toMatchObject([
      { type: "error", code: "bad_message" },
    ]);
    expect(await say(silent, { type: "move" })).toEqual([]);
    expect([...started.service.tally.errors.entries()]).toEqual([["bad_message", 2]]);
  });

  test("a long unknown name is not repeated whole", async () => {
    const started = await startService(lab().service);
    const parts = connect(started.service, { wantsErrors: true });
    const [answer] = await say(parts, { type: "x".repeat(10_000) });
    expect(JSON.stringify(answer).length).toBeLessThan(300);
  });
});

describe("roles", () => {
  test("with auth on, who has none of a message's roles is told, and closed with 4403", async () => {
    const { service, log } = lab();
    const started = await startService(service, { auth: true });
    const worker = connect(started.service, {
      principal: principal("lab.worker"),
      wantsErrors: true,
    });
    const message = "erase needs the role lab.chief or lab.owner; this token has lab.worker";
    expect(await say(worker, { type: "move", to: { x: 1 } }, { type: "erase" })).toEqual([
      { type: "moved", x: 1 },
      { type: "error", code: "forbidden", message },
    ]);
    expect(worker.link.calls).toEqual([`close 4403 ${message}`]);
    for (const role of ["lab.owner", "admin", "*"])
      await say(connect(started.service, { principal: principal(role) }), { type: "erase" });
    expect(log.slice(1)).toEqual(["closed 4403", "erase", "erase", "erase"]);
  });

  test("the service may say something of its own before that", async () => {
    const told: unknown[] = [];
    const { service } = lab({
      forbidden: (_connection, { name, error }) => told.push([name, error.code]),
    });
    const started = await startService(service, { auth: true });
    const parts = connect(started.service, { principal: principal() });
    await say(parts, { type: "erase" });
    expect(told).toEqual([["erase", "forbidden"]]);
    expect(parts.link.calls[0]).toMatch(/^close 4403 .*this token has none$/);
  });

  test("with auth off nobody needs one", async () => {
    const { service, log } = lab();
    const started = await startService(service);
    await say(connect(started.service, { principal: anybody }), { type: "erase" });
    expect(log).toEqual(["erase"]);
  });

  test("without a token a message that is not open gets 4401, also where any token will do", async () => {
    const { service, log } = lab();
    const started = await startService(service, { auth: true });
    const parts = connect(started.service, { principal: undefined });
    await say(parts, { type: "move", to: { x: 1 } });
    expect(parts.link.calls[0]).toMatch(/^close 4401 move needs a token/);

    const { move } = labContract.in;
    const open = { ...labContract.in, move: { ...move, roles: "open" } };
    const contract = { ...labContract, auth: "message", in: open };
    const asks = lab({}, () => {}, contract as unknown as typeof labContract);
    const asking = await startService(asks.service, { auth: true });
    const unknown = connect(asking.service, { principal: undefined });
    await say(unknown, { type: "move", to: { x: 1 } }, { type: "erase" });
    expect(unknown.link.calls[0]).toMatch(/^close 4401 erase needs a token/);
    expect([log, asks.log]).toEqual([
      ["closed 4401"],
      ['move {"x":1} {"type":"move","to":{"x":1}}', "closed 4401"],
    ]);
  });
});

describe("a contract", () => {
  test("that does not say who may send a message is not started", async () => {
    const { move, ...others } = labContract.in;
    const contract = { ...labContract, in: { ...others, move: { ...move, roles: undefined } } };
    const { service } = lab({}, () => {}, contract as unknown as typeof labContract);
    await expect(startService(service)).rejects.toThrow(
      'message "move" of contract lab does not say who may use it',
    );
  });

  test("may have roles that the config names otherwise", async () => {
    const { service, log } = lab();
    const renamed = { ...service, roleNames: () => ({ "lab.chief": "boss" }) };
    const started = await startService(renamed, { auth: true });
    const old = connect(started.service, { principal: principal("lab.chief"), wantsErrors: true });
    expect(await say(old, { type: "erase" })).toEqual([
      {
        type: "error",
        code: "forbidden",
        message: "erase needs the role boss or lab.owner; this token has lab.chief",
      },
    ]);
    await say(connect(started.service, { principal: principal("boss") }), { type: "erase" });
    expect(log.at(-1)).toBe("erase");
  });
});

describe("what a handler throws", () => {
  test.each([
    ["forbidden", "close 4403 failed with forbidden"],
    ["unauthenticated", "close 4401 failed with unauthenticated"],
    ["over_capacity", "close 1013 failed with over_capacity"],
    ["log_unavailable", "close 1013 cannot store now: come back later"],
    ["log_closed", "close 1013 cannot store now: come back later"],
    ["lease_lost", "close 1012 this node lost its lease: come back"],
    ["wrong_state", undefined],
    ["conflict", undefined],
    ["not_found", undefined],
  ])("%s: told to who asked; %s", async (code, close) => {
    const started = await startService(lab().service, { auth: true });
    for (const later of [false, true]) {
      const parts = connect(started.service, { wantsErrors: true });
      expect(await say(parts, { type: "fail", code, later })).toEqual([
        { type: "error", code, message: `failed with ${code}` },
      ]);
      expect(parts.link.calls).toEqual(close === undefined ? [] : [close]);
    }
    expect([...started.service.tally.errors.entries()]).toEqual([[code, 2]]);
  });

  test("with auth off a forbidden one is told and closes nothing", async () => {
    const started = await startService(lab().service);
    const parts = connect(started.service, { wantsErrors: true });
    expect(await say(parts, { type: "fail", code: "forbidden" })).toEqual([
      { type: "error", code: "forbidden", message: "failed with forbidden" },
    ]);
    expect(parts.link.calls).toEqual([]);
  });

  test("anything else is our fault: 1011 with an incident that is in the log, which tells the client nothing", async () => {
    const { service, log } = lab();
    const started = await startService(service);
    for (const [later, incident] of [
      [false, "id1"],
      [true, "id2"],
    ] as const) {
      const parts = connect(started.service, { wantsErrors: true });
      expect(await say(parts, { type: "fail", later }, { type: "move", to: { x: 1 } })).toEqual([]);
      expect(parts.link.calls).toEqual([`close 1011 incident ${incident}`]);
      const line = started.logger.lines.at(-1);
      expect(line).toMatchObject({
        level: "error",
        fields: { service: "lab", incident, err: { message: "a bug" } },
      });
    }
    expect(log).toEqual(["closed 1011", "closed 1011"]);
    expect([...started.service.tally.errors.entries()]).toEqual([["internal", 2]]);
  });

  test("at the close, it is logged", async () => {
    const { service } = lab({ closed: () => Promise.reject(new Error("in closed")) });
    const started = await startService(service);
    const { connection } = connect(started.service);
    connection.peerClosed(1000, "");
    await settled();
    expect(started.logger.lines.at(-1)).toMatchObject({
      level: "error",
      fields: { err: { message: "in closed" } },
    });
    expect(started.service.connections.size).toBe(0);
  });
});

describe("routes", () => {
  async function ask(
    service: RunningService,
    name: keyof Lab["routes"],
    {
      params = {},
      body,
      who = anybody,
    }: { params?: Record<string, string>; body?: unknown; who?: Principal | null } = {},
  ): Promise<unknown> {
    const request = new Request(`http://localhost${labContract.routes[name].path}`);
    const answer = await service.respond(
      name,
      labContract.routes[name],
      params,
      body,
      who ?? undefined,
      request,
    );
    return [answer.status, await answer.json()];
  }

  test("answer with what the handler returns, parameters and body validated", async () => {
    const { service } = await startService(lab().service);
    expect(await ask(service, "show", { params: { id: "5", token: "x" } })).toEqual([
      200,
      { data: { id: 5, who: "anybody" } },
    ]);
    expect(await ask(service, "save", { params: { id: "5" }, body: { x: 1, more: 2 } })).toEqual([
      200,
      { data: { id: "5", x: 1 } },
    ]);
  });

  test("a bad parameter or body is a 400 that names it", async () => {
    const { service } = await startService(lab().service);
    const error = (message: string) => [400, { error: { code: "bad_message", message } }];
    expect(await ask(service, "show", { params: { id: "five" } })).toEqual(
      error('the address: "id" is "five": expected number'),
    );
    expect(await ask(service, "save", { params: { id: "5" } })).toEqual(
      error("the body is missing: expected object"),
    );
    expect(await ask(service, "save", { params: { id: "5" }, body: { x: null } })).toEqual(
      error('the body: "x" is null: expected number'),
    );
    expect([...service.tally.errors.entries()]).toEqual([["bad_message", 3]]);
  });

  test("without a token 401, without the role 403, before anything is validated; an open one asks for nothing", async () => {
    const { service } = await startService(lab().service, { auth: true });
    expect(await ask(service, "save", { who: null })).toMatchObject([
      401,
      { error: { code: "unauthenticated" } },
    ]);
    expect(await ask(service, "save", { who: principal("lab.worker") })).toEqual([
      403,
      {
        error: {
          code: "forbidden",
          message: "PUT /lab/:id needs the role lab.chief; this token has lab.worker",
        },
      },
    ]);
    expect(
      await ask(service, "save", {
        who: principal("lab.chief"),
        params: { id: "1" },
        body: { x: 1 },
      }),
    ).toMatchObject([200, {}]);
    expect(await ask(service, "open", { who: null })).toEqual([200, { data: "open" }]);
    expect(await ask(service, "open", { who: principal() })).toEqual([200, { data: "open" }]);
  });

  test("what a handler throws is an answer too", async () => {
    const { service, logger } = await startService(lab().service);
    expect(await ask(service, "broken", { params: { code: "not_found" } })).toEqual([
      404,
      { error: { code: "not_found", message: "no such thing" } },
    ]);
    expect(await ask(service, "broken", { params: { code: "log_unavailable" } })).toMatchObject([
      503,
      {},
    ]);
    expect(await ask(service, "broken")).toEqual([
      500,
      { error: { code: "internal", message: "our fault: look for incident id1 in the log" } },
    ]);
    expect(logger.lines.at(-1)).toMatchObject({
      level: "error",
      fields: { incident: "id1", route: "broken", err: { message: "a bug" } },
    });
  });
});
