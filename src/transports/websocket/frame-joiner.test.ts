/** Frames joined once for all who get the same. */
import { expect, test } from "vitest";
import { message } from "../../kit/kit.fixture.ts";
import { FrameJoiner } from "./frame-joiner.ts";

function framed(text: string) {
  const one = message(text);
  one.frame = Buffer.from(text);
  return one;
}

test("joins in order; the same messages give the same buffer, others another", () => {
  const joiner = new FrameJoiner();
  const [a, b, c] = [framed("a"), framed("漢"), framed("c")];
  const joined = joiner.join([a, b]);
  expect(Buffer.from(joined).toString()).toBe("a漢");
  expect(joiner.join([a, b])).toBe(joined);
  for (const other of [[b, a], [a, b, c], [a], [a, c]]) {
    expect(Buffer.from(joiner.join(other)).toString()).toBe(other.map(({ text }) => text).join(""));
  }
  // Equal texts are not the same messages.
  expect(joiner.join([framed("a"), framed("c")])).not.toBe(joiner.join([a, c]));
});

test("a large buffer is not kept, and nothing is after forget", () => {
  const joiner = new FrameJoiner();
  const large = [framed("x".repeat(256 * 1024)), framed("y")];
  const first = joiner.join(large);
  const again = joiner.join(large);
  expect(first === again).toBe(false);
  const small = [framed("a"), framed("b")];
  const joined = joiner.join(small);
  joiner.forget();
  expect(joiner.join(small)).not.toBe(joined);
});

test("a message without its frame is a mistake", () => {
  expect(() => new FrameJoiner().join([framed("a"), message("b")])).toThrow("without its frame");
});
