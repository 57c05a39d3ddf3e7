/** The crowd's clients against Switchboard and against a server as Mephisto's is, through connections that are cut. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { eventually, Inbox, within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { changeTokens, newToken } from "../../gateway/auth/index.ts";
import { TestServer } from "../../testing/index.ts";
import { startProxy } from "../cut-proxy.fixture.ts";
import {
  CrowdDashboard,
  CrowdWorker,
  type CrowdWorkerOptions,
  type ServerError,
  type WorkerStats,
} from "./index.ts";
import { startOriginalCrowd } from "./original-crowd.fixture.ts";

const scope = scopePerTest();

const cads = (n: number, count: number) =>
  Array.from({ length: count }, (_, k) => `loaded ${k} of ${n}`);

async function startSwitchboard(
  originals: number,
  known: number,
  config: object = {},
  query = "",
): Promise<TestServer> {
  const server = scope.own(await TestServer.start({ config }), (owned) => owned.stop());
  const sentences = Array.from({ length: originals }, (_, n) => ({
    original_id: `o${n}`,
    original: `original ${n}`,
    cads: cads(n, known),
  }));
  const response = await server.fetch(`/crowd/studies${query}`, {
    method: "POST",
    body: JSON.stringify({ id: "s", sentences }),
  });
  expect(response.status).toBe(201);
  return server;
}

interface Exported {
  readonly units: readonly {
    readonly worker: string;
    readonly cad?: string;
    readonly explanation?: string;
    readonly permutation?: number[];
  }[];
  readonly feedback: readonly { readonly feedback: string }[];
}

async function exported(server: TestServer): Promise<Exported> {
  return ((await (await server.fetch("/crowd/studies/s/export")).json()) as { data: Exported })
    .data;
}

const proxyOf = async (url: string) => scope.own(await startProxy(url), (proxy) => proxy.stop());

interface Working {
  readonly worker: CrowdWorker;
  readonly stats: Inbox<WorkerStats>;
  readonly errors: Inbox<ServerError>;
}

function work(url: string, workerName: string, more: Partial<CrowdWorkerOptions> = {}): Working {
  const worker = scope.own(new CrowdWorker(url, { workerName, maxDelayMs: 50, ...more }), (owned) =>
    owned.close(),
  );
  const stats = new Inbox<WorkerStats>(`stats of ${workerName}`);
  const errors = new Inbox<ServerError>(`error of ${workerName}`);
  worker.on("stats", (numbers) => stats.push(numbers));
  worker.on("error", (error) => errors.push(error));
  return { worker, stats, errors };
}

const open = (worker: CrowdWorker) =>
  within(worker.connection?.whenOpen() ?? Promise.reject(new Error("no unit")), "open");

const lost = (worker: CrowdWorker) =>
  within(
    new Promise<void>((resolve) => {
      const off = worker.on("state", ({ status }) => {
        if (status !== "waiting") return;
        off();
        resolve();
      });
    }),
    "loss",
  );

describe.each([
  // Its pong, which says that it has read a message, may be quicker than what the message has it say.
  {
    kind: "Switchboard",
    start: async () => (await startSwitchboard(3, 2)).url,
    echoed: /^(acked|sent)$/,
  },
  {
    kind: "an original server",
    start: async () => (await startOriginalCrowd(scope)).url,
    echoed: /^acked$/,
  },
])("with $kind", ({ start, echoed }) => {
  it("a worker gets a unit, its numbers and its status, saves drafts, and submits", async () => {
    const { worker, stats } = work(await start(), "ann");
    const statuses: string[] = [];
    worker.on("status", (status) => statuses.push(status));
    expect(() => worker.saveCad("too early")).toThrow(
      expect.objectContaining({ code: "wrong_state" }),
    );
    const unit = await worker.requestUnit({ registrationId: "r1" });
    expect(unit).toMatchObject({
      stage: "CAD",
      original: expect.any(String),
      agentId: expect.any(String),
      registrationId: "r1",
    });
    expect(await stats.next()).toEqual({ cads: 0, rankings: 0, firstPlaces: 0, history: [] });
    const sendings = [
      worker.saveCad("It was"),
      worker.saveCad("It was bad."),
      worker.sendFeedback("too short"),
    ];
    expect(await within(Promise.all(sendings.map(({ outcome }) => outcome)), "outcomes")).toEqual([
      "sent",
      "sent",
      "sent",
    ]);
    expect(() => worker.savePermutation([0])).toThrow(
      expect.objectContaining({ code: "wrong_state" }),
    );
    await worker.submit({ cad: "It was bad." });
    expect(await within(worker.requestStats().outcome, "outcome")).toMatch(echoed);
    expect(await stats.until((numbers) => numbers.cads === 1)).toMatchObject({
      cads: 1,
      rankings: 0,
    });
    expect(worker.stats?.cads).toBe(1);
    expect(statuses).toEqual(["in task"]);
    expect(worker.ignored).toBe(0);
  });

  it("the next unit has a connection of its own; the same registration is given the same unit", async () => {
    const { worker } = work(await start(), "ann");
    const first = await worker.requestUnit({ registrationId: "r1" });
    const connection = worker.connection;
    await open(worker);
    expect(await worker.requestUnit({ registrationId: "r1" })).toEqual(first);
    expect(worker.connection).toBe(connection);
    const second = await worker.requestUnit({ registrationId: "r2" });
    expect(second).not.toEqual(first);
    expect(worker.unit).toEqual(second);
    expect(worker.connection).not.toBe(connection);
    expect(
      await within(connection?.whenClosed() ?? Promise.reject(), "end of the first"),
    ).toMatchObject({ kind: "closed" });
    await open(worker);
    await worker.close();
    expect(worker.connection?.state.status).toBe("closed");
    await expect(worker.requestUnit()).rejects.toMatchObject({ code: "connection_closed" });
  });

  it("comes back after a cut, and has the numbers again", async () => {
    const proxy = await proxyOf(await start());
    const { worker, stats } = work(proxy.url, "ann");
    await worker.requestUnit();
    await stats.next();
    const gone = lost(worker);
    proxy.cut();
    await gone;
    expect(await stats.next()).toMatchObject({ cads: 0 });
  });

  it("takes no unit when it is closed just as one comes", async () => {
    const url = await start();
    const real = globalThis.fetch;
    scope.own(real, () => {
      globalThis.fetch = real;
    });
    // Closed in each of the turns in which the answer is on its way to the worker.
    for (let turns = 0; turns < 20; turns++) {
      const { worker } = work(url, `w${turns}`);
      const closed = new Promise<void>((resolve) => {
        globalThis.fetch = async (...asked) => {
          const response = await real(...asked);
          const text = await response.text();
          return Object.assign(new Response(null, { status: response.status }), {
            text: () => {
              let turn = Promise.resolve();
              for (let nth = 0; nth < turns; nth++) turn = turn.then(() => {});
              void turn.then(() => resolve(worker.close()));
              return Promise.resolve(text);
            },
          });
        };
      });
      await worker.requestUnit().catch(({ code }) => expect(code).toBe("connection_closed"));
      await within(closed, "the close");
      expect(worker.connection?.state.status ?? "closed", `after ${turns} turns`).toBe("closed");
    }
  });

  it("tries a request and a submit until the server is there, or the deadline is over", async () => {
    const proxy = await proxyOf(await start());
    proxy.refuse(true);
    const { worker } = work(proxy.url, "ann", { requestDeadlineMs: 15_000 });
    const asked = worker.requestUnit();
    await expect(worker.requestUnit()).rejects.toMatchObject({ code: "wrong_state" });
    await eventually(
      "attempts",
      async () => proxy.acceptedAtMs.length,
      (count) => count >= 3,
    );
    proxy.refuse(false);
    expect(await asked).toMatchObject({ stage: "CAD" });
    proxy.refuse(true);
    proxy.cut();
    const done = worker.submit({ cad: "new" });
    const before = proxy.acceptedAtMs.length;
    await eventually(
      "attempts",
      async () => proxy.acceptedAtMs.length,
      (count) => count >= before + 3,
    );
    proxy.refuse(false);
    await done;

    // Not sooner, however long the delays are that chance gives.
    const patient = Array.from(
      { length: 8 },
      () => work(proxy.url, "eve", { requestDeadlineMs: 300, maxDelayMs: 30_000 }).worker,
    );
    proxy.refuse(true);
    proxy.cut();
    const sinceMs = performance.now();
    const tookMs = await Promise.all(
      patient.map((one) =>
        expect(one.requestUnit())
          .rejects.toMatchObject({ code: "timeout" })
          .then(() => performance.now() - sinceMs),
      ),
    );
    for (const ms of tookMs) expect(ms).toBeGreaterThan(250);
    proxy.refuse(false);

    const other = work(proxy.url, "bob", { requestDeadlineMs: 200, maxDelayMs: 10 });
    const hangs = work(proxy.url, "bob", {
      requestDeadlineMs: 50,
      token: () => new Promise<string>(() => {}),
    });
    await expect(hangs.worker.requestUnit()).rejects.toMatchObject({ code: "timeout" });
    proxy.refuse(true);
    proxy.cut();
    await expect(other.worker.requestUnit()).rejects.toMatchObject({ code: "timeout" });
    const given = other.worker.requestUnit();
    const refused = expect(given).rejects.toMatchObject({ code: "connection_closed" });
    await other.worker.close();
    await refused;
  });
});

describe("with Switchboard", () => {
  it("a draft whose fate is unknown is sent again, takes effect, and is found again", async () => {
    const server = await startSwitchboard(1, 2);
    const proxy = await proxyOf(server.url);
    const { worker } = work(proxy.url, "ann");
    await worker.requestUnit({ registrationId: "r" });
    await open(worker);
    // It arrives, and the answer to the question whether it has does not.
    proxy.stallDown();
    const first = worker.sendFeedback("heard once");
    await eventually(
      "feedback",
      () => exported(server),
      ({ feedback }) => feedback.length === 1,
    );
    // These do not arrive.
    proxy.stallUp();
    const second = worker.saveCad("half");
    const third = worker.saveCad("half a");
    const gone = lost(worker);
    proxy.cut();
    await gone;
    proxy.resume();
    expect(
      await within(Promise.all([first.outcome, second.outcome, third.outcome]), "outcomes"),
    ).toEqual(["sent", "sent", "sent"]);
    const { worker: later } = work(server.url, "ann");
    await eventually(
      "draft",
      () => later.requestUnit({ registrationId: "r" }),
      (unit) => unit.stage === "CAD" && unit.draft === "half a",
    );
    expect((await exported(server)).feedback).toMatchObject([{ feedback: "heard once" }]);
  });

  it("a submit whose answer was lost is submitted again, and stored once", async () => {
    const server = await startSwitchboard(1, 2);
    const proxy = await proxyOf(server.url);
    const { worker } = work(proxy.url, "ann");
    await worker.requestUnit();
    proxy.stallDown();
    const done = worker.submit({ cad: "once" });
    await eventually(
      "submit",
      () => exported(server),
      ({ units }) => units.some(({ cad }) => cad === "once"),
    );
    proxy.cut();
    proxy.resume();
    await done;
    expect((await exported(server)).units.filter(({ cad }) => cad === "once")).toHaveLength(1);
  });

  it("rankings: what is no permutation is refused before it leaves; then there is nothing to do", async () => {
    const server = await startSwitchboard(1, 4);
    const { worker, stats } = work(server.url, "ann");
    const unit = await worker.requestUnit();
    expect(unit).toMatchObject({ stage: "RANKING", sentences: cads(0, 4) });
    for (const bad of [
      [0, 1, 2],
      [0, 1, 2, 2],
      [0, 1, 2, 4],
      [0, 1, 2, 0.5],
    ]) {
      expect(() => worker.savePermutation(bad)).toThrow(
        expect.objectContaining({ code: "bad_message" }),
      );
      await expect(worker.submit({ permutation: bad })).rejects.toMatchObject({
        code: "bad_message",
      });
    }
    worker.savePermutation([3, 2, 1, 0]);
    await worker.submit({ permutation: [2, 0, 1, 3] });
    await stats.until(({ rankings }) => rankings === 1);
    expect(worker.stats).toMatchObject({
      rankings: 1,
      history: [{ stage: "RANKING", ranking: [2, 0, 1, 3].map((k) => `loaded ${k} of 0`) }],
    });
    expect(await worker.requestUnit()).toEqual({
      stage: "none",
      reason: expect.stringContaining("nothing to do"),
    });
    await expect(worker.skip("they are all the same")).rejects.toMatchObject({
      code: "wrong_state",
    });
    expect((await exported(server)).units).toMatchObject([{ permutation: [2, 0, 1, 3] }]);
  });

  it("a skip is not in the numbers, and has somebody else asked", async () => {
    const server = await startSwitchboard(1, 3);
    const { worker, stats } = work(server.url, "ann");
    await worker.requestUnit();
    await stats.next();
    await worker.skip("it is no sentence");
    worker.requestStats();
    expect(await stats.next()).toMatchObject({ cads: 0, history: [] });
    expect((await exported(server)).units).toMatchObject([{ explanation: "it is no sentence" }]);
    expect(await work(server.url, "bob").worker.requestUnit()).toMatchObject({ stage: "CAD" });
  });

  it("is told why a draft was not saved, and why a submit is refused", async () => {
    const server = await startSwitchboard(1, 2, { services: { crowd: { maxTextLength: 100 } } });
    const { worker, errors } = work(server.url, "ann");
    await worker.requestUnit();
    worker.saveCad("x".repeat(101));
    expect(await errors.next()).toMatchObject({
      code: "too_large",
      message: expect.stringContaining("maxTextLength"),
    });
    await expect(worker.submit({ cad: "x".repeat(101) })).rejects.toMatchObject({
      code: "too_large",
    });
  });

  it("the dashboard is live: on every connect, and when somebody ranks", async () => {
    const server = await startSwitchboard(1, 3);
    const proxy = await proxyOf(server.url);
    const dashboard = scope.own(
      new CrowdDashboard(proxy.url, { workerName: "ann", maxDelayMs: 50 }),
      (owned) => owned.close(),
    );
    const stats = new Inbox<WorkerStats>("stats");
    dashboard.on("stats", (numbers) => stats.push(numbers));
    expect(await stats.next()).toEqual({ cads: 0, rankings: 0, firstPlaces: 0, history: [] });
    const ann = work(server.url, "ann").worker;
    await ann.requestUnit();
    await ann.submit({ cad: "by ann" });
    expect(await stats.next()).toMatchObject({
      cads: 1,
      history: [{ stage: "CAD", cad: "by ann", firstPlaces: 0 }],
    });
    proxy.cut();
    expect(await stats.next()).toMatchObject({ cads: 1, firstPlaces: 0 });
    const bob = work(server.url, "bob").worker;
    await bob.requestUnit();
    await bob.submit({ permutation: [0, 1, 2, 3] });
    expect(await stats.next()).toMatchObject({ firstPlaces: 1 });
    expect(dashboard.stats).toMatchObject({ firstPlaces: 1 });
    expect(dashboard.ignored).toBe(0);
  });

  it("shows its token, and asks for another when it is refused", async () => {
    const folder = scope.own(await mkdtemp(join(tmpdir(), "switchboard-test-")), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const tokensFile = join(folder, "tokens.json");
    const page = newToken({ name: "page", roles: ["crowd.worker"], only: {} }, Date.now());
    const lab = newToken({ name: "lab", roles: ["crowd.requester"], only: {} }, Date.now());
    await changeTokens(tokensFile, () => [page.record, lab.record]);
    const { url } = await startSwitchboard(
      2,
      2,
      { auth: { enabled: true, tokensFile } },
      `?token=${lab.token}`,
    );
    await expect(work(url, "ann").worker.requestUnit()).rejects.toMatchObject({
      code: "unauthenticated",
    });
    await expect(work(url, "ann", { token: "made up" }).worker.requestUnit()).rejects.toMatchObject(
      { code: "unauthenticated" },
    );
    await expect(work(url, "ann", { token: lab.token }).worker.requestUnit()).rejects.toMatchObject(
      { code: "forbidden" },
    );
    await expect(
      work(url, "ann", { token: () => "made up" }).worker.requestUnit(),
    ).rejects.toMatchObject({ code: "unauthenticated" });
    const tokens = [new Error("no network"), "old", page.token];
    const { worker, stats } = work(url, "ann", {
      token: () => {
        const token = tokens.shift() ?? page.token;
        if (token instanceof Error) throw token;
        return token;
      },
    });
    expect(await worker.requestUnit()).toMatchObject({ stage: "CAD" });
    await stats.next();
    await worker.submit({ cad: "by ann" });
  });
});

describe("with an original server", () => {
  it("sends what Mephisto's client sends, heartbeats too, and no timer is left after close", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    try {
      const crowd = await startOriginalCrowd(scope);
      const { worker, stats } = work(crowd.url, "ann");
      const nothing = vi.getTimerCount();
      const unit = await worker.requestUnit();
      await stats.next();
      const arrived = (count: number) =>
        eventually(
          "heartbeats",
          async () => crowd.packets.filter(({ packet_type }) => packet_type === "heartbeat").length,
          (n) => n >= count,
        );
      await arrived(1);
      expect(crowd.packets.map(({ packet_type }) => packet_type)).toEqual(["alive", "heartbeat"]);
      await vi.advanceTimersByTimeAsync(6000);
      await arrived(2);
      for (const { subject_id, client_timestamp } of crowd.packets) {
        expect(subject_id).toBe(unit.stage === "none" ? "" : unit.agentId);
        expect(Math.abs(client_timestamp - Date.now() / 1000)).toBeLessThan(60);
      }
      await worker.close();
      // What the HTTP client has set for itself ends by itself; a heartbeat would go on.
      await eventually(
        "no timers",
        async () => vi.getTimerCount(),
        (count) => count <= nothing,
      );
    } finally {
      vi.useRealTimers();
    }
  });

  it("an update that is sent again has the same update_id, so that it takes effect once, in order", async () => {
    const crowd = await startOriginalCrowd(scope);
    const proxy = await proxyOf(crowd.url);
    const { worker } = work(proxy.url, "ann");
    await worker.requestUnit();
    await open(worker);
    proxy.stallDown();
    const first = worker.saveCad("one");
    await eventually(
      "draft",
      async () => crowd.taken.length,
      (count) => count === 1,
    );
    proxy.stallUp();
    const second = worker.saveCad("two");
    const gone = lost(worker);
    proxy.cut();
    await gone;
    proxy.resume();
    expect(await within(Promise.all([first.outcome, second.outcome]), "outcomes")).toEqual([
      "sent",
      "sent",
    ]);
    expect(crowd.taken.map(({ message, cad }) => [message, cad])).toEqual([
      ["set_cad", "one"],
      ["set_cad", "two"],
    ]);
  });

  it("tries again at 5xx and at what is not the server's answer, not at a refusal; there may be nothing to do", async () => {
    const crowd = await startOriginalCrowd(scope);
    const { worker } = work(crowd.url, "ann", { maxDelayMs: 5 });
    crowd.answers.push(
      { status: 502, body: "<html>" },
      { status: 500 },
      { status: 429 },
      { status: 200, body: "<html>please log in</html>" },
    );
    expect(await worker.requestUnit()).toMatchObject({ stage: "CAD", original: "It was good." });
    crowd.answers.push({ status: 503 });
    await worker.submit({ cad: "It was bad." });
    crowd.answers.push({ status: 404 });
    await expect(worker.submit({ cad: "It was bad." })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(crowd.submits.map(({ final_data }) => final_data)).toEqual([
      { sentence: "It was good.", cad: "It was bad." },
    ]);
    crowd.task = null;
    expect(await worker.requestUnit()).toEqual({ stage: "none", reason: "out of tasks" });
    crowd.task = { stage: "DANCE" };
    await expect(worker.requestUnit()).rejects.toMatchObject({ code: "bad_message" });
  });
});
