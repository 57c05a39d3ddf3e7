/** The experiments served: what a subscriber is sent, and when. */
import { describe, expect, it } from "vitest";
import {
  item,
  next,
  nextError,
  samples,
  serverPerTest,
  subscribe,
} from "./experiments-harness.suite.ts";

const start = serverPerTest();

describe("the greeting", () => {
  it("of an experiment that nobody knows is an empty log and no names", async () => {
    const at = await start();
    expect(await at.subscriber()).toMatchObject({ log: "", names: [] });
  });

  it("is the log so far and all names; what comes later comes as it comes, and the end behind it, also to the late", async () => {
    const at = await start();
    await at.say({ action: "experiment:output", data: "one\n" });
    await at.say({ action: "experiment:output", data: 'two "ü" \ud83d\ude00\n' });
    await at.post(samples({ c: { x: [1] }, d: { x: [1], y: [] } }, { c: [1, 1], d: [1, 1] }));
    const { client, log, names } = await at.subscriber();
    expect(log).toBe('one\ntwo "ü" \ud83d\ude00\n');
    expect(names).toEqual([
      { chain: "c", names: ["x"] },
      { chain: "d", names: ["x", "y"] },
    ]);
    await at.say({ action: "experiment:output", data: "three\n" });
    expect(await next(client, "experiment:output")).toBe("three\n");
    await at.post(samples({ c: { x: [2], z: [2] } }, { c: [2, 2] }));
    expect(await next(client, "names")).toEqual([{ chain: "c", names: ["z"] }]);
    await at.say({ action: "experiment:error", data: { code: 1.0 } });
    expect(await next(client, "experiment:error")).toEqual({ code: 1 });
    await at.say({ action: "experiment:control", data: "finish" });
    await next(client, "experiment:finish");
    const late = await at.subscriber();
    await next(late.client, "experiment:error");
    await next(late.client, "experiment:finish");
  });

  it("comes only after authorization; before it nothing is honoured, and nothing closes", async () => {
    const at = await start();
    const client = await at.server.open("/experiments/E1?errors=1");
    client.send(subscribe(["x"]));
    expect(await nextError(client)).toMatchObject({ code: "wrong_state" });
    client.send({ type: "authorization" });
    expect(await next(client, "experiment:output")).toBe("");
    await next(client, "names");
    client.send({ action: "authorization", token: "" });
    expect(await nextError(client)).toMatchObject({ code: "wrong_state" });
  });

  it("is waited for no longer than authorizationMs: 4401", async () => {
    const at = await start({ authorizationMs: 50 });
    const greeted = await at.subscriber();
    const silent = await at.server.open("/experiments/E1");
    expect(await silent.closed()).toMatchObject({ code: 4401 });
    greeted.client.send(subscribe(["x"]));
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }));
    await next(greeted.client, "names");
    await next(greeted.client, "experiment:event");
  });

  it("has the epoch, if that is asked for: another one after a removal", async () => {
    const at = await start();
    const epoch = async () => {
      const client = await at.server.open("/experiments/E1");
      client.send({ action: "authorization", token: "", epoch: true });
      const { message } = (await client.nextJson()) as { message: { epoch?: string } };
      return message.epoch;
    };
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }));
    const before = await epoch();
    expect(before).toEqual(expect.any(String));
    await at.post(samples({ c: { x: [2] } }, { c: [2, 2] }));
    expect(await epoch()).toBe(before);
    await at.server.fetch("/experiments/E1", { method: "DELETE" });
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }));
    expect(await epoch()).not.toBe(before);
  });

  it("has the first piece of a long log, the names, and the rest, each at most 512 KiB", async () => {
    const at = await start();
    const line = `${"\u0001long ü".repeat(10)}\n`;
    const text = line.repeat(20_000);
    await at.say({ action: "experiment:output", data: text });
    const { client, log } = await at.subscriber();
    let got = String(log);
    while (got.length < text.length) {
      const frame = await client.next();
      expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(512 << 10);
      got += String((JSON.parse(frame) as { message: { data: string } }).message.data);
    }
    expect(got).toBe(text);
  });

  it("has names in pieces of at most 512 KiB", async () => {
    const at = await start();
    const names = Array.from(
      { length: 12_000 },
      (_, nth) => `a long name of a variable, number ${nth} [ü]`,
    );
    await at.post(
      samples({ c: Object.fromEntries(names.map((name) => [name, []])) }, { c: [1, 1] }),
    );
    const { client, names: first } = await at.subscriber();
    const told = (first as { names: string[] }[])[0]?.names ?? [];
    expect(told.length).toBeGreaterThan(1000);
    while (told.length < names.length)
      told.push(
        ...((await next(client, "names")) as { names: string[] }[]).flatMap((of) => of.names),
      );
    expect(told).toEqual(names);
  });
});

describe("a subscription", () => {
  it("gets the samples so far in their own spelling, then the later ones, and no others", async () => {
    const at = await start();
    await at.post(
      samples('{"c":{"x":[1.0, 1e-7,12345678901234567890],"y":[NaN,-Infinity,0]}}', {
        c: [1, 3, 1],
      }),
    );
    const { client, names } = await at.subscriber();
    expect(names).toEqual([{ chain: "c", names: ["x", "y"] }]);
    client.send(subscribe(["x"]));
    expect(await client.next()).toBe(
      '{"message":{"action":"experiment:event","data":[{"chain":"c","data":{"x":[1.0,1e-7,12345678901234567890]},"from":{"x":0}}]}}',
    );
    await at.post(samples({ c: { x: [4], y: [5], z: [6] } }, { c: [4, 4] }));
    expect(await next(client, "names")).toEqual([{ chain: "c", names: ["z"] }]);
    expect(await next(client, "experiment:event")).toEqual(item({ x: [4] }, { x: 3 }));
    client.send(subscribe(["y"]));
    expect(await next(client, "experiment:event")).toEqual(
      item({ y: ["NaN", "-Infinity", 0, 5] }, { y: 0 }),
    );
  });

  it("has all initial data of one message in one event, of each message in its own", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [1], y: [2] }, d: { x: [3] } }, { c: [1, 1], d: [1, 1] }));
    const { client } = await at.subscriber();
    client.send({
      type: "subscribe",
      data: [
        { chain: "c", variables: ["x"] },
        { chain: "d", variables: ["x"] },
      ],
    });
    client.send(subscribe(["y"]));
    expect(await next(client, "experiment:event")).toEqual([
      { chain: "c", data: { x: [1] }, from: { x: 0 } },
      { chain: "d", data: { x: [3] }, from: { x: 0 } },
    ]);
    expect(await next(client, "experiment:event")).toEqual(item({ y: [2] }, { y: 0 }));
  });

  it("to what does not exist yet is remembered; no event is ever empty; asking again does nothing", async () => {
    const at = await start();
    const { client } = await at.subscriber();
    client.send(subscribe(["later"]));
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }));
    await next(client, "names");
    await at.post(samples({ c: { later: [1.5] } }, { c: [1, 1] }));
    await next(client, "names");
    expect(await next(client, "experiment:event")).toEqual(item({ later: [1.5] }, { later: 0 }));
    client.send(subscribe(["later"]));
    client.send(subscribe(["x"]));
    expect(await next(client, "experiment:event")).toEqual(item({ x: [1] }, { x: 0 }));
  });

  it("is forgotten at once, and begins anew with all the data", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [1], y: [1] } }, { c: [1, 1] }));
    const { client } = await at.subscriber();
    client.send(subscribe(["x", "y"]));
    client.send({ action: "unsubscribe", data: [{ chain: "c", variables: ["x", "unknown"] }] });
    expect(await next(client, "experiment:event")).toEqual(
      item({ x: [1], y: [1] }, { x: 0, y: 0 }),
    );
    await at.post(samples({ c: { x: [2], y: [2] } }, { c: [2, 2] }));
    expect(await next(client, "experiment:event")).toEqual(item({ y: [2] }, { y: 1 }));
    client.send(subscribe(["x"]));
    expect(await next(client, "experiment:event")).toEqual(item({ x: [1, 2] }, { x: 0 }));
  });

  it("with since has the samples from there on, also of what is subscribed to already", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [0, 1, 2, 3] } }, { c: [1, 4] }));
    const { client } = await at.subscriber();
    client.send(subscribe(["x"], { since: { x: 2 } }));
    expect(await next(client, "experiment:event")).toEqual(item({ x: [2, 3] }, { x: 2 }));
    client.send(subscribe(["x"], { since: { x: 3 } }));
    expect(await next(client, "experiment:event")).toEqual(item({ x: [3] }, { x: 3 }));
    client.send(subscribe(["x"], { since: { x: 5 } }));
    await at.post(samples({ c: { x: [4, 5] } }, { c: [5, 6] }));
    expect(await next(client, "experiment:event")).toEqual(item({ x: [5] }, { x: 5 }));
  });

  it("with max_points has few points with their indices, then everything", async () => {
    const at = await start();
    const values = Array.from({ length: 1000 }, (_, nth) => (nth === 500 ? 99 : nth % 2));
    for (let nth = 0; nth < 10; nth++) {
      await at.post(
        samples(
          { c: { x: values.slice(nth * 100, nth * 100 + 100), short: [nth] } },
          { c: [nth * 100, nth * 100 + 99] },
        ),
      );
    }
    const { client } = await at.subscriber();
    client.send(subscribe(["x", "short"], { max_points: 20 }));
    const [got] = (await next(client, "experiment:event")) as {
      data: Record<string, number[]>;
      at: Record<string, number[]>;
      from: object;
    }[];
    expect(got?.from).toEqual({ x: 0, short: 0 });
    expect(got?.data.short).toHaveLength(10);
    expect(got?.at.short).toBeUndefined();
    expect(got?.at.x).toHaveLength(20);
    expect(got?.at.x).toContain(500);
    expect(got?.at.x?.map((index) => values[index])).toEqual(got?.data.x);
    await at.post(samples({ c: { x: [7, 8] } }, { c: [1000, 1001] }));
    expect(await next(client, "experiment:event")).toEqual(item({ x: [7, 8] }, { x: 1000 }));
  });

  it("of far more than may wait for a client is sent in pieces of at most 512 KiB, and closes nobody", async () => {
    const at = await start();
    const values = Array.from({ length: 20_000 }, (_, nth) => nth + 0.123456789012345);
    for (let nth = 0; nth < 10; nth++) {
      const some = values.slice(nth * 2000, nth * 2000 + 2000);
      await at.post(
        samples(
          { c: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`v${at}`, some])) },
          { c: [nth * 2000, nth * 2000 + 1999] },
        ),
      );
    }
    const { client } = await at.subscriber();
    const names = Array.from({ length: 20 }, (_, nth) => `v${nth}`);
    client.send(subscribe(names));
    const had = new Map<string, number[]>();
    for (let total = 0; total < 20 * 20_000; ) {
      const frame = await client.next();
      expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(512 << 10);
      const { message } = JSON.parse(frame) as {
        message: { data: { data: Record<string, number[]>; from: Record<string, number> }[] };
      };
      for (const { data, from } of message.data) {
        for (const [name, some] of Object.entries(data)) {
          const before = had.get(name) ?? [];
          expect(from[name]).toBe(before.length);
          had.set(name, before.concat(some));
          total += some.length;
        }
      }
    }
    for (const name of names) expect(had.get(name)).toEqual(values);
  });

  it("of a client that does not read for a while goes on where it was, however much has come", async () => {
    const at = await start({ maxHeldBytes: 10_000 });
    const { client } = await at.subscriber();
    client.send(subscribe(["x"]));
    client.socket.pause();
    const values = Array.from({ length: 5000 }, (_, nth) => nth + 0.123456789012345);
    for (let nth = 0; nth < 60; nth++) {
      const vars = { c: { x: values, other: nth === 0 ? values : [] } };
      await at.post(samples(vars, { c: [nth * 5000, nth * 5000 + 4999] }));
    }
    client.socket.resume();
    await next(client, "names");
    let had = 0;
    while (had < 60 * 5000) {
      const [got] = (await next(client, "experiment:event")) as {
        data: { x: number[] };
        from: { x: number };
      }[];
      expect(got?.from.x).toBe(had);
      expect(got?.data.x[0]).toBe(values[had % 5000]);
      had += got?.data.x.length ?? 0;
    }
    expect(had).toBe(60 * 5000);
  });

  it("beyond maxSubscriptions is refused whole, and closes nothing", async () => {
    const at = await start({ maxSubscriptions: 2 });
    await at.post(samples({ c: { x: [1], y: [2], z: [3] } }, { c: [1, 1] }));
    const { client } = await at.subscriber();
    client.send(subscribe(["x", "y", "z"]));
    expect(await nextError(client)).toMatchObject({ code: "over_capacity" });
    client.send(subscribe(["x", "z"]));
    expect(await next(client, "experiment:event")).toEqual(
      item({ x: [1], z: [3] }, { x: 0, z: 0 }),
    );
  });

  it.each([
    [{ action: "subscribe" }, "bad_message"],
    [{ action: "subscribe", data: { chain: "c" } }, "bad_message"],
    [{ action: "subscribe", data: [{ chain: "c", variables: "x" }] }, "bad_message"],
    [
      { action: "subscribe", data: [{ chain: "c", variables: ["x"], since: { x: -1 } }] },
      "bad_message",
    ],
    [{ action: "fly" }, "unknown_message"],
    [["subscribe"], "unknown_message"],
    ["no json", "bad_json"],
    [{ action: "experiment:output", data: "text" }, "wrong_state"],
  ])("that is %j is %s, told inside message, and nothing else happens", async (bad, code) => {
    const at = await start();
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }));
    const { client } = await at.subscriber();
    client.send(bad as object);
    expect(await nextError(client)).toMatchObject({ code });
    client.send(subscribe(["x"]));
    await next(client, "experiment:event");
  });
});

describe("a summary", () => {
  it("comes at once, and again with new samples, over all chains of numeric variables", async () => {
    const at = await start({ summaryMs: 20 });
    const { client } = await at.subscriber();
    client.send({ action: "subscribe", summary: true });
    expect(await next(client, "summary")).toEqual({});
    const draws = Array.from({ length: 100 }, (_, nth) => Math.sin(nth * 12.9898) * 10);
    await at.post(
      samples(
        `{"c":{"x":${JSON.stringify(draws)},"word":["a"],"bad":[NaN]},"d":{"x":${JSON.stringify(draws.map((draw) => draw + 0.1))}}}`,
        { c: [1, 100], d: [1, 100] },
      ),
    );
    await next(client, "names");
    let summary = await next(client, "summary");
    // It may have been computed in the middle of the post.
    while (Object.keys(summary as object).length < 2) summary = await next(client, "summary");
    expect(summary).toMatchObject({
      x: { chains: 2, draws: 100, r_hat: expect.any(Number) },
      bad: { mean: null, draws: 1 },
    });
    expect(Object.keys(summary as object)).toEqual(["x", "bad"]);
    expect(await at.get("/experiments/E1/summary")).toEqual({ data: summary });
    client.send({ action: "unsubscribe", summary: true });
    client.send(subscribe(["word"]));
    await at.post(samples({ c: { word: ["b"] } }, { c: [101, 101] }));
    expect(await next(client, "experiment:event")).toEqual(item({ word: ["a"] }, { word: 0 }));
    expect(await next(client, "experiment:event")).toEqual(item({ word: ["b"] }, { word: 1 }));
  });
});
