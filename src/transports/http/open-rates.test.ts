/** Rates of what is asked for without a token. */
import { describe, expect, test } from "vitest";
import { scopePerTest } from "../../../test/support/scope.ts";
import { AddressRates } from "../../kit/address-rates.ts";
import { OpenRates } from "./open-rates.ts";
import { errorOf, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

/** A clock that stands until it is moved. */
function handClock() {
  let nowMs = 0;
  return { monotonic: () => nowMs, advance: (ms: number) => (nowMs += ms) };
}

describe("an open route", () => {
  test("over the rate is 429 with Retry-After, for that address and kind only", async () => {
    const limits = { openRequestsPerSecondPerAddress: 1 };
    const { url, requests } = await serve(scope, {
      limits,
      operations: [
        {
          method: "GET",
          path: "/probe",
          roles: "open",
          kind: "probe",
          answer: () => new Response("ok"),
        },
      ],
    });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await fetch(`${url}/window`)).status);
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    const refused = await fetch(`${url}/text`);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await errorOf(refused)).toMatchObject({
      status: 429,
      code: "over_rate",
      message: expect.stringContaining("limits.openRequestsPerSecondPerAddress"),
    });
    for (let n = 0; n < 20; n++) expect((await fetch(`${url}/probe`)).status).toBe(200);
    expect(new Map(requests.limits()).get("openRequestsPerSecondPerAddress")).toBeGreaterThan(0);
  });

  test("has no rate where the limit is null", async () => {
    const limits = { openRequestsPerSecondPerAddress: null };
    const { url } = await serve(scope, { limits });
    for (let n = 0; n < 10; n++) expect((await fetch(`${url}/window`)).status).toBe(200);
  });
});

test("other routes have the rate for requests without a good token only", async () => {
  const { url } = await serve(scope, {
    auth: true,
    limits: { openRequestsPerSecondPerAddress: 1 },
  });
  for (let n = 0; n < 10; n++)
    expect((await fetch(`${url}/boxes/1?token=visitor`)).status).toBe(200);
  const statuses: number[] = [];
  for (const query of ["", "?token=bad", "", "?token=bad"])
    statuses.push((await fetch(`${url}/boxes/1${query}`)).status);
  expect(statuses).toContain(429);
  expect(statuses.slice(0, 2)).toEqual([401, 401]);
  expect((await fetch(`${url}/boxes/1?token=visitor`)).status).toBe(200);
});

describe("the rates", () => {
  test("let two seconds' worth through at once, pages ten times and probes a hundred times", () => {
    for (const [kind, burst] of [
      ["data", 10],
      ["page", 100],
      ["probe", 1000],
    ] as const) {
      const rates = new OpenRates(5, handClock());
      for (let n = 0; n < burst; n++) rates.demand(kind, "a");
      expect(() => rates.demand(kind, "a")).toThrow("limits.openRequestsPerSecondPerAddress");
      rates.demand(kind, "b");
    }
  });

  test("forget addresses that have been quiet", () => {
    const clock = handClock();
    const rates = new AddressRates(1, clock);
    for (let n = 0; n < 1000; n++) rates.take(`early ${n}`);
    clock.advance(10_000);
    rates.take("late");
    expect(rates.size).toBe(1);
    expect([rates.take("late"), rates.take("late")]).toEqual([true, false]);
  });
});
