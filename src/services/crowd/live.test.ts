/** The crowd served over sockets: the live dashboard, plain sockets, abandoned units. */
import { describe, expect, it } from "vitest";
import { call, type Json, load, nextBut, request, start, submit } from "./crowd-server.suite.ts";

describe("the dashboard", () => {
  it("is told unasked when somebody's ranking changes its numbers, on every socket of the worker", async () => {
    const server = await start();
    await load(server, 1, 2);
    const bob = await request(server, "bob", "1");
    await submit(server, bob.agent_id, { cad: "by bob" });
    const cat = await request(server, "cat", "1");
    await submit(server, cat.agent_id, { cad: "by cat" });
    const plain = await server.open("/crowd?worker=bob");
    plain.send({ message: "get_worker_stats" });
    expect(await plain.nextJson()).toMatchObject({
      message: "set_worker_stats",
      stats: { num_cads: 1, num_first_place: 0 },
    });
    const mephisto = await server.open("/");
    mephisto.send({
      packet_type: "alive",
      subject_id: bob.agent_id,
      data: { update_id: "1" },
      client_timestamp: 1,
    });
    const status: Json = await mephisto.nextJson();
    expect(status).toMatchObject({
      packet_type: "update_status",
      subject_id: bob.agent_id,
      data: { status: "in task" },
    });
    const { agent_id } = await request(server, "ann", "2");
    await submit(server, agent_id, { permutation: [0, 1, 3, 2] });
    const stats = {
      num_cads: 1,
      num_rankings: 0,
      num_first_place: 1,
      history: [
        {
          finished_time: expect.stringMatching(/^\w{3} \d\d \w{3} \d{4}, \d\d:\d\d[AP]M$/),
          stage: "CAD",
          num_first_place: 1,
          original: "original 0",
          cad: "by bob",
        },
      ],
    };
    expect(await plain.nextJson()).toEqual({ message: "set_worker_stats", stats });
    expect(await mephisto.nextJson()).toMatchObject({
      packet_type: "client_bound_live_update",
      subject_id: bob.agent_id,
      data: { message: "set_worker_stats", stats, update_id: expect.any(String) },
    });
    expect((await call(server, "GET", "/crowd/workers/bob/stats")).json.data).toEqual(stats);
    expect((await call(server, "GET", "/crowd/workers/nobody/stats")).json.data).toEqual({
      num_cads: 0,
      num_rankings: 0,
      num_first_place: 0,
      history: [],
    });
  });
});

describe("a plain socket", () => {
  it("gets a unit, keeps its draft over a reconnect, completes it and gets the next", async () => {
    const server = await start();
    await load(server, 2, 2);
    const client = await server.open("/crowd?worker=ann&errors=1");
    client.send({ message: "get_unit" });
    const { unit }: Json = await client.nextJson();
    expect(unit).toEqual({ unit: expect.any(String), stage: "CAD", original: "original 0" });
    client.send({ message: "set_cad", cad: "half a" });
    client.send({ message: "set_permutation", permutation: [0] });
    expect(await client.nextJson()).toEqual({
      message: "error",
      code: "wrong_state",
      detail: expect.stringContaining("set_cad"),
    });
    await client.leave();
    const again = await server.open(`/crowd?worker=ann&unit=${unit.unit}&errors=1`);
    again.send({ message: "get_unit" });
    expect(await again.nextJson()).toEqual({
      message: "set_unit",
      unit: { ...unit, draft: { cad: "half a" } },
    });
    again.send({ message: "submit" });
    expect(await nextBut(again, "set_worker_stats")).toEqual({
      message: "submitted",
      unit: unit.unit,
      status: "Submitted!",
    });
    again.send({ message: "get_unit" });
    expect(await nextBut(again, "set_worker_stats")).toMatchObject({
      unit: { stage: "CAD", original: "original 1" },
    });
    const other = await server.open(`/crowd?worker=bob&unit=${unit.unit}&errors=1`);
    expect(await other.nextJson()).toMatchObject({ message: "error", code: "not_found" });
  });

  it("without errors=1 hears nothing of its mistakes, and is not closed for them", async () => {
    const server = await start();
    await load(server, 1, 2);
    const client = await server.open("/crowd?worker=ann&unit=made-up");
    for (const bad of [
      "no json",
      "[]",
      "5",
      '{"message":7}',
      '{"message":"dance"}',
      '{"message":"set_cad"}',
      '{"message":"set_cad","cad":1}',
    ])
      client.send(bad);
    client.send({ message: "set_cad", cad: "to nothing" });
    client.send({ packet_type: "alive", subject_id: "x" });
    client.send({ message: "set_feedback", feedback: "fine" });
    client.send({ message: "get_worker_stats", extra: true });
    expect(await client.nextJson()).toEqual({
      message: "set_worker_stats",
      stats: { num_cads: 0, num_rankings: 0, num_first_place: 0, history: [] },
    });
  });
});

describe("an abandoned unit", () => {
  it("is given to someone else, and its agent is told", async () => {
    const server = await start({ unitTimeoutMs: 1 });
    await load(server, 1, 3);
    const kept = await request(server, "ann", "1");
    const socket = await server.open("/");
    socket.send({ packet_type: "alive", subject_id: kept.agent_id, data: {}, client_timestamp: 1 });
    await socket.next();
    // As long as there is a socket nobody else gets it, though the time, a millisecond, is over.
    expect((await request(server, "bob", "1")).agent_id).toBeNull();
    await socket.leave();
    let taken = await request(server, "bob", "1");
    for (const endMs = Date.now() + 5000; taken.agent_id === null && Date.now() < endMs; )
      taken = await request(server, "bob", "1");
    expect(taken).toMatchObject({
      request_id: kept.request_id,
      init_task_data: { stage: "CAD", original: "original 0" },
    });
    expect(taken.agent_id).not.toBe(kept.agent_id);
    expect((await submit(server, kept.agent_id, { cad: "late" })).json.error).toMatchObject({
      code: "conflict",
    });
    const late = await server.open("/");
    late.send({ packet_type: "alive", subject_id: kept.agent_id, data: {}, client_timestamp: 1 });
    expect(await late.nextJson()).toMatchObject({
      packet_type: "update_status",
      data: { status: "expired" },
    });
    expect(await request(server, "ann", "1")).toMatchObject({
      agent_id: null,
      failure_reason: expect.any(String),
      init_task_data: null,
    });
  });
});
