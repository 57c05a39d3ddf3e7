/** Mephisto's packets as they come on bad days, beside lobby clients on the same path. */
import { describe, expect, it } from "vitest";
import { agentOf, loadStudy, PacketSocket, requestAgent, submitTask } from "../support/crowd.ts";
import { dataOf, request } from "../support/http.ts";
import { scopePerTest } from "../support/scope.ts";
import { startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const scope = scopePerTest();

async function started() {
  const server = await startServer(scope);
  await loadStudy(server.url, "s", 3);
  return server;
}

/** What a reload of the page is given as its draft. */
const draftOf = async (url: string, worker: string) =>
  (await requestAgent(url, worker, "r")).init_task_data.draft;

/** All feedback in the study's export. */
async function feedbackIn(url: string): Promise<string[]> {
  const { feedback } = dataOf(await request(url, "GET /crowd/studies/s/export")) as {
    feedback: { feedback: string }[];
  };
  return feedback.map(({ feedback: text }) => text);
}

describe("packets", () => {
  it("have the envelope both ways, and a heartbeat echoes the client's clock", async () => {
    const server = await started();
    const agent = await agentOf(server.url, "ann", "r");
    const client = await PacketSocket.open(scope, server.ws(), agent);
    client.send("heartbeat", undefined, { client_timestamp: 1234.5 });
    expect(await client.socket.json()).toEqual({
      packet_type: "heartbeat",
      subject_id: agent,
      data: { last_mephisto_ping: 1234500, status: "in task" },
      client_timestamp: expect.any(Number),
    });
    client.alive();
    expect(await client.socket.json()).toEqual({
      packet_type: "update_status",
      subject_id: agent,
      data: { status: "in task" },
      client_timestamp: expect.any(Number),
    });
    client.live({ message: "get_worker_stats" });
    client.live({ message: "get_worker_stats" });
    const [first, second] = [
      await client.next("client_bound_live_update"),
      await client.next("client_bound_live_update"),
    ];
    expect(first).toMatchObject({
      message: "set_worker_stats",
      stats: { num_cads: 0, num_rankings: 0, num_first_place: 0, history: [] },
    });
    expect(new Set([first.update_id, second.update_id]).size).toBe(2);
  });

  it("without a subject_id wait for the first that has one", async () => {
    const server = await started();
    const agent = await agentOf(server.url, "ann", "r");
    const client = await PacketSocket.open(scope, server.ws(), agent);
    const unknown = { subject_id: undefined };
    client.live({ message: "set_cad", cad: "early" }, unknown);
    client.live({ message: "get_worker_stats" }, { subject_id: null });
    client.alive(unknown);
    client.send("heartbeat", undefined, unknown);
    // A heartbeat waits for nothing.
    expect(await client.next("heartbeat")).toMatchObject({ status: "in task" });
    client.live({ message: "set_feedback", feedback: "hello" });
    expect(await client.next("client_bound_live_update")).toMatchObject({
      message: "set_worker_stats",
    });
    expect(await client.next("update_status")).toEqual({ status: "in task" });
    client.live({ message: "get_worker_stats" });
    await client.next("client_bound_live_update");
    expect(await draftOf(server.url, "ann")).toEqual({ cad: "early" });
    expect(await feedbackIn(server.url)).toEqual(["hello"]);
  });

  it("of a burst in reverse order: the newest draft counts, and nothing is lost", async () => {
    const server = await started();
    const client = await PacketSocket.open(
      scope,
      server.ws(),
      await agentOf(server.url, "ann", "r"),
    );
    const at = Date.now() / 1000;
    client.live({ message: "get_worker_stats" }, { client_timestamp: at + 0.005 });
    for (const [ms, cad] of [
      [4, "abc"],
      [3, "ab"],
      [2, "a"],
    ] as const)
      client.live({ message: "set_cad", cad }, { client_timestamp: at + ms / 1000 });
    client.live({ message: "set_feedback", feedback: "two" }, { client_timestamp: at + 0.001 });
    client.live({ message: "submit_feedback", feedback: "one" }, { client_timestamp: at });
    client.alive({ client_timestamp: at - 1 });
    expect(await client.next("client_bound_live_update")).toMatchObject({
      message: "set_worker_stats",
    });
    await client.next("update_status");
    expect(await draftOf(server.url, "ann")).toEqual({ cad: "abc" });
    expect(await feedbackIn(server.url)).toEqual(["two", "one"]);
  });

  it("with an update_id that was there have no effect, over another socket and a later one too", async () => {
    const server = await started();
    const agent = await agentOf(server.url, "ann", "r");
    const client = await PacketSocket.open(scope, server.ws(), agent);
    const draft = { message: "set_cad", cad: "first", update_id: "u1" };
    const feedback = { message: "set_feedback", feedback: "once", update_id: "u2" };
    client.live(draft);
    client.live(feedback);
    client.live({ message: "set_cad", cad: "second", update_id: "u3" });
    client.live({ message: "get_worker_stats", update_id: "u4" });
    await client.next("client_bound_live_update");
    const second = await PacketSocket.open(scope, server.ws(), agent);
    for (const socket of [client, second]) {
      for (const again of [draft, feedback, { message: "get_worker_stats", update_id: "u4" }])
        socket.live(again, { client_timestamp: 2e9 });
      socket.alive();
      await socket.next("update_status");
    }
    client.socket.close();
    second.socket.close();
    await Promise.all([client.socket.closed(), second.socket.closed()]);
    const third = await PacketSocket.open(scope, server.ws(), agent);
    for (const again of [draft, feedback]) third.live(again, { client_timestamp: 2e9 });
    third.alive();
    await third.next("update_status");
    expect(await draftOf(server.url, "ann")).toEqual({ cad: "second" });
    expect(await feedbackIn(server.url)).toEqual(["once"]);
  });

  it("that are bad close nothing and change nothing, not even as a socket's first", async () => {
    const server = await started();
    const agent = await agentOf(server.url, "ann", "r");
    const client = await PacketSocket.open(scope, server.ws(), agent);
    client.send("mephisto_bound_live_update", undefined);
    client.socket.send("{");
    client.live({ message: "dance" });
    client.live({ message: 5 });
    client.live({ message: "set_cad", cad: 5 });
    client.live({ message: "set_cad" });
    client.live({ message: "set_permutation", permutation: [0, 1] });
    client.send("mephisto_bound_live_update", ["get_worker_stats"] as object);
    client.send("dance", {});
    client.socket.send({ message: "set_cad", cad: "as it stands" });
    client.send("alive", {}, { subject_id: 7, client_timestamp: "now" });
    client.send("heartbeat", undefined, { subject_id: "somebody else" });
    await client.next("update_status");
    await client.next("heartbeat");
    expect(await draftOf(server.url, "ann")).toBeUndefined();
    const stranger = await PacketSocket.open(
      scope,
      server.ws(),
      "00000000-0000-4000-8000-000000000000",
    );
    stranger.live({ message: "get_worker_stats" });
    stranger.live({ message: "set_feedback", feedback: "from nobody" });
    stranger.send("heartbeat", undefined);
    await stranger.next("heartbeat");
    expect(await feedbackIn(server.url)).toEqual([]);
  });
});

describe("the path /", () => {
  it("belongs to lobby clients and to Mephisto's, told apart by the first message", async () => {
    const server = await started();
    const agent = await agentOf(server.url, "ann", "r");
    const dan = await TextSocket.open(scope, server.ws());
    const ann = await PacketSocket.open(scope, server.ws(), agent);
    const stranger = await TextSocket.open(scope, server.ws());
    ann.alive();
    dan.send({ type: "wait_start", user: "dan", lobby_id: 10, prompt_id: 5 });
    stranger.send({ message: "get_worker_stats" });
    expect(await dan.json()).toMatchObject({ type: "update", users: ["dan"] });
    expect(await ann.next("update_status")).toEqual({ status: "in task" });
    expect(await stranger.closed()).toMatchObject({ code: 1000, reason: "invalid message type" });
    ann.live({ message: "get_worker_stats" });
    dan.send({ type: "start", in: 5 });
    expect(await dan.json()).toMatchObject({ type: "start", in: 5 });
    expect(await ann.next("client_bound_live_update")).toMatchObject({
      message: "set_worker_stats",
    });
  });
});

describe("the same registration", () => {
  it("gets the same agent and data again; there is something to do once for each worker and original", async () => {
    const server = await started();
    const first = await requestAgent(server.url, "ann", "r1");
    expect(first).toMatchObject({
      worker_id: "ann",
      failure_reason: null,
      init_task_data: { stage: "CAD", original: expect.any(String) },
    });
    expect(await requestAgent(server.url, "ann", "r1")).toEqual(first);
    const others = [
      await requestAgent(server.url, "ann", "r2"),
      await requestAgent(server.url, "ann", "r3"),
    ];
    expect(
      new Set([first, ...others].map(({ init_task_data }) => init_task_data.original)).size,
    ).toBe(3);
    expect(await requestAgent(server.url, "ann", "r4")).toMatchObject({
      agent_id: null,
      failure_reason: expect.stringMatching(/./),
    });
    const skip = { sentence: "x", explanation: "not clear to me" };
    expect(await submitTask(server.url, first.agent_id ?? "", skip)).toEqual({
      status: 200,
      json: { status: "Submitted!" },
    });
    expect(await requestAgent(server.url, "ann", "r4")).toMatchObject({ agent_id: null });
    // The skip is asked for anew: beside the two that were wanted at first a third one can be had.
    for (const worker of ["bob", "cat"])
      expect((await requestAgent(server.url, worker, "r")).init_task_data).toEqual(
        first.init_task_data,
      );
    expect((await requestAgent(server.url, "dan", "r")).init_task_data.original).not.toBe(
      first.init_task_data.original,
    );
    for (const path of ["submit_onboarding", "submit_metadata", "log_error"]) {
      expect(
        await request(server.url, `POST /${path}`, { body: { USED_AGENT_ID: first.agent_id } }),
      ).toMatchObject({
        status: 200,
        json: {},
      });
    }
  });
});
