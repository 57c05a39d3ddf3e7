/** The bound of a request's time, on a clock of the test's own. */
import { expect, test } from "vitest";
import type { Clock, Timer } from "../../kit/clock.ts";
import { withinTime } from "./time-limit.ts";

/** A clock that goes when told. */
class HandClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  get pending(): number {
    return this.#timers.size;
  }

  go(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }
}

const expired = () => new Response("expired");

test("an answer in time is the answer, and no timer is left", async () => {
  const clock = new HandClock();
  const answer = await withinTime(clock, 100, async () => new Response("good"), expired);
  expect(await answer.text()).toBe("good");
  expect(clock.pending).toBe(0);
});

test("each sign of progress starts the time anew; without one it is up", async () => {
  const clock = new HandClock();
  let progressed: () => void = () => {};
  const answer = withinTime(
    clock,
    100,
    (sign) => {
      progressed = sign;
      return new Promise(() => {});
    },
    expired,
  );
  for (let n = 0; n < 10; n++) {
    clock.go(99);
    progressed();
    expect(clock.pending).toBe(1);
  }
  clock.go(100);
  expect(await (await answer).text()).toBe("expired");
  progressed();
  expect(clock.pending).toBe(0);
});

test("an answer that comes too late is let go of", async () => {
  const clock = new HandClock();
  let answerLate: (response: Response) => void = () => {};
  const work = () => new Promise<Response>((resolve) => (answerLate = resolve));
  const answer = withinTime(clock, 100, work, expired);
  clock.go(100);
  expect(await (await answer).text()).toBe("expired");
  await new Promise<void>((cancelled) =>
    answerLate(new Response(new ReadableStream({ cancel: () => cancelled() }))),
  );
});

test("a failure is passed on, and no timer is left", async () => {
  const clock = new HandClock();
  await expect(
    withinTime(clock, 100, () => Promise.reject(new Error("broken")), expired),
  ).rejects.toThrow("broken");
  expect(clock.pending).toBe(0);
});
