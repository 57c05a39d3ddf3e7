/** How cameras spell their frame ids, against exact arithmetic. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal, FrameIds, FrameIdsByCamera } from "./frame-ids.ts";

/** A JSON number and its exact value, as a whole number of 10^-40. */
const number = fc
  .record({
    sign: fc.constantFrom("", "-"),
    whole: fc.oneof(fc.nat(120).map(String), fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String)),
    fraction: fc.oneof(fc.constant(""), fc.stringMatching(/^[0-3]{1,3}$/)),
    exponent: fc.oneof(fc.constant(undefined), fc.integer({ min: -3, max: 3 })),
    mark: fc.constantFrom("e", "E", "e+"),
  })
  .map(({ sign, whole, fraction, exponent, mark }) => {
    const power =
      exponent === undefined ? "" : `${exponent < 0 ? mark.charAt(0) : mark}${exponent}`;
    const text = `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}${power}`;
    const value =
      BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(40 - fraction.length + (exponent ?? 0));
    return { text, value };
  });

describe("decimal", () => {
  it("is the same for equal numbers only, however they are spelled", () => {
    fc.assert(
      fc.property(number, number, (one, other) => {
        expect(() => JSON.parse(one.text)).not.toThrow();
        expect(decimal(one.text) === decimal(other.text)).toBe(one.value === other.value);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["12.0", "12"],
    ["1.2e1", "12"],
    ["0.0", "-0"],
    ["1e-7", "0.0000001"],
    ["100", "1E+2"],
  ])("%s is %s", (one, other) => {
    expect(decimal(one)).toBe(decimal(other));
  });
});

describe("a frame id", () => {
  it("goes out as the camera last sent an equal one", () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 8 }), number, (sent, asked) => {
        const frameIds = new FrameIds(100);
        for (const { text } of sent) frameIds.sent(text);
        const equal = sent.findLast(({ value }) => value === asked.value);
        if (equal !== undefined) expect(frameIds.spelled(asked.text)).toBe(equal.text);
        else expect(Number(frameIds.spelled(asked.text))).toBe(Number(asked.text));
      }),
    );
  });

  it("that a browser has read and printed again is the camera's again", () => {
    fc.assert(
      fc.property(number, ({ text }) => {
        const frameIds = new FrameIds(100);
        frameIds.sent(text);
        expect(frameIds.spelled(JSON.stringify(JSON.parse(text)))).toBe(text);
      }),
    );
  });

  it("of 20 digits is told apart from the next one, unless it was rounded", () => {
    const frameIds = new FrameIds(100);
    frameIds.sent("12345678901234567890");
    frameIds.sent("12345678901234567891");
    expect(frameIds.spelled("12345678901234567890")).toBe("12345678901234567890");
    expect(frameIds.spelled("12345678901234567892")).toBe("12345678901234567892");
    // As a browser prints either of them.
    expect(frameIds.spelled("12345678901234567000")).toBe("12345678901234567891");
  });

  it("is forgotten when there are too many later ones, of a frame or of spellings", () => {
    const frameIds = new FrameIds(3);
    for (const text of ["1.0", "2.0", "3.0", "1.00", "4.0"]) frameIds.sent(text);
    expect(frameIds.size).toBe(3);
    expect(["1", "2", "3", "4"].map((text) => frameIds.spelled(text))).toEqual([
      "1.00",
      "2",
      "3.0",
      "4.0",
    ]);
    for (let zeros = 1; zeros < 20; zeros++) frameIds.sent(`4.${"0".repeat(zeros)}`);
    expect(frameIds.spelled("4")).toBe(`4.${"0".repeat(19)}`);
    frameIds.sent(`5.${"0".repeat(200)}`);
    expect(frameIds.spelled("5")).toBe("5");
  });
});

it("cameras are remembered after they have gone, the latest so many", () => {
  const cameras = new FrameIdsByCamera(2, 10);
  for (const camera of ["a", "b", "a", "c"]) cameras.of(camera).sent("1.0");
  expect(["a", "c"].map((camera) => cameras.of(camera).spelled("1"))).toEqual(["1.0", "1.0"]);
  expect(cameras.of("b").spelled("1")).toBe("1");
});
