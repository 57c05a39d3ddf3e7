/** kill -9 of the server amid crowd work: what was acknowledged is there afterwards, once, and the study comes to the same end. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadStudy, PacketSocket, requestAgent, submitTask } from "../support/crowd.ts";
import { dataOf, request } from "../support/http.ts";
import { within } from "../support/inbox.ts";
import { scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();

/** What was acknowledged to a worker. */
interface Acknowledged {
  /** Unit → what it was completed with. */
  readonly done: Map<string, { readonly cad?: string; readonly permutation?: readonly number[] }>;
  /** Unit → agent, of those it was given. */
  readonly given: Map<string, string>;
  readonly feedback: string[];
}

/** Works until there is nothing to do or the server has gone; `acknowledged` is called for each submit. */
async function work(
  url: string,
  ws: string,
  worker: string,
  book: Acknowledged,
  round: number,
  acknowledged: () => void,
): Promise<void> {
  for (let number = 0; ; number += 1) {
    const details = await requestAgent(url, worker, `${worker} ${round} ${number}`);
    const { agent_id, request_id, init_task_data } = details;
    if (agent_id === null) return;
    book.given.set(request_id, agent_id);
    const socket = await PacketSocket.open(scope, ws, agent_id);
    const feedback = `${worker} of ${request_id}`;
    socket.live({ message: "set_feedback", feedback });
    socket.live({ message: "get_worker_stats" });
    // Behind the feedback, so that this is stored.
    await socket.socket.frames.until((text) => text.includes("set_worker_stats"));
    book.feedback.push(feedback);
    const count = init_task_data.stage === "RANKING" ? init_task_data.sentences.length : 0;
    const work =
      count > 0
        ? { permutation: Array.from({ length: count }, (_, n) => (n + worker.length) % count) }
        : { cad: `${worker} of ${init_task_data.original}` };
    const { status, json } = await submitTask(url, agent_id, work);
    if (status !== 200) throw new Error(`submit: ${status} ${JSON.stringify(json)}`);
    book.done.set(request_id, work);
    socket.socket.close();
    acknowledged();
  }
}

interface Exported {
  readonly units: readonly {
    unit: string;
    stage: string;
    status: string;
    worker: string;
    original_id: string;
    cad?: string;
    permutation?: number[];
  }[];
  readonly feedback: readonly { feedback: string }[];
}

const exported = async (server: ServerProcess) =>
  dataOf(await request(server.url, "GET /crowd/studies/s/export")) as Exported;

type Bonus = { readonly unit: string; readonly paid: boolean; readonly share: number };

const bonuses = async (server: ServerProcess) =>
  dataOf(await request(server.url, "GET /crowd/studies/s/bonuses")) as readonly Bonus[];

const workers = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff"];

describe("kill -9 while six workers write and rank", () => {
  it("loses no unit, ranking or feedback that was acknowledged, and pays no bonus twice", {
    timeout: 90_000,
  }, async () => {
    const data = join(await temporaryFolder(scope), "data");
    const server = await startServer(scope, { data });
    await loadStudy(server.url, "s", 12);
    const books = workers.map(
      (): Acknowledged => ({ done: new Map(), given: new Map(), feedback: [] }),
    );
    let count = 0;
    const killed = new Promise<void>((resolve) => {
      const acknowledged = () => {
        count += 1;
        if (count === 25) resolve(server.kill("SIGKILL").then(() => undefined));
      };
      // The death of the server ends them, one way or another.
      for (const [nth, worker] of workers.entries()) {
        const book = books[nth];
        if (book !== undefined)
          void work(server.url, server.ws(), worker, book, 1, acknowledged).catch(() => {});
      }
    });
    await within(killed, "25 acknowledged submits", 30_000);

    const again = await startServer(scope, { data, port: server.port });
    const check = async (): Promise<Exported> => {
      const study = await exported(again);
      for (const [nth, book] of books.entries()) {
        for (const [id, work] of book.done) {
          const unit = study.units.find((candidate) => candidate.unit === id);
          expect(unit).toMatchObject({
            worker: workers[nth],
            status: expect.stringMatching(/done|duplicate/),
            ...work,
          });
        }
        for (const id of book.given.keys())
          expect(study.units.find(({ unit }) => unit === id)).toMatchObject({
            worker: workers[nth],
          });
        for (const text of book.feedback)
          expect(study.feedback.filter(({ feedback }) => feedback === text)).toHaveLength(1);
      }
      return study;
    };
    await check();
    // What was under way is completed by the agents that have it, and the rest by whoever may.
    for (const { given, done } of books) {
      for (const [unit, agent] of given) {
        if (done.has(unit)) continue;
        const { stage, cad, permutation } = (await exported(again)).units.find(
          (candidate) => candidate.unit === unit,
        ) ?? { stage: "" };
        const own =
          stage === "CAD"
            ? { cad: cad ?? `late ${unit}` }
            : { permutation: permutation ?? [0, 1, 2, 3] };
        expect(await submitTask(again.url, agent, own)).toMatchObject({ status: 200 });
        done.set(unit, own);
      }
    }
    for (let round = 2; round < 4; round += 1) {
      for (const [nth, worker] of workers.entries()) {
        const book = books[nth];
        if (book !== undefined) await work(again.url, again.ws(), worker, book, round, () => {});
      }
    }
    const { units } = await check();
    const pairs = units.map(
      ({ worker, stage, original_id }) => `${worker} ${stage} ${original_id}`,
    );
    expect(new Set(pairs).size).toBe(pairs.length);
    const open = units.filter(({ status }) => status === "open");
    // A unit whose giving out was stored but not heard of stays with its worker until it is abandoned.
    expect(open.length).toBeLessThanOrEqual(workers.length);

    const due = await bonuses(again);
    expect(due.length).toBeGreaterThan(0);
    const paid: string[] = [];
    const paying = (async () => {
      for (const { unit } of due) {
        const { status } = await request(again.url, `POST /crowd/studies/s/bonuses/${unit}/paid`);
        if (status === 200) paid.push(unit);
        if (paid.length === Math.ceil(due.length / 2)) void again.kill("SIGKILL");
      }
    })();
    await paying.catch(() => {});
    await again.ended();
    const third = await startServer(scope, { data, port: server.port });
    const table = await bonuses(third);
    expect(table.map(({ unit }) => unit)).toEqual(due.map(({ unit }) => unit));
    for (const unit of paid)
      expect(table.filter((line) => line.unit === unit)).toMatchObject([{ paid: true }]);
    expect(table.filter((line) => line.paid).length - paid.length).toBeLessThanOrEqual(1);
    for (const { unit } of due)
      expect((await request(third.url, `POST /crowd/studies/s/bonuses/${unit}/paid`)).status).toBe(
        200,
      );
    const after = await bonuses(third);
    expect(after).toEqual(due.map((line) => ({ ...line, paid: true })));
  });
});
