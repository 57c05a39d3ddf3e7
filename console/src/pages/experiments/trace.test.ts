import { describe, expect, it } from "vitest";
import type { Points, SampleSpan } from "./samples-source.ts";
import { Trace } from "./trace.ts";
import { maxPointsOfLine } from "./trace-grid.ts";

interface Question {
  readonly span: SampleSpan;
  readonly signal: AbortSignal;
  answer(points: Points): void;
  fail(error: Error): void;
}

function traceAndQuestions(): { readonly trace: Trace; readonly questions: Question[] } {
  const questions: Question[] = [];
  const trace = new Trace({
    chains: () => ["c"],
    load: (_, span, maxPoints, signal) => {
      expect(maxPoints).toBe(maxPointsOfLine);
      return new Promise((answer, fail) => questions.push({ span, signal, answer, fail }));
    },
  });
  return { trace, questions };
}

async function asked(questions: Question[], count: number): Promise<Question> {
  await expect.poll(() => questions).toHaveLength(count);
  const question = questions.at(-1);
  if (question === undefined) throw new Error("nothing was asked");
  return question;
}

const every = ({ from, to }: SampleSpan): Points => {
  const at = Array.from({ length: to - from }, (_, nth) => from + nth);
  return { at, data: at.map((index) => -index) };
};

describe("a trace", () => {
  it("of few draws has them all, and needs nothing to be looked at closely", () => {
    const { trace, questions } = traceAndQuestions();
    trace.add("c", 0, [1, "NaN", 3]);
    trace.zoom({ min: 0, max: 1 });
    expect(trace.state).toEqual({ is: "every" });
    expect(trace.columns()).toEqual([
      [0, 1, 2],
      [1, undefined, 3],
    ]);
    expect(questions).toEqual([]);
  });

  it("of thinned ones loads what is looked at, with what comes meanwhile, and goes back", async () => {
    const { trace, questions } = traceAndQuestions();
    trace.add("c", 0, [1, 2], [0, 100]);
    trace.zoom({ min: 98.2, max: 104 });
    expect(trace.state).toEqual({ is: "loading", span: { from: 97, to: 101 } });
    expect(trace.columns()[0]).toHaveLength(101);
    const { span, answer } = await asked(questions, 1);
    expect(span).toEqual({ from: 97, to: 106 });
    trace.add("c", 101, [-101, -102]);
    answer(every({ from: 97, to: 101 }));
    await expect.poll(() => trace.state).toEqual({ is: "every", span: { from: 97, to: 103 } });
    expect(trace.columns()).toEqual([
      [97, 98, 99, 100, 101, 102],
      [-97, -98, -99, -100, -101, -102],
    ]);
    trace.zoom(undefined);
    expect(trace.state).toEqual({ is: "thinned" });
    expect(trace.columns()[0]).toHaveLength(103);
  });

  it("asks once for a range that changes quickly, and gives up what is not looked at any more", async () => {
    const { trace, questions } = traceAndQuestions();
    trace.add("c", 0, [1, 2], [0, 1000]);
    for (const min of [10, 20, 30]) trace.zoom({ min, max: 100 });
    const first = await asked(questions, 1);
    expect(first.span.from).toBe(29);
    trace.zoom({ min: 40, max: 100 });
    expect(first.signal.aborted).toBe(true);
    first.answer(every(first.span));
    const second = await asked(questions, 2);
    second.answer(every(second.span));
    await expect.poll(() => trace.state).toMatchObject({ is: "every", span: { from: 39 } });
    trace.close();
  });

  it("that fails to load shows what it had, and can be asked for again", async () => {
    const { trace, questions } = traceAndQuestions();
    trace.add("c", 0, [1, 2], [0, 1000]);
    trace.zoom({ min: 10, max: 20 });
    (await asked(questions, 1)).fail(new Error("away"));
    await expect.poll(() => trace.state).toMatchObject({ is: "failed", error: new Error("away") });
    expect(trace.columns()[0]).toHaveLength(1001);
    trace.retry();
    const { span, answer } = await asked(questions, 2);
    answer({ at: [10, 15, 20], data: [1, 2, 3] });
    await expect.poll(() => trace.state).toMatchObject({ is: "thinned", span });
  });
});
