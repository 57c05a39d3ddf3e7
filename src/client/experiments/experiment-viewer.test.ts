/** The viewer against Switchboard: everything once, in order, over lost connections, restarts and removals. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { startWithAuth } from "../tracking/server-with-auth.fixture.ts";
import { Served, samplesPayload, Watch, wordPayload } from "./experiments.fixture.ts";

const scope = scopePerTest();
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, nth) => from + nth);

describe("a viewer", () => {
  it("gets the log, the names, the samples of what it has chosen, the end and the error", async () => {
    const served = await Served.start(scope);
    await served.post("E1", wordPayload({ action: "experiment:output", data: "one\n" }));
    await served.post("E1", samplesPayload({ c: { x: [0, "NaN", 2], y: [1, 1, 1] } }, 1, 3));
    const watch = new Watch(scope, served.url);
    watch.viewer.subscribe("c", ["x", "later"]);
    await watch.until("x", () => watch.of("x").length === 3);
    expect(watch.log).toBe("one\n");
    expect(watch.names).toEqual([{ chain: "c", names: ["x", "y"] }]);
    await served.post("E1", wordPayload({ action: "experiment:output", data: "two\n" }));
    await served.post("E1", samplesPayload({ c: { x: [3], later: ["a"] } }, 4, 4));
    await watch.until("later", () => watch.of("later").length === 1 && watch.of("x").length === 4);
    await served.post("E1", wordPayload({ action: "experiment:error", data: { why: 1 } }));
    await served.post("E1", wordPayload({ action: "experiment:finish" }));
    await watch.until("the end", () => watch.finishes === 1);
    expect(watch.of("x")).toEqual([0, "NaN", 2, 3]);
    expect([...watch.samples.keys()].sort()).toEqual(["c later", "c x"]);
    expect(watch.viewer.variables).toEqual([{ chain: "c", names: ["x", "y", "later"] }]);
    expect(watch.viewer.log).toBe("one\ntwo\n");
    expect(watch.viewer.finished).toBe(true);
    expect(watch.errors).toEqual([{ why: 1 }]);
    expect([watch.wrong, watch.gaps, watch.resets, watch.viewer.ignored]).toEqual([[], [], [], 0]);
  });

  it("forgets what it unsubscribes from, and begins anew when it subscribes again, however fast", async () => {
    const served = await Served.start(scope);
    await served.post("E1", samplesPayload({ c: { x: numbers(0, 50), y: numbers(0, 50) } }, 1, 50));
    const watch = new Watch(scope, served.url);
    watch.viewer.subscribe("c", ["x", "y"]);
    await watch.until("both", () => watch.of("x").length === 50 && watch.of("y").length === 50);
    await served.post("E1", samplesPayload({ c: { x: [50], y: [50] } }, 51, 51));
    watch.viewer.unsubscribe("c", ["x"]);
    watch.samples.delete("c x");
    watch.viewer.subscribe("c", ["x"]);
    await served.post("E1", samplesPayload({ c: { x: [51], y: [51] } }, 52, 52));
    await watch.until(
      "both again",
      () => watch.of("x").length === 52 && watch.of("y").length === 52,
    );
    watch.viewer.unsubscribe("c", ["x"]);
    watch.viewer.subscribe("c", ["z"]);
    await served.post("E1", samplesPayload({ c: { x: [52], y: [52], z: [0] } }, 53, 53));
    await watch.until("z", () => watch.of("z").length === 1 && watch.of("y").length === 53);
    expect(watch.of("x")).toEqual(numbers(0, 52));
    expect([watch.wrong, watch.gaps]).toEqual([[], []]);
  });

  it("has every sample of a second subscription, though the first one's thinned answer comes behind it", async () => {
    const served = await Served.start(scope);
    await served.post("E1", samplesPayload({ c: { x: numbers(0, 1000) } }, 1, 1000));
    const watch = new Watch(scope, served.url);
    await watch.viewer.connection.whenOpen();
    watch.viewer.subscribe("c", ["x"], { maxPoints: 10 });
    watch.viewer.unsubscribe("c", ["x"]);
    watch.viewer.subscribe("c", ["x"]);
    await watch.until("all", () => watch.of("x").length === 1000);
    expect(watch.of("x")).toEqual(numbers(0, 1000));
    expect([watch.thinned, watch.wrong, watch.gaps]).toEqual([[], [], []]);
  });

  it("is told of a refused subscription on every connection, which takes no other with it", async () => {
    const served = await Served.start(scope, {
      services: { experiments: { gatherMs: 5, maxSubscriptions: 3 } },
    });
    await served.post("E1", samplesPayload({ c: { a: [1], b: [1], e: [1] } }, 1, 1));
    const watch = new Watch(scope, served.proxy.url);
    watch.viewer.subscribe("c", ["a", "b"]);
    watch.viewer.subscribe("c", ["later"]);
    await watch.until("both", () => watch.of("a").length === 1 && watch.of("b").length === 1);
    watch.viewer.subscribe("c", ["e"]);
    await watch.until("the refusal", () => watch.refused.length === 1);
    served.proxy.cut();
    await watch.until("the refusal again", () => watch.refused.length === 2);
    await served.post("E1", samplesPayload({ c: { a: [2], b: [2], later: [2], e: [2] } }, 2, 2));
    await watch.until(
      "what was granted",
      () =>
        watch.of("a").length === 2 && watch.of("b").length === 2 && watch.of("later").length === 1,
    );
    expect([watch.refused, watch.of("e"), watch.gaps]).toEqual([
      ["over_capacity", "over_capacity"],
      [],
      [],
    ]);
  });

  it("throws bad_url only, also for an id that no address can hold", () => {
    expect(() => new Watch(scope, "http://127.0.0.1:1", { experiment: "\ud800" })).toThrow(
      expect.objectContaining({ code: "bad_url" }),
    );
  });

  it("has every sample once, in order, whenever the connection is cut and the gateway restarted", {
    timeout: 120_000,
  }, async () => {
    const served = await Served.start(scope);
    let run = 0;
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("post" as const), x: fc.nat(40), y: fc.nat(3) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("log" as const) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom("cut" as const, "cutWhenSome" as const) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom("subscribe" as const, "restart" as const) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const xid = `R${run++}`;
        const watch = new Watch(scope, served.proxy.url, { experiment: xid });
        watch.viewer.subscribe("c", ["x"]);
        const published = { x: [] as number[], y: [] as number[] };
        let log = "";
        let iteration = 1;
        for (const [nth, of] of steps.entries()) {
          if (of.do === "post") {
            for (const [name, count] of [
              ["x", of.x],
              ["y", of.y],
            ] as const) {
              if (count === 0) continue;
              const values = numbers(published[name].length, published[name].length + count);
              await served.post(
                xid,
                samplesPayload({ c: { [name]: values } }, iteration, iteration + count - 1),
              );
              published[name].push(...values);
              iteration += count;
            }
          } else if (of.do === "log") {
            const text = `line ${nth}\n`;
            await served.post(xid, wordPayload({ action: "experiment:output", data: text }));
            log += text;
          } else if (of.do === "cut") served.proxy.cut();
          else if (of.do === "cutWhenSome") {
            const least = Math.ceil(published.x.length / 2);
            await watch.until("some samples", () => watch.of("x").length >= least);
            served.proxy.cut();
          } else if (of.do === "subscribe") watch.viewer.subscribe("c", ["y"]);
          else {
            await served.stop();
            await served.startAgain();
          }
        }
        watch.viewer.subscribe("c", ["y"]);
        await served.post(xid, wordPayload({ action: "experiment:finish" }));
        await watch.until("all", () =>
          [
            watch.of("x").length === published.x.length,
            watch.of("y").length === published.y.length,
            watch.log === log,
            watch.finishes > 0,
          ].every(Boolean),
        );
        expect(watch.of("x")).toEqual(published.x);
        expect(watch.of("y")).toEqual(published.y);
        expect(watch.of("x")).toEqual(await served.stored(xid, "c", "x"));
        expect([
          watch.wrong,
          watch.gaps,
          watch.resets,
          watch.finishes,
          watch.viewer.ignored,
        ]).toEqual([[], [], [], 1, 0]);
        expect(watch.names.flatMap(({ names }) => names)).toHaveLength(
          Number(published.x.length > 0) + Number(published.y.length > 0),
        );
        await watch.viewer.close();
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it("asks a server that resumes for what is new only", async () => {
    const served = await Served.start(scope);
    await served.post("E1", samplesPayload({ c: { x: numbers(0, 1000) } }, 1, 1000));
    const watch = new Watch(scope, served.proxy.url);
    const frames: string[] = [];
    watch.viewer.connection.on("message", (text) => frames.push(text));
    watch.viewer.subscribe("c", ["x"]);
    await watch.until("x", () => watch.of("x").length === 1000);
    frames.length = 0;
    served.proxy.cut();
    await served.post("E1", samplesPayload({ c: { x: [1000] } }, 1001, 1001));
    await watch.until("the rest", () => watch.of("x").length === 1001);
    expect(
      frames
        .filter((text) => text.includes("experiment:event"))
        .map((text) => JSON.parse(text).message.data),
    ).toEqual([[{ chain: "c", data: { x: [1000] }, from: { x: 1000 } }]]);
  });

  it.each([
    ["fewer samples", numbers(100, 103)],
    ["more samples", numbers(100, 120)],
  ])(
    "says `reset` and starts over if the experiment was removed and begun anew with %s while it was away",
    async (_, anew) => {
      const served = await Served.start(scope);
      await served.post("E1", wordPayload({ action: "experiment:output", data: "same" }));
      await served.post("E1", samplesPayload({ c: { x: numbers(0, 10) } }, 1, 10));
      const watch = new Watch(scope, served.proxy.url);
      watch.viewer.subscribe("c", ["x"]);
      await watch.until("x", () => watch.of("x").length === 10);
      served.proxy.refuse(true);
      served.proxy.cut();
      await served.remove("E1");
      await served.post("E1", wordPayload({ action: "experiment:output", data: "same again" }));
      await served.post("E1", samplesPayload({ c: { x: anew, y: anew } }, 1, anew.length));
      served.proxy.refuse(false);
      await watch.until("x anew", () => watch.of("x").length === anew.length);
      expect(watch.of("x")).toEqual(anew);
      expect([watch.resets.length, watch.log, watch.wrong, watch.gaps]).toEqual([
        1,
        "same again",
        [],
        [],
      ]);
      expect(watch.viewer.variables).toEqual([{ chain: "c", names: ["x", "y"] }]);
      expect(watch.names).toEqual([
        { chain: "c", names: ["x"] },
        { chain: "c", names: ["x", "y"] },
      ]);
    },
  );

  it("has a log that comes in many pieces once, over lost connections in the midst of it", async () => {
    const served = await Served.start(scope);
    const text = numbers(0, 150_000)
      .map((nth) => `line ${nth}\n`)
      .join("");
    await served.post("E1", wordPayload({ action: "experiment:output", data: text }));
    const watch = new Watch(scope, served.proxy.url);
    for (const part of [1, 2, 3]) {
      await watch.until("a part", () => watch.log.length >= part * 300_000);
      served.proxy.cut();
    }
    await watch.until("all", () => watch.log.length === text.length);
    expect(watch.log).toBe(text);
    expect(watch.viewer.log).toBe(text.slice(-(256 << 10)));
    expect(watch.resets).toEqual([]);
  });

  it("is over when the experiment is removed before its eyes", async () => {
    const served = await Served.start(scope);
    await served.post("E1", samplesPayload({ c: { x: [1] } }, 1, 1));
    const { viewer } = new Watch(scope, served.url);
    await within(viewer.connection.whenOpen(), "open");
    await served.remove("E1");
    expect(await within(viewer.connection.whenClosed(), "the end")).toMatchObject({
      kind: "refused",
      loss: { code: 1000 },
    });
  });

  it("with maxPoints has the samples so far thinned, and everything from there on, over a lost connection too", async () => {
    const served = await Served.start(scope);
    const values = Array.from({ length: 1000 }, (_, nth) => Math.sin(nth));
    await served.post("E1", samplesPayload({ c: { x: values } }, 1, 1000));
    const watch = new Watch(scope, served.proxy.url);
    watch.viewer.subscribe("c", ["x"], { maxPoints: 20 });
    await watch.until("thinned", () => watch.thinned.length === 1);
    const [thinned] = watch.thinned;
    expect(thinned?.at).toHaveLength(20);
    expect(thinned?.values).toEqual(thinned?.at.map((index) => values[index]));
    served.proxy.cut();
    const more = numbers(1000, 1500);
    await served.post("E1", samplesPayload({ c: { x: more } }, 1001, 1500));
    await watch.until("the rest", () => watch.of("x").length === 1500);
    expect(watch.of("x").slice(1000)).toEqual(more);
    expect([watch.thinned.length, watch.wrong, watch.gaps]).toEqual([1, [], []]);
  });

  it("has the summary, over a lost connection too, until it no longer wants it", async () => {
    const served = await Served.start(scope, {
      services: { experiments: { summaryMs: 10, gatherMs: 5 } },
    });
    const watch = new Watch(scope, served.proxy.url);
    watch.viewer.subscribeSummary();
    await watch.until("a summary", () => watch.summaries.length > 0);
    served.proxy.cut();
    await served.post("E1", samplesPayload({ c: { x: numbers(0, 100) } }, 1, 100));
    await watch.until("of x", () => watch.viewer.summary?.x?.draws === 100);
    expect(watch.viewer.summary?.x?.mean).toBe(49.5);
    watch.viewer.unsubscribeSummary();
    watch.viewer.subscribe("c", ["x"]);
    await watch.until("x", () => watch.of("x").length === 100);
    const { length } = watch.summaries;
    await served.post("E1", samplesPayload({ c: { x: [1] } }, 101, 101));
    await watch.until("one more", () => watch.of("x").length === 101);
    expect(watch.summaries).toHaveLength(length);
  });

  it("is told what the server refuses", async () => {
    const served = await Served.start(scope, {
      services: { experiments: { maxSubscriptions: 2 } },
    });
    const watch = new Watch(scope, served.url);
    watch.viewer.subscribe("c", ["x", "y", "z"]);
    await watch.until("a refusal", () => watch.refused.length > 0);
    expect(watch.refused).toEqual(["over_capacity"]);
  });

  it("shows its token in a message; a function is asked for another one when that is refused", async () => {
    const { server, token } = await startWithAuth();
    scope.own(server, () => server.stop());
    const bad = new Watch(scope, server.url, { token: "bad" });
    expect(await within(bad.viewer.connection.whenClosed(), "the end")).toMatchObject({
      kind: "refused",
      loss: { code: 4401 },
    });
    const good = await token("experiments.subscribe");
    const tokens = ["bad", good];
    const { viewer } = new Watch(scope, server.url, { token: () => tokens.shift() ?? good });
    await within(viewer.connection.whenOpen(), "open");
  });
});
