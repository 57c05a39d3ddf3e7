/** The outbox against a model of its two delivery policies, with a socket and a turn that the test drives. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Encoded } from "./encoded.ts";
import { FakeLink, ManualTurn, message, settled } from "./kit.fixture.ts";
import { Outbox } from "./outbox.ts";
import { OutboxModel, type Pushed } from "./outbox-model.fixture.ts";

/** A text of so many bytes that starts with its number. */
function textOf({ id, bytes }: Pushed): string {
  return `${id} `.padEnd(bytes, "x");
}

function idOf(text: string): number {
  return Number(text.split(" ", 1)[0]);
}

type Step =
  | { readonly do: "push"; readonly key: string | null; readonly bytes: number }
  | { readonly do: "turn" | "drain" | "half" | "slow" | "fast" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("push" as const),
      key: fc.constantFrom(null, null, "a", "b", "c"),
      bytes: fc.integer({ min: 6, max: 60 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("turn", "drain", "half", "slow", "slow", "fast") }),
  },
);

function outboxOf(maxQueueBytes: number, maxQueueMessages = 1000) {
  const link = new FakeLink();
  const turn = new ManualTurn();
  let overflows = 0;
  const outbox = new Outbox(
    link,
    turn.turn,
    { maxQueueBytes, maxQueueMessages },
    () => overflows++,
  );
  const drain = () => {
    link.unsentBytes = 0;
    outbox.drained();
  };
  return { link, turn, outbox, drain, overflows: () => overflows };
}

describe("against the model", () => {
  test("delivers the same messages in the same order, skips, counts and overflows alike", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.array(step, { maxLength: 80 }),
        (maxQueueBytes, steps) => {
          const { link, turn, outbox, drain, overflows } = outboxOf(maxQueueBytes);
          const model = new OutboxModel(maxQueueBytes);
          const pushed: Pushed[] = [];
          for (const [id, one] of steps.entries()) {
            switch (one.do) {
              case "push": {
                const next = { id, key: one.key, bytes: one.bytes };
                if (!model.ended) pushed.push(next);
                model.push(next, link.unsentBytes);
                outbox.push(message(textOf(next), one.key));
                break;
              }
              case "turn":
                model.endTurn();
                turn.end();
                break;
              case "drain":
                model.drained();
                drain();
                break;
              case "half":
                // Some bytes have left, not all: nothing is due yet.
                if (link.unsentBytes > 0) {
                  link.unsentBytes = Math.ceil(link.unsentBytes / 2);
                  outbox.drained();
                }
                break;
              case "slow":
                link.slow = true;
                break;
              case "fast":
                link.slow = false;
                break;
            }
            expect(outbox.queuedBytes).toBe(model.queuedBytes);
            expect(outbox.skipped).toBe(model.skipped);
            expect(overflows()).toBe(model.overflows);
          }
          model.end();
          outbox.end();
          const sent = link.texts.map(idOf);
          expect(sent).toEqual(model.sent);

          // What the model says is what was promised.
          expect(sent).toEqual([...sent].sort((a, b) => a - b));
          const missing = pushed.filter(({ id }) => !sent.includes(id));
          if (overflows() === 0) {
            expect(missing.filter(({ key }) => key === null)).toEqual([]);
            expect(missing.length).toBe(outbox.skipped);
            for (const { id, key } of missing)
              expect(pushed.some((newer) => newer.id > id && newer.key === key)).toBe(true);
          }
          expect(outbox.queuedBytes).toBe(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("while the client keeps up", () => {
  test("one write a turn, every latest delivered", () => {
    const { link, turn, outbox } = outboxOf(10);
    for (const text of ["a", "b", "c"]) outbox.push(message(text, "one key"));
    expect(turn.scheduled).toBe(1);
    turn.end();
    outbox.push(message("d"));
    turn.end();
    expect(link.writes).toEqual([["a", "b", "c"], ["d"]]);
    expect(outbox.skipped).toBe(0);
  });

  test("a turn of more than 256 KiB is written early, and then waits if the client is slow", () => {
    const { link, turn, outbox, drain, overflows } = outboxOf(200 * 1024);
    link.slow = true;
    const large = (name: string) => message(name.padEnd(100 * 1024, "x"));
    for (const name of ["a", "b", "c", "d"]) outbox.push(large(name));
    expect(link.writes.map((texts) => texts.length)).toEqual([3]);
    expect(outbox.queuedBytes).toBe(100 * 1024);
    turn.end();
    expect(link.writes.length).toBe(1);
    outbox.push(large("e"));
    expect(overflows()).toBe(0);
    drain();
    expect(link.texts.map((text) => text[0])).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("the bound of the queue is none for what leaves within the turn", () => {
    const { link, turn, outbox, overflows } = outboxOf(1);
    for (const text of ["aaa", "bbb", "ccc"]) outbox.push(message(text));
    turn.end();
    expect(link.texts).toEqual(["aaa", "bbb", "ccc"]);
    expect(overflows()).toBe(0);
  });
});

describe("once it is behind", () => {
  function behind(maxQueueBytes: number) {
    const parts = outboxOf(maxQueueBytes);
    parts.link.slow = true;
    parts.outbox.push(message("first"));
    parts.turn.end();
    return parts;
  }

  test("only the newest of a key waits, in the place of the newest", () => {
    const { link, outbox, drain } = behind(1000);
    outbox.push(message("a1", "a"));
    outbox.push(message("all 1"));
    outbox.push(message("b1", "b"));
    outbox.push(message("a2", "a"));
    outbox.push(message("all 2"));
    expect(link.writes.length).toBe(1);
    drain();
    expect(link.writes[1]).toEqual(["all 1", "b1", "a2", "all 2"]);
    expect(outbox.skipped).toBe(1);
  });

  test("a single message may wait, however large; the next one overflows", () => {
    const { outbox, overflows } = behind(10);
    outbox.push(message("x".repeat(1000), "key"));
    outbox.push(message("y".repeat(2000), "key"));
    expect(overflows()).toBe(0);
    expect(outbox.queuedBytes).toBe(2000);
    outbox.push(message("z"));
    expect(overflows()).toBe(1);
  });

  test("as many bytes as maxQueueBytes may wait, not one more; then nothing is sent and nothing is held", () => {
    const { link, turn, outbox, drain, overflows } = behind(10);
    outbox.push(message("12345"));
    outbox.push(message("67890"));
    expect(overflows()).toBe(0);
    outbox.push(message("!"));
    expect(overflows()).toBe(1);
    expect(outbox.queuedBytes).toBe(0);
    outbox.push(message("?"));
    outbox.push(message("large".repeat(100)));
    drain();
    turn.end();
    outbox.end();
    expect(link.texts).toEqual(["first"]);
    expect(overflows()).toBe(1);
  });

  test("counts bytes of UTF-8, the same before and after the frame has been made", () => {
    const { outbox, overflows } = behind(1000);
    const shared = Array.from({ length: 200 }, (_, n) => message(`漢字 ${n}`, "key"));
    for (const one of shared) {
      outbox.push(one);
      // Meanwhile another connection has sent it.
      one.frame = new Uint8Array(500);
    }
    expect(outbox.queuedBytes).toBe(Buffer.byteLength("漢字 199"));
    outbox.push(message("x".repeat(1000)));
    expect(overflows()).toBe(1);
  });

  test("it is written to again only when everything has left", () => {
    const { link, outbox } = behind(1000);
    outbox.push(message("second"));
    link.unsentBytes = 1;
    outbox.drained();
    expect(link.writes.length).toBe(1);
    link.unsentBytes = 0;
    outbox.drained();
    expect(link.writes[1]).toEqual(["second"]);
  });
});

describe("the end", () => {
  test("hands over what the turn has gathered, and what waits although the client is behind", () => {
    const gathered = outboxOf(100);
    gathered.outbox.push(message("a"));
    gathered.outbox.end();
    gathered.turn.end();
    expect(gathered.link.writes).toEqual([["a"]]);

    const { link, turn, outbox } = outboxOf(100);
    link.slow = true;
    outbox.push(message("a"));
    turn.end();
    outbox.push(message("b"));
    outbox.push(message("c"));
    outbox.end();
    outbox.push(message("d"));
    outbox.end();
    expect(link.writes).toEqual([["a"], ["b", "c"]]);
    expect(outbox.queuedBytes).toBe(0);
  });

  test("drop sends nothing and holds nothing", () => {
    const { link, turn, outbox } = outboxOf(100);
    outbox.push(message("a"));
    outbox.drop();
    outbox.push(message("b"));
    turn.end();
    outbox.end();
    expect(link.writes).toEqual([]);
    expect(outbox.queuedBytes).toBe(0);
  });
});

test("a message that cannot be printed throws at whoever sends it and leaves no trace", () => {
  const { link, turn, outbox } = outboxOf(100);
  const unprintable = new Encoded("m", {}, null, () => {
    throw new TypeError("a bigint");
  });
  expect(() => outbox.push(unprintable)).toThrow("a bigint");
  outbox.push(message("after"));
  turn.end();
  expect(link.texts).toEqual(["after"]);
});

test("no more than maxQueueMessages wait, however small; a newer one of a key takes the older one's place", () => {
  const { link, outbox, overflows } = outboxOf(1 << 20, 3);
  link.unsentBytes = 1;
  for (const key of [null, null, "key", "key", "key"]) outbox.push(message("", key));
  expect(overflows()).toBe(0);
  outbox.push(message("", null));
  expect(overflows()).toBe(1);
  expect(outbox.queuedBytes).toBe(0);
});

test("holds nothing when idle: what was sent can be collected", async () => {
  const { turn, outbox, drain, link } = outboxOf(1000);
  link.slow = true;
  const payloads: WeakRef<object>[] = [];
  const push = (key: string | null) => {
    const payload = { key };
    payloads.push(new WeakRef(payload));
    outbox.push(new Encoded("m", payload, key, () => "text"));
  };
  for (let round = 0; round < 3; round++) {
    for (const key of [null, "key", "key"]) push(key);
    turn.end();
    for (const key of [null, "key", "key"]) push(key);
    drain();
    drain();
  }
  link.writes.length = 0;
  link.messages.length = 0;
  expect(outbox.queuedBytes).toBe(0);
  // What was looked at in this turn stays until its end.
  await settled();
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  expect(payloads.length).toBe(18);
  expect(payloads.filter((payload) => payload.deref() !== undefined)).toEqual([]);
  // The outbox itself is still there.
  outbox.push(message("more"));
});
