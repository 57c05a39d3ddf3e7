/** The crowd served over HTTP: studies, bonuses, exports, deletion, tokens, pages. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changeTokens, newToken } from "../../gateway/auth/index.ts";
import { studyOf } from "./crowd-harness.suite.ts";
import {
  call,
  folder,
  type Json,
  load,
  nextBut,
  request,
  start,
  submit,
  wholeStudy,
} from "./crowd-server.suite.ts";

describe("a study", () => {
  it("is loaded once, and shows its progress", async () => {
    const server = await start();
    const loaded = await load(server, 2, 2);
    expect(loaded.status).toBe(201);
    expect(loaded.json.data).toMatchObject({ id: "s", sentences: 2, cads: 4 });
    expect((await load(server, 2, 2)).status).toBe(409);
    await request(server, "ann", "1");
    const { json } = await call(server, "GET", "/crowd/studies/s");
    expect(json.data.CAD).toEqual({ wanted: 4, free: 3, open: 1, done: 0 });
    expect((await call(server, "GET", "/crowd/studies/t")).status).toBe(404);
  });

  it("of many and long sentences is loaded in parts, whole", async () => {
    const server = await start();
    const sentences = Array.from({ length: 500 }, (_, n) => ({
      original_id: `o${n}`,
      original: `${n} ${"é".repeat(1500)}`,
      cads: ["x"],
      premise: "",
    }));
    expect(
      (await call(server, "POST", "/crowd/studies", { id: "long", sentences })).json.data,
    ).toMatchObject({
      sentences: 500,
      cads: 500,
    });
    const twice = { sentences: [...sentences.slice(0, 1), ...sentences.slice(0, 1)] };
    expect((await call(server, "POST", "/crowd/studies", twice)).json.error).toMatchObject({
      code: "bad_message",
    });
    const tooLong = { sentences: [{ original_id: "o", original: "x".repeat(10_001), cads: [] }] };
    expect((await call(server, "POST", "/crowd/studies", tooLong)).json.error).toMatchObject({
      code: "too_large",
      message: expect.stringContaining("maxTextLength"),
    });
  });

  it("with all its rankings has bonuses, each due once and paid once", async () => {
    const server = await start();
    const units = await wholeStudy(server);
    const table = async () => (await call(server, "GET", "/crowd/studies/s/bonuses")).json.data;
    // Places 0+0, 1+1, 2+3, 3+2: both written CADs are best, and each ranking differs from the result in a tie only.
    const wanted = [
      { unit: units.ann, worker: "ann", kind: "winner", share: 0.5, paid: false },
      { unit: units.bob, worker: "bob", kind: "winner", share: 0.5, paid: false },
      { unit: units.first, worker: "ann", kind: "agreement", share: 1, paid: false },
      { unit: units.second, worker: "bob", kind: "agreement", share: 1, paid: false },
    ];
    expect(await table()).toEqual(wanted);
    for (let time = 0; time < 2; time++) {
      const paid = await call(server, "POST", `/crowd/studies/s/bonuses/${units.bob}/paid`);
      expect(paid).toMatchObject({
        status: 200,
        json: { data: { unit: units.bob, kind: "winner", share: 0.5, paid: true } },
      });
    }
    expect(await table()).toEqual(
      wanted.map((line) => ({ ...line, paid: line.unit === units.bob })),
    );
    expect((await call(server, "POST", "/crowd/studies/s/bonuses/nothing/paid")).status).toBe(404);
    const csv = await (await server.fetch("/crowd/studies/s/bonuses?format=csv")).text();
    expect(csv.split("\r\n").slice(0, 2)).toEqual([
      "unit,worker,kind,share,paid",
      `${units.ann},ann,winner,0.5,false`,
    ]);
  });

  it("is exported whole, as JSON and as CSV that is no formula", async () => {
    const server = await start();
    const units = await wholeStudy(server);
    const client = await server.open(`/crowd?worker=ann&unit=${units.first}`);
    client.send({ message: "submit_feedback", feedback: '=1+1, "really"' });
    client.send({ message: "get_worker_stats" });
    await client.next();
    const { data } = (await call(server, "GET", "/crowd/studies/s/export")).json;
    expect(data.originals[0].cads.map(({ cad, worker }: Json) => [cad, worker])).toEqual([
      ["loaded 0 of 0", null],
      ["loaded 1 of 0", null],
      ["by ann", "ann"],
      ["=by bob", "bob"],
    ]);
    expect(data.originals[0].results).toEqual([
      {
        final: true,
        sentences: ["loaded 0 of 0", "loaded 1 of 0", "by ann", "=by bob"],
        tie_sets: [[0], [1], [2, 3]],
        winners: ["by ann", "=by bob"],
        rankings: 2,
      },
    ]);
    expect(data.units).toHaveLength(4);
    expect(data.units[3]).toMatchObject({
      unit: units.second,
      worker: "bob",
      permutation: [0, 1, 3, 2],
      agreement: 0,
    });
    expect(data.feedback).toMatchObject([
      { feedback: '=1+1, "really"', worker: "ann", unit: units.first },
    ]);
    const csv = await (await server.fetch("/crowd/studies/s/export?format=csv")).text();
    expect(csv).toContain(`"'=1+1, ""really"""`);
    expect(csv).toContain("'=by bob");
    expect(csv).not.toMatch(/(^|,)[=@+]/m);
  });
});

describe("a permutation that is none, and other bad submits", () => {
  it("are refused with what is wrong, and the unit stays", async () => {
    const server = await start();
    await load(server, 1, 4);
    const { agent_id } = await request(server, "ann", "1");
    const refused = await submit(server, agent_id, { permutation: [0, 1, 2, 2] });
    expect(refused).toMatchObject({
      status: 400,
      json: {
        error: { code: "bad_message", message: expect.stringContaining("each of 0 to 3 once") },
      },
    });
    expect((await submit(server, agent_id, { cad: "x" })).status).toBe(400);
    expect((await submit(server, "nobody", { cad: "x" })).status).toBe(404);
    expect((await submit(server, agent_id, { permutation: "3,2,1,0" })).json).toEqual({
      status: "Submitted!",
    });
    // The client may not have heard the answer: the same again is acknowledged, and changes nothing.
    expect((await submit(server, agent_id, { permutation: "0,1,2,3" })).json).toEqual({
      status: "Submitted!",
    });
    const { data } = (await call(server, "GET", "/crowd/studies/s/export")).json;
    expect(data.units[0].permutation).toEqual([3, 2, 1, 0]);
  });
});

describe("deleting a worker", () => {
  it("removes all that is theirs; what they did is asked for anew", async () => {
    const server = await start();
    const units = await wholeStudy(server);
    const ann = await server.open("/crowd?worker=ann");
    expect((await call(server, "DELETE", "/crowd/workers/bob")).json.data).toEqual({
      units: 2,
      feedback: 0,
    });
    expect(await ann.nextJson()).toMatchObject({
      message: "set_worker_stats",
      stats: { num_cads: 1, num_first_place: 0 },
    });
    const text = JSON.stringify((await call(server, "GET", "/crowd/studies/s/export")).json);
    expect(text).not.toContain("bob");
    expect(text).toContain("[removed]");
    const { data } = (await call(server, "GET", "/crowd/studies/s")).json;
    expect([data.CAD, data.RANKING]).toMatchObject([{ free: 1, done: 1 }, { done: 1 }]);
    expect((await call(server, "GET", "/crowd/workers/bob/stats")).json.data.num_cads).toBe(0);
    expect((await call(server, "GET", "/crowd/studies/s/bonuses")).json.data).toEqual([]);
    expect((await call(server, "POST", `/crowd/studies/s/bonuses/${units.bob}/paid`)).status).toBe(
      404,
    );
    expect((await request(server, "bob", "new")).init_task_data).toEqual({
      stage: "CAD",
      original: "original 0",
    });
  });
});

describe("with auth on", () => {
  it("asks for a token where one can be given; an agent's id is enough for its socket and its submit", async () => {
    const tokensFile = join(await folder(), "tokens.json");
    const { token: worker, record } = newToken(
      { name: "page", roles: ["crowd.worker"], only: {} },
      Date.now(),
    );
    const { token: requester, record: other } = newToken(
      { name: "lab", roles: ["crowd.requester"], only: {} },
      Date.now(),
    );
    await changeTokens(tokensFile, () => [record, other]);
    const server = await start(
      {},
      { auth: { enabled: true, tokensFile }, limits: { authTimeoutMs: 300 } },
    );
    expect((await load(server, 1, 2)).status).toBe(401);
    expect(
      (await call(server, "POST", `/crowd/studies?token=${worker}`, studyOf(1, 2))).status,
    ).toBe(403);
    expect(
      (await call(server, "POST", `/crowd/studies?token=${requester}`, studyOf(1, 2))).status,
    ).toBe(201);
    expect((await call(server, "GET", "/task_config.json")).status).toBe(200);
    expect(
      (await call(server, "POST", "/request_agent", { provider_data: { worker_name: "ann" } }))
        .status,
    ).toBe(401);
    const { agent_id } = await request(server, "ann", "1", `/request_agent?token=${worker}`);
    const socket = await server.open("/");
    socket.send({ packet_type: "alive", subject_id: agent_id, data: {}, client_timestamp: 1 });
    expect(await socket.nextJson()).toMatchObject({ packet_type: "update_status" });
    expect((await submit(server, agent_id, { cad: "x" })).json).toEqual({ status: "Submitted!" });
    const guess = await server.open("/");
    guess.send({ packet_type: "heartbeat", subject_id: "guess", client_timestamp: 1 });
    guess.send({
      packet_type: "mephisto_bound_live_update",
      subject_id: "guess",
      data: { message: "get_worker_stats" },
    });
    expect(await guess.nextJson()).toMatchObject({ packet_type: "heartbeat" });
    expect(await guess.closed()).toMatchObject({ code: 4401 });
    const nobody = await server.open("/crowd?worker=ann");
    expect(await nobody.closed()).toMatchObject({ code: 4401 });
    const wrong = await server.open(`/crowd?worker=ann&token=${requester}`);
    expect(await wrong.closed()).toMatchObject({ code: 4403 });
    const right = await server.open(`/crowd?worker=ann&token=${worker}`);
    right.send({ message: "get_worker_stats" });
    expect(await right.nextJson()).toMatchObject({ stats: { num_cads: 1 } });
    // Well beyond the time to authenticate the agent's socket is still there.
    socket.send({ packet_type: "heartbeat", subject_id: agent_id, client_timestamp: 2 });
    expect(await nextBut(socket, "set_worker_stats")).toMatchObject({
      packet_type: "heartbeat",
      data: { last_mephisto_ping: 2000 },
    });
  });
});

describe("taskDir", () => {
  it("is served at /, beside everything else", async () => {
    const taskDir = await folder();
    await writeFile(join(taskDir, "index.html"), "<title>task</title>");
    const server = await start({ taskDir });
    expect(await (await server.fetch("/?worker_id=x")).text()).toBe("<title>task</title>");
    expect((await call(server, "GET", "/task_config.json")).json).toHaveProperty(
      "mephisto_task_version",
    );
    const without = await start();
    expect((await without.fetch("/")).status).toBe(404);
  });
});
