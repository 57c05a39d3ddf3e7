/** Samples over HTTP: parts of them, and few that show the shape. */
import { describe, expect, it } from "vitest";
import { type ServedExperiments, samples, serverPerTest } from "./experiments-harness.suite.ts";
import { lttb } from "./lttb.ts";

const start = serverPerTest();

/** 1,000 values in their own spelling, in 10 posts. */
const values = Array.from({ length: 1000 }, (_, nth) =>
  nth === 500 ? "99.50" : `${Math.sin(nth / 7).toFixed(3)}0`,
);

async function store(at: ServedExperiments, texts: readonly string[] = values): Promise<void> {
  for (let from = 0; from < texts.length; from += 100) {
    const some = texts.slice(from, from + 100);
    await at.post(
      samples(`{"c":{"x":[${some.join(",")}]}}`, { c: [from, from + some.length - 1] }),
    );
  }
}

async function asked(at: ServedExperiments, query: string): Promise<string> {
  return await (
    await at.server.fetch(`/experiments/E1/samples?chain=c&variable=x&${query}`)
  ).text();
}

describe("a part of the samples", () => {
  it.each([
    [150, 420],
    [0, 1],
    [999, 1000],
    [100, 200],
    [950, 5000],
    [300, 300],
    [400, 300],
    [2000, 3000],
  ])(
    "from %i up to before %i has those, in their spelling, as JSON and as CSV",
    async (from, to) => {
      const at = await start();
      await store(at);
      const expected = values.slice(from, Math.max(from, to));
      expect(await asked(at, `from=${from}&to=${to}`)).toBe(`{"data":[${expected.join(",")}]}`);
      const lines = expected.map((text, nth) => `${from + nth},${text}\r\n`).join("");
      expect(await asked(at, `from=${from}&to=${to}&format=csv`)).toBe(`index,value\r\n${lines}`);
    },
  );

  it("reaches to the end where no end is named, and from the beginning where no beginning is", async () => {
    const at = await start();
    await store(at);
    expect(await asked(at, "from=990")).toBe(`{"data":[${values.slice(990).join(",")}]}`);
    expect(await asked(at, "to=3")).toBe(`{"data":[${values.slice(0, 3).join(",")}]}`);
  });

  it.each(["from=-1", "from=1.5", "to=x", "max_points=0", "max_points=100001", "max_points=all"])(
    "is refused for %s",
    async (query) => {
      const at = await start();
      await store(at, values.slice(0, 1));
      expect(JSON.parse(await asked(at, query))).toMatchObject({ error: { code: "bad_message" } });
    },
  );
});

describe("few samples", () => {
  it.each([
    ["", 0, 1000],
    ["from=123&to=777&", 123, 777],
    ["from=480&", 480, 1000],
  ])(
    "with %sare those that largest-triangle-three-buckets chooses of the part, with their indices",
    async (query, from, to) => {
      const at = await start();
      await store(at);
      const chosen = lttb(values.slice(from, to).map(Number), 20).map((index) => from + index);
      expect(chosen).toContain(500);
      const texts = chosen.map((index) => values[index]);
      expect(await asked(at, `${query}max_points=20`)).toBe(
        `{"data":[${texts.join(",")}],"at":[${chosen.join(",")}]}`,
      );
      const lines = chosen.map((index) => `${index},${values[index]}\r\n`).join("");
      expect(await asked(at, `${query}max_points=20&format=csv`)).toBe(`index,value\r\n${lines}`);
    },
  );

  it("are all where there are no more, also with what is no number", async () => {
    const at = await start();
    await store(at, ['"a,b"', "NaN", "1.50", "null"]);
    expect(await asked(at, "max_points=4")).toBe('{"data":["a,b","NaN",1.50,null],"at":[0,1,2,3]}');
    expect(await asked(at, "from=2&to=3&max_points=9")).toBe('{"data":[1.50],"at":[2]}');
    expect(await asked(at, "from=9&max_points=9")).toBe('{"data":[],"at":[]}');
  });

  it("out of more than maxThinnedSamples are refused; a smaller part, or all of them whole, is not", async () => {
    const at = await start({ maxThinnedSamples: 500 });
    await store(at);
    const refused = await at.server.fetch(
      "/experiments/E1/samples?chain=c&variable=x&max_points=20",
    );
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      error: { code: "over_capacity", message: expect.stringContaining("maxThinnedSamples") },
    });
    expect(JSON.parse(await asked(at, "from=100&to=600&max_points=20"))).toMatchObject({
      at: expect.any(Array),
    });
    expect(await asked(at, "")).toBe(`{"data":[${values.join(",")}]}`);
  });
});
