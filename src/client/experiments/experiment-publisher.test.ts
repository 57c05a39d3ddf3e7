/** The publisher against Switchboard: each sample stored once, in order, over lost connections, lost answers, restarts and crashes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { RawJson } from "../../wire/raw-json.ts";
import { FileOutboxStore } from "../file-store/index.ts";
import { startWithAuth } from "../tracking/server-with-auth.fixture.ts";
import {
  ExperimentPublisher,
  type ExperimentPublisherOptions,
  type PublisherEvents,
} from "./experiment-publisher.ts";
import { Served, Watch } from "./experiments.fixture.ts";

const scope = scopePerTest();
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, nth) => from + nth);

function publisherAt(
  url: string,
  options: Partial<ExperimentPublisherOptions> = {},
): ExperimentPublisher {
  return scope.own(
    new ExperimentPublisher(url, { experiment: "E1", maxDelayMs: 50, gatherMs: 5, ...options }),
    ({ connection }) => connection.destroy(),
  );
}

async function folder(): Promise<string> {
  return scope.own(await mkdtemp(join(tmpdir(), "switchboard-publisher-")), (made) =>
    rm(made, { recursive: true, force: true }),
  );
}

/** Resolves when the server has stored so many. */
async function untilStored(served: Served, count: number, xid = "E1"): Promise<void> {
  const wait = async () => {
    while ((await served.stored(xid, "c", "x")).length < count);
  };
  await within(wait(), `${count} stored`);
}

describe("a publisher", () => {
  it("stores samples, log text and the end; a viewer sees them", async () => {
    const served = await Served.start(scope);
    const watch = new Watch(scope, served.url);
    watch.viewer.subscribe("c", ["x", "mu[1]"]);
    const publisher = publisherAt(served.url);
    publisher.log("Sampling\n");
    const first = publisher.samples("c", {
      x: [1, Number.NaN],
      "mu[1]": new Float64Array([0.5, Number.POSITIVE_INFINITY]),
    });
    publisher.samples("c", { x: [3] });
    publisher.samples("d", { x: [{ any: ["JSON", Number.NaN] }] });
    expect([
      publisher.nextIteration("c"),
      publisher.nextIteration("d"),
      publisher.nextIteration("e"),
    ]).toEqual([4, 2, 1]);
    expect(await within(first.outcome, "the outcome")).toBe("acked");
    await within(publisher.fail({ why: "divergent" }), "the failure");
    await within(publisher.finish(), "the end");
    await watch.until("the end", () => watch.finishes === 1 && watch.of("x").length === 3);
    expect(watch.of("x")).toEqual([1, "NaN", 3]);
    expect(watch.of("mu[1]")).toEqual([0.5, "Infinity"]);
    expect(await served.stored("E1", "d", "x")).toEqual([{ any: ["JSON", "NaN"] }]);
    expect(watch.errors).toEqual([{ why: "divergent" }]);
    expect(watch.log).toBe("Sampling\n");
    expect(publisher.notStored).toBe(0);
  });

  it("gathers many small calls into few posts, which hold what can be told apart when it comes again", async () => {
    const served = await Served.start(scope);
    const publisher = publisherAt(served.url, { gatherMs: 50 });
    let posts = 0;
    publisher.connection.on("outcome", () => posts++);
    for (let nth = 0; nth < 500; nth++)
      publisher.samples(nth % 2 === 0 ? "c" : "d", { x: [nth], y: [nth] });
    publisher.samples("c", { x: [500] });
    for (let nth = 0; nth < 100; nth++) publisher.log(`${nth}\n`);
    await within(publisher.finish(), "the end");
    expect(posts).toBe(4);
    expect(await served.stored("E1", "c", "x")).toEqual([
      ...numbers(0, 250).map((nth) => nth * 2),
      500,
    ]);
    expect(await served.stored("E1", "d", "y")).toEqual(numbers(0, 250).map((nth) => nth * 2 + 1));
  });

  it("has every sample stored once, in order, whenever connections or answers are lost and the gateway restarts", {
    timeout: 120_000,
  }, async () => {
    const served = await Served.start(scope);
    let run = 0;
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant("samples" as const),
          count: fc.integer({ min: 1, max: 30 }),
          y: fc.boolean(),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("loseAnswer" as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("stored" as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const xid = `R${run++}`;
        const publisher = publisherAt(served.proxy.url, { experiment: xid, gatherMs: 1 });
        const watch = new Watch(scope, served.proxy.url, { experiment: xid });
        watch.viewer.subscribe("c", ["x", "y"]);
        const published = { x: [] as number[], y: [] as number[] };
        const publish = (count: number, withY: boolean) => {
          const x = numbers(published.x.length, published.x.length + count);
          const y = withY ? numbers(published.y.length, published.y.length + count) : [];
          published.x.push(...x);
          published.y.push(...y);
          return publisher.samples("c", withY ? { x, y } : { x });
        };
        for (const of of steps) {
          if (of.do === "samples") publish(of.count, of.y);
          else if (of.do === "cut") served.proxy.cut();
          else if (of.do === "stored") await within(publish(1, false).outcome, "stored");
          else if (of.do === "loseAnswer") {
            // Nothing is before it whose answer would be lost instead.
            await within(publish(1, false).outcome, "stored");
            served.proxy.stallDown();
            publish(1, true);
            await untilStoredOr(served, xid, published.x.length, publisher);
            served.proxy.cut();
            served.proxy.resume();
          } else {
            await served.stop();
            publish(1, true);
            await served.startAgain();
          }
        }
        await within(publisher.finish(), "the end");
        expect(await served.stored(xid, "c", "x")).toEqual(published.x);
        expect(await served.stored(xid, "c", "y")).toEqual(published.y);
        expect(publisher.notStored).toBe(0);
        await watch.until(
          "all",
          () =>
            watch.of("x").length === published.x.length &&
            watch.of("y").length === published.y.length,
        );
        expect([watch.of("x"), watch.of("y"), watch.wrong, watch.gaps, watch.resets]).toEqual([
          published.x,
          published.y,
          [],
          [],
          [],
        ]);
        await Promise.all([publisher.close(), watch.viewer.close()]);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it("loses nothing that it has stored when it crashes: the next one on its outbox delivers it, before its own", async () => {
    const served = await Served.start(scope);
    const path = join(await folder(), "outbox.jsonl");
    const published: number[] = [];
    for (let life = 0; life < 5; life++) {
      // In the third nobody is there at all.
      served.proxy.refuse(life === 2);
      const publisher = publisherAt(served.proxy.url, {
        outbox: { store: new FileOutboxStore(path) },
      });
      for (let nth = 0; nth < 20; nth++) {
        const value = published.length;
        published.push(value);
        const { stored } = publisher.samples("c", { x: [value] });
        await within(stored, "stored");
        if (life !== 2 && nth === 10) await untilStored(served, value);
      }
      publisher.connection.destroy();
      await within(publisher.connection.whenClosed(), "the end");
    }
    const last = publisherAt(served.proxy.url, { outbox: { store: new FileOutboxStore(path) } });
    await within(last.finish(), "the end");
    expect(await served.stored("E1", "c", "x")).toEqual(published);
  });

  it("does not store in one experiment what another's store holds, nor its own in that store", async () => {
    const served = await Served.start(scope);
    const path = join(await folder(), "outbox.jsonl");
    served.proxy.refuse(true);
    const first = publisherAt(served.proxy.url, {
      experiment: "A",
      outbox: { store: new FileOutboxStore(path) },
    });
    await within(first.samples("c", { x: [1, 2] }).stored, "stored");
    await first.close();
    served.proxy.refuse(false);
    const other = publisherAt(served.proxy.url, {
      experiment: "B",
      outbox: { store: new FileOutboxStore(path) },
    });
    const { outcome } = other.samples("c", { x: [7] });
    expect(await within(other.connection.whenClosed(), "the end")).toMatchObject({
      kind: "failed",
      error: {
        code: "conflict",
        message: expect.stringMatching(/\/api\/object\/A, and this is .*\/api\/object\/B:/),
      },
    });
    expect(await within(outcome, "the outcome")).toBe("evicted");
    const again = publisherAt(served.proxy.url, {
      experiment: "A",
      outbox: { store: new FileOutboxStore(path) },
    });
    await within(again.finish(), "the end");
    expect(await served.stored("A", "c", "x")).toEqual([1, 2]);
    expect(await served.stored("B", "c", "x")).toEqual([]);
  });

  it("sends a RawJson as it is spelled", async () => {
    const served = await Served.start(scope);
    const publisher = publisherAt(served.url);
    const spellings = ["12345678901234567890", "-0", "1.0", "1e-7"];
    publisher.samples("c", { x: spellings.map((spelling) => new RawJson(spelling)) });
    await within(publisher.finish(), "the end");
    const response = await fetch(
      `${served.url}/experiments/E1/samples?chain=c&variable=x&format=csv`,
    );
    expect((await response.text()).trim().split("\r\n").slice(1)).toEqual(
      spellings.map((spelling, nth) => `${nth},${spelling}`),
    );
  });

  it("goes on with a run of before, from the iteration that it is told; what comes again of it is passed over", async () => {
    const served = await Served.start(scope);
    const first = publisherAt(served.url, { runId: "run" });
    first.samples("c", { x: numbers(0, 10) });
    await within(first.finish(), "stored");
    const second = publisherAt(served.url, { runId: "run", firstIteration: { c: 6 } });
    second.samples("c", { x: numbers(5, 15) });
    await within(second.finish(), "stored");
    expect(await served.stored("E1", "c", "x")).toEqual(numbers(0, 15));
  });

  it("is told what the server will never take, counts it, and goes on", async () => {
    const served = await Served.start(scope, { services: { experiments: { maxNameLength: 5 } } });
    const publisher = publisherAt(served.url);
    const errors: PublisherEvents["error"][] = [];
    publisher.on("error", (error) => errors.push(error));
    const bad = publisher.samples("c", { "too long": [1] });
    const good = publisher.samples("c", { x: [1] });
    expect(await within(bad.outcome, "refusal")).toBe("evicted");
    expect(await within(good.outcome, "the other")).toBe("acked");
    expect(errors).toEqual([
      {
        status: 400,
        code: "bad_message",
        message: expect.stringContaining("maxNameLength"),
        body: expect.stringContaining("too long"),
      },
    ]);
    expect(publisher.notStored).toBe(1);
  });

  it("has bounds: `outbox_full` until there is room, and nothing that was taken is lost", async () => {
    const served = await Served.start(scope);
    served.proxy.refuse(true);
    const publisher = publisherAt(served.proxy.url, {
      gatherMs: 0,
      outbox: { maxMessages: 3, maxBytes: 20_000 },
    });
    const values = numbers(0, 100);
    let taken = 0;
    const fill = () => {
      for (;;) {
        publisher.samples("c", {
          x: values.map((value) => value + taken * 100),
          ...(taken % 2 === 0 ? { y: values } : {}),
        });
        taken++;
      }
    };
    expect(fill).toThrow(expect.objectContaining({ code: "outbox_full" }));
    expect(taken).toBe(4);
    expect(() => publisher.samples("c", { x: [..."x".repeat(10_000)] })).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
    served.proxy.refuse(false);
    await within(publisher.whenRoom(), "room");
    publisher.samples("c", { x: values.map((value) => value + taken * 100) });
    await within(publisher.finish(), "the end");
    expect(await served.stored("E1", "c", "x")).toEqual(numbers(0, (taken + 1) * 100));
  });

  it("closes when everything that was taken is stored, also what waited for room, within flushMs", async () => {
    const served = await Served.start(scope);
    for (let round = 0; round < 5; round++) {
      served.proxy.refuse(true);
      served.proxy.cut();
      const publisher = publisherAt(served.proxy.url, {
        experiment: `R${round}`,
        gatherMs: 0,
        outbox: { maxMessages: 1 },
      });
      const first = publisher.samples("c", { x: [0] });
      await expect.poll(() => publisher.connection.waiting).toBe(1);
      const second = publisher.samples("c", { x: [1] });
      served.proxy.refuse(false);
      await within(publisher.close({ flushMs: 10_000 }), "the close");
      expect(await Promise.all([first.outcome, second.outcome])).toEqual(["acked", "acked"]);
      expect(await served.stored(`R${round}`, "c", "x")).toEqual([0, 1]);
    }
  });

  it.each<[string, Record<string, unknown[]>]>([
    ["no variables", {}],
    ["no values", { x: [] }],
    ["lists of different lengths", { x: [1, 2], y: [1] }],
    ["what is no JSON", { x: [undefined] }],
    ["what JSON cannot hold", { x: [1n] }],
  ])("does not take %s", async (_, variables) => {
    const publisher = publisherAt("http://127.0.0.1:9");
    expect(() => publisher.samples("c", variables)).toThrow(
      expect.objectContaining({ code: "bad_message" }),
    );
    expect(publisher.nextIteration("c")).toBe(1);
  });

  it("needs a good token: without one it is refused, a function is asked for another one", async () => {
    const { server, token } = await startWithAuth();
    scope.own(server, () => server.stop());
    const watcher = publisherAt(server.url, { token: await token("experiments.subscribe") });
    expect(await within(watcher.connection.whenClosed(), "the end")).toMatchObject({
      kind: "refused",
      loss: { code: 4403 },
    });
    const bad = publisherAt(server.url, { token: "bad" });
    const { outcome } = bad.samples("c", { x: [1] });
    expect(await within(bad.connection.whenClosed(), "the end")).toMatchObject({
      kind: "refused",
      loss: { code: 4401 },
    });
    expect(await within(outcome, "the outcome")).toBe("evicted");
    expect(() => bad.samples("c", { x: [1] })).toThrow(
      expect.objectContaining({ code: "connection_closed" }),
    );
    await expect(bad.finish()).rejects.toMatchObject({ code: "connection_closed" });
    const good = await token("experiments.publish");
    const tokens = ["bad", good];
    const publisher = publisherAt(server.url, { token: () => tokens.shift() ?? good });
    publisher.samples("c", { x: [1] });
    await within(publisher.finish(), "the end");
  });
});

/** Resolves when so many are stored; or when the publisher has lost its connection, as it may have before what is waited for. */
async function untilStoredOr(
  served: Served,
  xid: string,
  count: number,
  { connection }: ExperimentPublisher,
): Promise<void> {
  const wait = async () => {
    while (
      connection.state.status === "open" &&
      (await served.stored(xid, "c", "x")).length < count
    );
  };
  await within(wait(), "stored");
}
