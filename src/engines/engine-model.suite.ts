/** Engine suite: properties. Random operations on a log agree with a simple model of it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import type { Engine, Log, LogEvent } from "../kit/engine.ts";
import { put, Recorder, rejection, type SuiteContext } from "./engine-harness.suite.ts";

const subject = fc.constantFrom("a", "b", "b.c");
const data = fc.string({ unit: "grapheme", maxLength: 8 });
/** Chooses one of the things there are, by a number between 0 and 1. */
const choice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const append = fc.record({
  do: fc.constant("append" as const),
  subject,
  data: fc.array(data, { minLength: 1, maxLength: 4 }),
});
const conditional = fc.record({
  do: fc.constant("conditional" as const),
  subject,
  data,
  right: fc.boolean(),
  wrongBy: choice,
});
const repeat = fc.record({
  do: fc.constant("repeat" as const),
  subject,
  data,
  which: choice,
  stale: fc.boolean(),
});
const purge = fc.record({ do: fc.constant("purge" as const), subject });
const limit = fc.integer({ min: 1, max: 5 });
const read = fc.record({
  do: fc.constant("read" as const),
  subject,
  after: choice,
  upTo: fc.option(choice),
  limit: fc.option(limit),
});
const follow = fc.record({ do: fc.constant("follow" as const), after: choice });
const reopen = fc.record({ do: fc.constant("reopen" as const) });

type Command =
  | typeof append
  | typeof conditional
  | typeof repeat
  | typeof purge
  | typeof read
  | typeof follow
  | typeof reopen;
type Commands = (Command extends fc.Arbitrary<infer C> ? C : never)[];

/** What the log should hold. */
class Model {
  /** Every event ever stored, in order of offsets. */
  readonly stored: LogEvent[] = [];
  readonly ids = new Map<string, number>();

  add(event: Omit<LogEvent, "timeMs">): void {
    expect(event.offset, "offsets grow").toBeGreaterThan(this.stored.at(-1)?.offset ?? 0);
    this.stored.push({ ...event, timeMs: 0 });
  }

  /** The subject's events that no purge has removed. */
  living(of: string): LogEvent[] {
    const all = this.stored.filter((event) => event.subject === of);
    return all.slice(Math.max(0, all.map((event) => event.purged).lastIndexOf(true)));
  }

  last(of: string): number {
    return this.living(of).at(-1)?.offset ?? 0;
  }

  /** An offset that exists, one beside it, or 0. */
  offset(which: number): number {
    const all = [
      0,
      ...this.stored.flatMap((event) => [event.offset - 1, event.offset, event.offset + 1]),
    ];
    return Math.max(0, all[Math.floor(which * all.length)] ?? 0);
  }
}

function timeless(events: readonly LogEvent[]): LogEvent[] {
  return events.map((event) => ({ ...event, timeMs: 0 }));
}

async function readAgrees(
  log: Log,
  model: Model,
  of: string,
  after: number,
  upTo?: number,
  atMost?: number,
): Promise<void> {
  const result = await log.read(of, after, {
    ...(upTo === undefined ? {} : { upTo }),
    ...(atMost === undefined ? {} : { limit: atMost }),
  });
  const living = model.living(of);
  const asked = living.filter(
    (event) => event.offset > after && event.offset <= (upTo ?? Number.POSITIVE_INFINITY),
  );
  const count = atMost ?? 1_000;
  expect(timeless(result.events)).toEqual(asked.slice(0, count));
  expect(result.more).toBe(asked.length > count);
  const gone = model.stored.filter((event) => event.subject === of && !living.includes(event));
  const missed = gone.filter(
    (event) => event.offset > after && event.offset <= (upTo ?? Number.POSITIVE_INFINITY),
  );
  if (missed.length > 0) expect(result.gap?.reason).toBe("purged");
  if (!living[0]?.purged || after >= living[0].offset) expect(result.gap).toBeUndefined();
  if (result.gap !== undefined) {
    expect(result.gap.from).toBe(after + 1);
    for (const event of missed) expect(event.offset).toBeLessThanOrEqual(result.gap.to);
    for (const event of result.events)
      expect(event.purged || event.offset > result.gap.to).toBe(true);
  }
}

async function run(context: SuiteContext, name: string, commands: Commands): Promise<void> {
  const model = new Model();
  let engine: Engine = await context.open();
  let log = await engine.log(name);
  let ids = 0;
  try {
    for (const command of commands) {
      if (command.do === "append") {
        const id = `id-${ids++}`;
        const events = command.data.map((text, index) =>
          index === 0 ? { data: text, id } : { data: text },
        );
        const answers = await log.append(command.subject, events);
        expect(answers.map((answer) => answer.duplicate)).toEqual(events.map(() => false));
        for (const [index, text] of command.data.entries()) {
          model.add({
            offset: answers[index]?.offset ?? 0,
            subject: command.subject,
            data: text,
            purged: false,
          });
        }
        model.ids.set(id, answers[0]?.offset ?? 0);
      } else if (command.do === "conditional") {
        const last = model.last(command.subject);
        const guess = model.offset(command.wrongBy);
        const expected = command.right ? last : guess === last ? last + 1 : guess;
        const answer = log.append(command.subject, [{ data: command.data }], { expect: expected });
        if (command.right) {
          model.add({
            offset: (await answer)[0]?.offset ?? 0,
            subject: command.subject,
            data: command.data,
            purged: false,
          });
        } else {
          expect((await rejection(answer, "log_conflict")).details.last).toBe(last);
        }
      } else if (command.do === "repeat" && model.ids.size > 0) {
        const [id, offset] = [...model.ids][Math.floor(command.which * model.ids.size)] ?? ["", 0];
        const options = command.stale ? { expect: model.last(command.subject) + 1 } : {};
        expect(await log.append(command.subject, [{ data: command.data, id }], options)).toEqual([
          { offset, duplicate: true },
        ]);
      } else if (command.do === "purge") {
        const { offset } = await log.purge(command.subject);
        model.add({ offset, subject: command.subject, data: "", purged: true });
      } else if (command.do === "read") {
        const upTo = command.upTo === null ? undefined : model.offset(command.upTo);
        await readAgrees(
          log,
          model,
          command.subject,
          model.offset(command.after),
          upTo,
          command.limit ?? undefined,
        );
      } else if (command.do === "follow") {
        const after = model.offset(command.after);
        const recorder = new Recorder();
        const following = await within(log.follow(after, recorder), "follow");
        const expected = model.stored.filter(
          (event) => event.offset > after && model.living(event.subject).includes(event),
        );
        const purgedAt = new Map(
          model.stored
            .filter((event) => event.purged)
            .map((event) => [event.subject, event.offset]),
        );
        // Removal may still be under way: what a purge event on the way declares gone may yet be told before it.
        const told = recorder.events.items.filter(
          (event) => event.offset >= (purgedAt.get(event.subject) ?? 0),
        );
        expect(timeless(told)).toEqual(expected);
        await following.stop();
      } else if (command.do === "reopen" && !("reopen" in context.cannot)) {
        const { epoch } = log;
        await engine.close();
        engine = await context.open();
        log = await engine.log(name);
        expect(log.epoch).toBe(epoch);
      }
    }
    for (const of of ["a", "b", "b.c"]) {
      expect(await log.last(of)).toBe(model.last(of));
      await readAgrees(log, model, of, 0);
    }
    expect(await log.subjects("")).toEqual(
      [...new Set(model.stored.map((event) => event.subject))].sort(),
    );
  } finally {
    await engine.close();
  }
}

export function modelSuite(context: SuiteContext): void {
  describe("properties", () => {
    test("a log agrees with its model", { timeout: 120_000 }, async () => {
      let nth = 0;
      const weighted = fc.oneof(
        { weight: 6, arbitrary: append },
        { weight: 4, arbitrary: conditional },
        { weight: 3, arbitrary: repeat },
        { weight: 2, arbitrary: purge },
        { weight: 6, arbitrary: read },
        { weight: 2, arbitrary: follow },
        { weight: 1, arbitrary: reopen },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(weighted, { maxLength: 40 }), (commands) =>
          run(context, `model_${nth++}`, commands),
        ),
        { numRuns: context.propertyRuns },
      );
    });

    test("retention keeps the newest and admits what it dropped", {
      timeout: 120_000,
    }, async () => {
      let nth = 0;
      const engine = await context.open();
      const steps = fc.array(
        fc.oneof(
          { weight: 5, arbitrary: append },
          { weight: 1, arbitrary: purge },
          { weight: 4, arbitrary: read },
        ),
        {
          maxLength: 40,
        },
      );
      const property = fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        steps,
        async (maxEvents, commands) => {
          const log = await engine.log(`retention_${nth++}`, { maxEvents });
          const model = new Model();
          for (const command of commands) {
            if (command.do === "append") {
              for (const text of command.data) {
                model.add({
                  offset: await put(log, command.subject, text),
                  subject: command.subject,
                  data: text,
                  purged: false,
                });
              }
            } else if (command.do === "purge") {
              const { offset } = await log.purge(command.subject);
              model.add({ offset, subject: command.subject, data: "", purged: true });
            } else {
              await retainedReadAgrees(
                log,
                model,
                maxEvents,
                command.subject,
                model.offset(command.after),
              );
            }
          }
        },
      );
      await fc.assert(property, { numRuns: context.propertyRuns });
    });
  });
}

/** What is read is the end of what should be there; what lacks is old enough to have been dropped, and inside the gap. */
async function retainedReadAgrees(
  log: Log,
  model: Model,
  maxEvents: number,
  of: string,
  after: number,
): Promise<void> {
  const { events, gap } = await log.read(of, after);
  const asked = model.living(of).filter((event) => event.offset > after);
  expect(timeless(events)).toEqual(asked.slice(asked.length - events.length));
  const newest = model.stored.slice(-maxEvents);
  const lacking = model.stored
    .filter((event) => event.subject === of && event.offset > after)
    .slice(0, -events.length || undefined);
  for (const event of lacking) {
    const purged = !model.living(of).includes(event);
    if (!purged) expect(newest).not.toContainEqual(event);
    expect(gap?.from).toBe(after + 1);
    expect(gap?.to).toBeGreaterThanOrEqual(event.offset);
  }
  for (const event of events)
    if (gap !== undefined) expect(event.purged || event.offset > gap.to).toBe(true);
}
