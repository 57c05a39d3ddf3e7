/** State folded from a log, on two nodes of a store. */
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { MemoryStore, openMemoryEngine } from "../engines/memory/index.ts";
import type { Gap, Log, LogEvent, LogOptions } from "./engine.ts";
import { settled } from "./kit.fixture.ts";
import { Projection } from "./projection.ts";

interface Folded {
  readonly data: string[];
  readonly live: string[];
  readonly gaps: Gap[];
}

async function openLog(store: MemoryStore, options?: LogOptions): Promise<Log> {
  const engine = await openMemoryEngine({ store });
  onTestFinished(() => engine.close());
  return engine.log("test", options);
}

async function project(log: Log): Promise<Folded & { readonly projection: Projection }> {
  const folded: Folded = { data: [], live: [], gaps: [] };
  const projection = await Projection.open(log, {
    event(event: LogEvent, live: boolean) {
      folded.data.push(event.data);
      if (live) folded.live.push(event.data);
    },
    gap: (gap) => folded.gaps.push(gap),
  });
  return { ...folded, projection };
}

const event = (data: string) => [{ data }];

test("after open it holds what was stored before, and then every event once, in order, as live", async () => {
  const store = new MemoryStore();
  const log = await openLog(store);
  for (const data of ["1", "2", "3"]) await log.append(`s${data}`, event(data));
  const { data, live, gaps, projection } = await project(await openLog(store));
  expect([data, live]).toEqual([["1", "2", "3"], []]);
  const [stored] = await log.append("s", event("4"));
  await projection.caughtUp(stored?.offset ?? 0);
  expect([data, live, gaps]).toEqual([["1", "2", "3", "4"], ["4"], []]);
});

test("an answer after caughtUp includes what was appended on another node", async () => {
  const store = new MemoryStore();
  const [log, ...others] = [await openLog(store), await openLog(store), await openLog(store)];
  const projected = await Promise.all([log, ...others].map(project));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 }), fc.string(), async (writer, data) => {
      const [stored] = (await projected[writer]?.projection.log.append("s", event(data))) ?? [];
      for (const { projection, data: folded } of projected) {
        await projection.caughtUp(stored?.offset ?? 0);
        expect(folded.at(-1)).toBe(data);
      }
    }),
    { numRuns: 30 },
  );
  expect(projected[0]?.data).toEqual(projected[1]?.data);
});

test("events that retention has removed are told of as a gap", async () => {
  const store = new MemoryStore();
  const log = await openLog(store, { maxEvents: 2 });
  for (const data of ["1", "2", "3", "4"]) await log.append("s", event(data));
  const { data, gaps } = await project(await openLog(store));
  expect(data).toEqual(["3", "4"]);
  expect(gaps).toEqual([{ from: 1, to: 2, reason: "retention" }]);
});

test("a fold without a gap passes over one", async () => {
  const store = new MemoryStore();
  const log = await openLog(store, { maxEvents: 1 });
  for (const data of ["1", "2"]) await log.append("s", event(data));
  const data: string[] = [];
  await Projection.open(await openLog(store), { event: (one) => data.push(one.data) });
  expect(data).toEqual(["2"]);
});

test("after close nothing is folded, and who waits is told", async () => {
  const store = new MemoryStore();
  const [mine, other] = [await openLog(store), await openLog(store)];
  const { data, projection } = await project(mine);
  const waiting = projection.caughtUp(1);
  waiting.catch(() => {});
  await projection.close();
  await expect(waiting).rejects.toMatchObject({ code: "log_closed" });
  await other.append("s", event("1"));
  await settled();
  expect(data).toEqual([]);
});
