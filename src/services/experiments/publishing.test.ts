/** Publishers: posts that repeat themselves, both forms, what is refused, and what HTTP shows of it. */
import { describe, expect, it } from "vitest";
import {
  item,
  next,
  nextError,
  ok,
  samples,
  serverPerTest,
  subscribe,
} from "./experiments-harness.suite.ts";

const start = serverPerTest();

describe("a post", () => {
  it("that holds everything so far adds what is new, however late an old one comes again", async () => {
    const at = await start();
    for (const last of [3, 6, 3, 9, 6]) {
      const x = Array.from({ length: last }, (_, nth) => nth + 1);
      expect(await at.post(samples({ c: { x } }, { c: [1, last, 1] }))).toEqual(ok);
    }
    expect(await at.stored()).toBe('{"data":[1,2,3,4,5,6,7,8,9]}');
  });

  it("that overlaps adds what is behind the overlap", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [1, 2, 3] } }, { c: [1, 3] }));
    await at.post(samples({ c: { x: [2, 3, 4, 5] } }, { c: [2, 5] }));
    await at.post(samples({ c: { x: [5, 6] } }, { c: [5, 6] }));
    expect(await at.stored()).toBe('{"data":[1,2,3,4,5,6]}');
  });

  it("counts a variable that appeared late by its own values", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [1, 2, 3] } }, { c: [1, 3] }));
    await at.post(samples({ c: { x: [1, 2, 3, 4, 5, 6], y: [4, 5, 6] } }, { c: [1, 6] }));
    await at.post(samples({ c: { x: [1, 2, 3, 4, 5, 6, 7], y: [4, 5, 6, 7] } }, { c: [1, 7] }));
    expect(await at.stored("x")).toBe('{"data":[1,2,3,4,5,6,7]}');
    expect(await at.stored("y")).toBe('{"data":[4,5,6,7]}');
  });

  it("of another run, batch or chain repeats nothing", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }, "one"));
    await at.post(samples({ c: { x: [2] } }, { c: [1, 1] }, "two"));
    await at.post(samples({ c: { x: [1, 3] }, d: { x: [9] } }, { c: [1, 2], d: [1, 1] }, "one"));
    await at.post(samples({ c: { x: [2] } }, { c: [1, 1] }, "two"));
    expect(await at.stored("x")).toBe('{"data":[1,2,3]}');
    expect(await at.stored("x", "d")).toBe('{"data":[9]}');
  });

  it("is stored once, though many send the same at the same time", async () => {
    const at = await start();
    const all = Array.from({ length: 30 }, (_, nth) =>
      samples(
        { c: { x: Array.from({ length: nth + 1 }, (_, value) => value) } },
        { c: [1, nth + 1] },
      ),
    );
    await Promise.all([...all, ...all].map((payload) => at.post(payload)));
    expect(await at.stored()).toBe(
      `{"data":[${Array.from({ length: 30 }, (_, value) => value).join(",")}]}`,
    );
  });

  it("keeps every value's text, whatever kind of JSON it is", async () => {
    const at = await start();
    const values =
      '[1.0,-0.0,1e400,NaN,-Infinity,"a,\\"]",[1.50,{"b":[2.0]}],{"c": 1e-7},null,true,123456789012345678901234567890]';
    await at.post(samples(`{"c":{"__proto__":${values},"x":${values}}}`, { c: [1, 11] }));
    const expected = values.replace("NaN,-Infinity", '"NaN","-Infinity"');
    expect(await at.stored("x")).toBe(`{"data":${expected}}`);
    expect(await at.stored("__proto__")).toBe(`{"data":${expected}}`);
  });

  it.each<[string, string]>([
    ["without iteration", samples({ c: { x: [1] } }, {})],
    ["whose bounds are no numbers", samples({ c: { x: [1] } }, { c: ["1", 2] })],
    ["that ends before it begins", samples({ c: { x: [1] } }, { c: [2, 1] })],
    ["whose values are no list", samples({ c: { y: [1], x: 1 } }, { c: [1, 1] })],
    ["whose chain is no object", samples({ d: { y: [1] }, c: [1] }, { c: [1, 1], d: [1, 1] })],
    ["without logs", '{"object_type":"experiment.protobuf_message"}'],
    ["of a type that nobody knows", '{"object_type":"experiment.other"}'],
    ["without a type", "{}"],
    [
      "whose batch_id is no scalar",
      `{"object_type":"experiment.protobuf_message","logs":{"vars":{}},"batch_id":${"[".repeat(60)}${"]".repeat(60)}}`,
    ],
    ["of text without datas", '{"object_type":"experiment.text_message"}'],
    [
      "of text that is none",
      '{"object_type":"experiment.text_message","datas":[{"message":{"action":"experiment:output","data":1}}]}',
    ],
  ])("%s is refused whole, in the protocol's form", async (_, payload) => {
    const at = await start();
    expect(await at.post(payload)).toEqual({
      status: "error",
      code: "bad_message",
      message: expect.any(String),
    });
    expect(await at.get("/experiments")).toEqual({ data: [] });
  });

  it.each([
    [
      "maxVariables",
      { maxVariables: 2 },
      samples({ c: { x: [1], y: [1], z: [1] } }, { c: [1, 1] }),
      "over_capacity",
    ],
    [
      "maxNameLength",
      { maxNameLength: 3 },
      samples({ c: { x: [1], long: [1] } }, { c: [1, 1] }),
      "bad_message",
    ],
    [
      "maxValueBytes",
      { maxValueBytes: 20 },
      samples({ c: { x: ["a".repeat(30)] } }, { c: [1, 1] }),
      "too_large",
    ],
  ])("over %s is refused", async (name, config, payload, code) => {
    const at = await start(config);
    expect(await at.post(payload)).toEqual({
      status: "error",
      code,
      message: expect.stringContaining(name),
    });
    expect(await at.get("/experiments")).toEqual({ data: [] });
  });

  it("over maxWaitingBytes is refused while others wait, never alone", async () => {
    const at = await start({ maxWaitingBytes: 1000 });
    const all = Array.from({ length: 10 }, (_, nth) =>
      at.post(samples({ c: { x: [nth] } }, { c: [nth, nth] })),
    );
    const answers = (await Promise.all(all)) as { code?: string }[];
    const refused = answers.filter(({ code }) => code === "over_capacity").length;
    expect(refused).toBeGreaterThan(0);
    const values = (JSON.parse(await at.stored()) as { data: number[] }).data;
    expect(values).toHaveLength(10 - refused);
  });

  it("over maxRuns is refused", async () => {
    const at = await start({ maxRuns: 1 });
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }, "one"));
    expect(await at.post(samples({ c: { y: [2], x: [2] } }, { c: [1, 1] }, "two"))).toMatchObject({
      code: "over_capacity",
    });
    expect(await at.stored("y")).toBe('{"data":[]}');
    expect(await at.post(samples({ c: { x: [1, 3] } }, { c: [1, 2] }, "one"))).toEqual(ok);
    expect(await at.stored()).toBe('{"data":[1,3]}');
  });

  it("of an update is acknowledged, and the object is shown; neither makes an experiment", async () => {
    const at = await start();
    expect(await at.post({ object_type: "experiment", status: "RUN" })).toEqual(ok);
    expect(await at.get("/api/object/E1")).toEqual({
      status: "ok",
      data: { short_id: "E1", experiment_id: "E1" },
    });
    expect(await at.get("/experiments")).toEqual({ data: [] });
  });

  it("that is no JSON, or to no id, is answered in the protocol's form", async () => {
    const at = await start();
    const broken = await at.server.fetch("/api/object/E1", { method: "POST", body: '{"payload":' });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toEqual({
      status: "error",
      code: "bad_json",
      message: expect.any(String),
    });
    expect(await at.post({ object_type: "experiment" }, "%20".repeat(90))).toMatchObject({
      status: "error",
      code: "bad_message",
    });
  });
});

describe("log text", () => {
  it("beyond maxLogBytes is acknowledged, not kept, and the log says so", async () => {
    const at = await start({ maxLogBytes: 10 });
    expect(await at.say({ action: "experiment:output", data: "12345678\n" })).toEqual(ok);
    expect(await at.say({ action: "experiment:output", data: "too much\n" })).toEqual(ok);
    expect(await at.say({ action: "experiment:output", data: "more\n" })).toEqual(ok);
    expect((await at.subscriber()).log).toBe(
      "12345678\n\n[10 bytes of log are kept (services.experiments.maxLogBytes): the rest is not]\n",
    );
  });

  it("in messages that are none of ours is passed over", async () => {
    const at = await start();
    expect(await at.say({ action: "something:else", data: 1 })).toEqual(ok);
    expect(await at.get("/experiments")).toEqual({ data: [] });
  });
});

describe("a publisher on a WebSocket", () => {
  it("is sent nothing but the echo of its finish, when everything before it is stored", async () => {
    const at = await start();
    const { client } = await at.subscriber();
    client.send(subscribe(["x"]));
    const publisher = await at.publisher();
    publisher.send('{"action":"experiment:event","data":[{"chain":"c","data":{"x":[1.0,NaN]}}]}');
    publisher.send({ action: "experiment:output", data: "line\n" });
    publisher.send(
      '{"action":"experiment:event","data":[{"chain":"c","data":{"x":[2.50]}},{"chain":"c","data":{"x":[3.0]}}]}',
    );
    publisher.send({ action: "experiment:control", data: "finish" });
    expect(await publisher.next()).toBe('{"action":"experiment:control","data":"finish"}');
    expect(await at.stored()).toBe('{"data":[1.0,"NaN",2.50,3.0]}');
    const got: string[] = [];
    while (got.at(-1) !== "experiment:finish")
      got.push(((await client.nextJson()) as { message: { action: string } }).message.action);
    expect(new Set(got)).toEqual(
      new Set(["names", "experiment:event", "experiment:output", "experiment:finish"]),
    );
    expect((await at.subscriber()).log).toBe("line\n");
  });

  it("may be the older logger, whose variables are in one chain", async () => {
    const at = await start();
    const publisher = await at.publisher();
    publisher.send(
      '{"action":"experiment:event","data":{"message":"a","data":[{"a/val":1.0},{"a/val":2.0,"a/b":[1.0]}],"step":1}}',
    );
    publisher.send('{"action":"experiment:event","data":{"message":"a","data":null,"step":2}}');
    publisher.send('{"type":"experiment:event","message":"a","data":[{"a/val":3.0}],"step":3}');
    publisher.send({ action: "experiment:control", data: "finish" });
    await publisher.next();
    expect(await at.stored("a/val", "chain_default")).toBe('{"data":[1.0,2.0,3.0]}');
    expect(await at.stored("a/b", "chain_default")).toBe('{"data":[[1.0]]}');
  });

  it("is told of its errors if it asked to be, and goes on", async () => {
    const at = await start();
    const publisher = await at.publisher();
    for (const data of [1, [1], [{ chain: "c", data: { x: 1 } }], { data: 1 }]) {
      publisher.send({ action: "experiment:event", data });
      expect(await nextError(publisher)).toMatchObject({ code: "bad_message" });
    }
    publisher.send(subscribe(["x"]));
    expect(await nextError(publisher)).toMatchObject({ code: "wrong_state" });
    publisher.send({ action: "experiment:control", data: "finish" });
    expect(await publisher.nextJson()).toEqual({ action: "experiment:control", data: "finish" });
  });
});

describe("over HTTP", () => {
  it("experiments, their variables and samples are shown", async () => {
    const at = await start();
    await at.post(
      samples({ c: { x: [1, 2] }, d: { "y,z": ['a"b', "c,d"] } }, { c: [1, 2], d: [1, 2] }),
    );
    await at.say({ action: "experiment:finish" });
    await at.say({ action: "experiment:output", data: "text" }, "Ü 2");
    expect(await at.get("/experiments")).toEqual({
      data: [
        { xid: "Ü 2", variables: 0, finished: false },
        { xid: "E1", variables: 2, finished: true },
      ],
    });
    expect(await at.get("/experiments?limit=1")).toMatchObject({ data: [{ xid: "Ü 2" }] });
    expect(await at.get(`/experiments?after=${encodeURIComponent("Ü 2")}`)).toMatchObject({
      data: [{ xid: "E1" }],
    });
    expect(await at.get("/experiments/E1/variables")).toEqual({
      data: [
        { chain: "c", names: ["x"] },
        { chain: "d", names: ["y,z"] },
      ],
    });
    expect(await at.get("/experiments/none/variables")).toEqual({ data: [] });
    const csv = await at.server.fetch("/experiments/E1/samples?chain=d&variable=y%2Cz&format=csv");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(await csv.text()).toBe('index,value\r\n0,"a""b"\r\n1,"c,d"\r\n');
    expect((await at.server.fetch("/experiments/E1/samples?variable=x")).status).toBe(404);
    expect(await at.get("/experiments/E1/samples?variable=x&format=xml")).toMatchObject({
      error: { code: "bad_message" },
    });
  });

  it("an experiment is removed with all of it, and begins anew", async () => {
    const at = await start();
    await at.post(samples({ c: { x: [1, 2] } }, { c: [1, 2] }));
    await at.say({ action: "experiment:output", data: "text" });
    await at.say({ action: "experiment:finish" });
    const { client } = await at.subscriber();
    const remove = () => at.server.fetch("/experiments/E1", { method: "DELETE" });
    expect(await (await remove()).json()).toEqual({ data: null });
    await next(client, "experiment:finish");
    expect(await client.closed()).toMatchObject({ code: 1000 });
    expect((await remove()).status).toBe(404);
    expect(await at.get("/experiments")).toEqual({ data: [] });
    expect((await at.server.fetch("/experiments/E1/samples?chain=c&variable=x")).status).toBe(404);
    expect(await at.subscriber()).toMatchObject({ log: "", names: [] });
    await at.post(samples({ c: { x: [3] } }, { c: [1, 1] }));
    expect(await at.stored()).toBe('{"data":[3]}');
    const again = await at.subscriber();
    again.client.send(subscribe(["x"]));
    expect(await next(again.client, "experiment:event")).toEqual(item({ x: [3] }, { x: 0 }));
  });
});

describe("memory", () => {
  it("holds few experiments; an idle one is forgotten, and known again when it is asked for", async () => {
    const at = await start({ maxExperiments: 2 });
    const busy = await at.subscriber("busy");
    busy.client.send(subscribe(["x"]));
    for (let nth = 0; nth < 5; nth++)
      await at.post(samples({ c: { x: [nth] } }, { c: [1, 1] }), `idle${nth}`);
    for (let nth = 0; nth < 5; nth++) {
      await at.post(samples({ c: { x: [nth, 9] } }, { c: [1, 2] }), `idle${nth}`);
      expect(await at.stored("x", "c", `idle${nth}`)).toBe(`{"data":[${nth},9]}`);
    }
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }), "busy");
    await next(busy.client, "names");
    expect(await next(busy.client, "experiment:event")).toEqual(item({ x: [1] }, { x: 0 }));
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }), "busy too");
    await at.subscriber("busy too");
    expect(await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }), "idle1")).toMatchObject({
      code: "over_capacity",
    });
  });

  it("of experiments that do not exist is bounded for itself, and takes no place from others", async () => {
    const at = await start({ maxExperiments: 3, maxAwaitedExperiments: 3 });
    await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }), "real");
    const [awaited] = [
      await at.subscriber("none0"),
      await at.subscriber("none1"),
      await at.subscriber("none2"),
    ];
    // Another watcher of the same is no other experiment.
    await at.subscriber("none2");
    const refused = await at.server.open("/mcmc/ws/sub/object/none3?errors=1");
    refused.send({ action: "authorization", token: "any" });
    expect(await nextError(refused)).toMatchObject({
      code: "over_capacity",
      message: expect.stringContaining("maxAwaitedExperiments"),
    });
    expect((await refused.closed()).code).toBe(1013);
    await at.subscriber("real");
    expect(await at.post(samples({ c: { x: [1, 2] } }, { c: [1, 2] }), "real")).toEqual(ok);
    expect(await at.post(samples({ c: { x: [7] } }, { c: [1, 1] }), "new")).toEqual(ok);
    expect(await at.stored("x", "c", "new")).toBe('{"data":[7]}');
    // What is awaited is told when it comes, and makes room for another.
    expect(await at.post(samples({ c: { x: [1] } }, { c: [1, 1] }), "none0")).toEqual(ok);
    expect(await next(awaited.client, "names")).toEqual([{ chain: "c", names: ["x"] }]);
    await at.subscriber("none3");
  });
});
