/** The unmodified browser client, npm `mephisto-task` 2.0.4 on React 18, in jsdom against a started server. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { agentOf, loadStudy, requestAgent, submitTask } from "../support/crowd.ts";
import { dataOf, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";
import { TaskPage } from "../support/task-page.ts";

const scope = scopePerTest();

describe("a page with mephisto-task's hooks", () => {
  it("gets a unit, statistics and heartbeats, saves drafts, submits, and hears live of a ranking afterwards", async () => {
    const taskDir = join(await temporaryFolder(scope), "pages");
    await mkdir(taskDir);
    await writeFile(join(taskDir, "index.html"), "<div id=root></div>");
    const { url } = await startServer(scope, { config: { services: { crowd: { taskDir } } } });
    await loadStudy(url, "s", 1);
    expect((await request(url, "GET /")).text).toBe("<div id=root></div>");

    const page = await TaskPage.open(scope, url, "ann", "r1");
    const task = () => {
      if (page.task === undefined) throw new Error("nothing is rendered");
      return page.task;
    };
    const ready = await eventually(
      "the unit",
      async () => page.task,
      (now) => now?.isLoading === false && now.initialTaskData !== null,
    );
    expect(ready?.initialTaskData).toEqual({
      stage: "CAD",
      original: "A little boy is playing soccer outside.",
    });
    expect(await page.statuses.next()).toBe("in task");
    await eventually(
      "connected and in task",
      async () => [task().connectionStatus, task().agentStatus],
      ([connection, agent]) => connection === "connected" && agent === "in task",
    );

    void task().sendLiveUpdate({ message: "get_worker_stats" });
    expect(await page.updates.next()).toMatchObject({
      message: "set_worker_stats",
      stats: { num_cads: 0, history: [] },
    });
    // A burst leaves in reverse order, one packet each tenth of a second; the client passes over an update_id that it has seen.
    void task().sendLiveUpdate({ message: "set_cad", cad: "A boy" });
    void task().sendLiveUpdate({ message: "submit_feedback", feedback: "nice" });
    void task().sendLiveUpdate({ message: "get_worker_stats" });
    void task().sendLiveUpdate({ message: "get_worker_stats" });
    for (let count = 0; count < 2; count += 1)
      expect(await page.updates.next()).toMatchObject({ message: "set_worker_stats" });
    const draft = await eventually(
      "the draft",
      async () => (await requestAgent(url, "ann", "r1")).init_task_data.draft,
      (saved) => saved !== undefined,
    );
    expect(draft).toEqual({ cad: "A boy" });

    const heartbeat = await page.packets.until(({ packet_type }) => packet_type === "heartbeat");
    const { last_mephisto_ping } = heartbeat.data as { last_mephisto_ping: number };
    expect(Math.abs(Date.now() - last_mephisto_ping)).toBeLessThan(20_000);

    task().handleSubmit({
      sentence: "A little boy is playing soccer outside.",
      cad: "A little boy is asleep.",
    });
    expect(await page.provided.next()).toEqual({
      sentence: "A little boy is playing soccer outside.",
      cad: "A little boy is asleep.",
    });
    expect(await page.updates.next()).toMatchObject({
      message: "set_worker_stats",
      stats: { num_cads: 1, num_first_place: 0 },
    });

    await submitTask(url, await agentOf(url, "bob", "r1"), {
      sentence: "x",
      cad: "A little boy is reading.",
    });
    const ranking = await requestAgent(url, "cat", "r1");
    expect(ranking.init_task_data.sentences).toHaveLength(4);
    const best = ranking.init_task_data.sentences.indexOf("A little boy is asleep.");
    const permutation = [0, 1, 2, 3].filter((index) => index !== best).concat(best);
    expect(
      (await submitTask(url, ranking.agent_id ?? "", { sentences: [], permutation })).json,
    ).toEqual({ status: "Submitted!" });
    expect(await page.updates.next()).toMatchObject({
      message: "set_worker_stats",
      stats: {
        num_cads: 1,
        num_rankings: 0,
        num_first_place: 1,
        history: [{ stage: "CAD", num_first_place: 1, cad: "A little boy is asleep." }],
      },
    });
    const exported = dataOf(await request(url, "GET /crowd/studies/s/export"));
    expect(exported).toMatchObject({ feedback: [{ worker: "ann", feedback: "nice" }] });
    // Nothing has made the client think that the server is gone.
    expect(task().connectionStatus).toBe("connected");
    expect(page.statuses.unread).toEqual([]);
  });

  it("is told why where there is nothing to do", async () => {
    const { url } = await startServer(scope);
    const page = await TaskPage.open(scope, url, "ann", "r1");
    const blocked = await eventually(
      "the refusal",
      async () => page.task,
      (now) => typeof now?.blockedReason === "string",
    );
    expect(blocked).toMatchObject({
      agentId: null,
      blockedReason: "null_agent_id",
      blockedExplanation: expect.stringMatching(/nothing to do/),
    });
  });
});
