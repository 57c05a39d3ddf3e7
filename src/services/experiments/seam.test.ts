/** History joins live: whoever subscribes in the middle of a flood gets every sample once, in order. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { TestServer, type TextClient } from "../../testing/index.ts";

const subscribers = 50;
const variables = ["a", "b", "c"];

/** One subscriber: when it joins (so many posts are stored), what it wants, and from which sample on. */
const joiner = fc.record({
  afterPosts: fc.nat({ max: 40 }),
  wanted: fc.subarray(variables, { minLength: 1 }),
  since: fc.option(fc.nat({ max: 900 }), { nil: undefined }),
  inTwo: fc.boolean(),
});

const flood = fc.record({
  joiners: fc.array(joiner, { minLength: subscribers, maxLength: subscribers }),
  draws: fc.integer({ min: 1, max: 40 }),
  // So little may be held that most is read from the log again.
  maxHeldBytes: fc.constantFrom(1, 500, 1 << 20),
  gatherMs: fc.constantFrom(0, 20),
});

interface Item {
  readonly data: Readonly<Record<string, readonly number[]>>;
  readonly from: Readonly<Record<string, number>>;
}

/** Reads until the end; gives each variable's samples, checked to follow each other. */
async function readAll(client: TextClient, since: number): Promise<Map<string, number[]>> {
  const had = new Map<string, number[]>();
  for (;;) {
    const { message } = (await client.nextJson(20_000)) as {
      message: { action: string; data: unknown };
    };
    if (message.action === "experiment:finish") return had;
    if (message.action !== "experiment:event") continue;
    for (const { data, from } of message.data as Item[]) {
      for (const [name, values] of Object.entries(data)) {
        expect(values.length).toBeGreaterThan(0);
        const before = had.get(name) ?? [];
        expect(from[name]).toBe(since + before.length);
        had.set(name, [...before, ...values]);
      }
    }
  }
}

it("50 subscribers at random moments of a flood: no sample is lost, doubled or out of order", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(flood, async ({ joiners, draws, maxHeldBytes, gatherMs }) => {
      const server = await TestServer.start({
        config: { services: { experiments: { maxHeldBytes, gatherMs } } },
      });
      try {
        const posts = 40;
        const join = async ({ wanted, since, inTwo }: (typeof joiners)[number]) => {
          const client = await server.open("/experiments/E1");
          client.send({ action: "authorization", token: "" });
          const ask = (names: readonly string[]) =>
            client.send({
              action: "subscribe",
              data: [
                {
                  chain: "c",
                  variables: names,
                  ...(since === undefined
                    ? {}
                    : { since: Object.fromEntries(names.map((name) => [name, since])) }),
                },
              ],
            });
          if (inTwo) for (const name of wanted) ask([name]);
          else ask(wanted);
          return { had: await readAll(client, since ?? 0), wanted, since: since ?? 0 };
        };
        const joined: ReturnType<typeof join>[] = [];
        for (let nth = 0; nth < posts; nth++) {
          const values = Array.from({ length: draws }, (_, at) => nth * draws + at);
          const vars = { c: Object.fromEntries(variables.map((name) => [name, values])) };
          const payload = {
            object_type: "experiment.protobuf_message",
            logs: { vars, iteration: { c: [nth * draws, (nth + 1) * draws - 1] } },
          };
          const posted = server.fetch("/api/object/E1", {
            method: "POST",
            body: JSON.stringify({ payload }),
          });
          // Not awaited: they join while posts are being stored.
          for (const one of joiners.filter(({ afterPosts }) => afterPosts === nth))
            joined.push(join(one));
          expect((await posted).status).toBe(200);
        }
        for (const one of joiners.filter(({ afterPosts }) => afterPosts >= posts))
          joined.push(join(one));
        const datas = [{ message: { action: "experiment:control", data: "finish" } }];
        await server.fetch("/api/object/E1", {
          method: "POST",
          body: JSON.stringify({ payload: { object_type: "experiment.text_message", datas } }),
        });
        const all = Array.from({ length: posts * draws }, (_, at) => at);
        for (const { had, wanted, since } of await Promise.all(joined)) {
          const expected = all.slice(since);
          expect([...had.keys()].sort()).toEqual(expected.length === 0 ? [] : [...wanted].sort());
          for (const values of had.values()) expect(values).toEqual(expected);
        }
      } finally {
        await server.stop();
      }
    }),
    { numRuns: 8 },
  );
});
