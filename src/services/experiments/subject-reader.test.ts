/** The seam between what is stored and what comes, with reads that take their time while events come. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { openMemoryEngine } from "../../engines/memory/index.ts";
import type { Log, ReadOptions } from "../../kit/index.ts";
import { Library } from "./library.ts";
import { SubjectReader } from "./subject-reader.ts";

function turns(count: number): Promise<void> {
  return new Promise((resolve) =>
    count <= 0 ? resolve() : setImmediate(() => void turns(count - 1).then(resolve)),
  );
}

/** The log, but each read takes some turns before and after it looks, and gives few events. */
function slow(log: Log, delay: () => number): Log {
  return new Proxy(log, {
    get(of, key) {
      if (key === "read") {
        return async (subject: string, after: number, options: ReadOptions) => {
          await turns(delay());
          const result = await of.read(subject, after, { ...options, limit: 1 + delay() });
          await turns(delay());
          return result;
        };
      }
      const value: unknown = Reflect.get(of, key, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}

it("gives every event once, in order, however long reads take and however often what is held is let go", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 30 }),
      fc.array(
        fc.record({ append: fc.nat({ max: 3 }), pause: fc.nat({ max: 4 }), letGo: fc.boolean() }),
        { maxLength: 40 },
      ),
      fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 20 }),
      async (before, steps, delays) => {
        const engine = await openMemoryEngine();
        try {
          const log = await engine.log("experiments");
          const library = await Library.open({
            log,
            maxExperiments: 1,
            maxAwaitedExperiments: 1,
            maxKnownVariables: 1,
          });
          let appended = 0;
          const append = () => log.append("s.x", [{ data: String(appended++) }]);
          for (let nth = 0; nth < before; nth++) await append();
          let reads = 0;
          const reader = new SubjectReader({
            log: slow(log, () => delays[reads++ % delays.length] ?? 0),
            subject: "s.x",
            held: () => {},
          });
          library.listen("s.x", reader);
          const had: number[] = [];
          let isOver = false;
          const reading = (async () => {
            while (!isOver || reader.isReady) {
              if (reader.isReady)
                for (const { data } of await reader.next()) had.push(Number(data));
              else await turns(1);
            }
          })();
          for (const step of steps) {
            for (let nth = 0; nth < step.append; nth++) await append();
            if (step.letGo) reader.letGo();
            await turns(step.pause);
          }
          isOver = true;
          await reading;
          expect(had).toEqual(Array.from({ length: appended }, (_, at) => at));
        } finally {
          await engine.close();
        }
      },
    ),
    { numRuns: 300 },
  );
});
