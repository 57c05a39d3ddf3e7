/** Numbers as figures and tables show them. */
import { expect, it } from "vitest";
import { shortNumber } from "./figure.tsx";

it("shows numbers of any size in a few characters", () => {
  const numbers = [
    0,
    7,
    9999,
    12_345,
    45_600_000,
    0.0123,
    0.00012,
    1e-7,
    5e-324,
    -1e15,
    6.02e23,
    -1e308,
    Number.NaN,
  ];
  expect(numbers.map(shortNumber)).toEqual([
    "0",
    "7",
    "9,999",
    "12.3K",
    "45.6M",
    "0.0123",
    "1.2e-4",
    "1.0e-7",
    "4.9e-324",
    "-1.0e+15",
    "6.0e+23",
    "-1.0e+308",
    "–",
  ]);
});
