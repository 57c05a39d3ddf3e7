/** What a refused page is told, and what the log says of it. */
import { expect, it } from "vitest";
import { OriginGuard } from "./origin-guard.ts";
import type { Target } from "./origins.ts";

function guard() {
  const warnings: { readonly fields: object; readonly message: string }[] = [];
  const quiet = () => {};
  const logger = {
    debug: quiet,
    info: quiet,
    warn: (fields: object, message: string) => void warnings.push({ fields, message }),
    error: quiet,
  };
  const settings = {
    origins: undefined,
    allowedHosts: [],
    authEnabled: false,
    onLoopback: true,
  };
  const made = new OriginGuard(settings, logger);
  const refuse = (headers: Readonly<Record<string, string>>, target?: Target) =>
    made.refusal({ method: "GET", headers: { host: "localhost", ...headers } }, target);
  return { guard: made, refuse, warnings };
}

it("names the setting that would allow it", () => {
  const { guard: made, refuse } = guard();
  const of = (headers: Readonly<Record<string, string>>, target?: Target) => {
    const { code, message } = refuse(headers, target) ?? expect.fail("not refused");
    return [code, message];
  };
  expect(of({ origin: "https://evil.example" })).toEqual([
    "forbidden",
    'pages of the origin "https://evil.example" may not use this server: name the origin in cors.origins to allow it',
  ]);
  expect(of({ host: "evil.example" })).toEqual([
    "forbidden",
    'without auth this server answers to an IP address or localhost, not to the name "evil.example": add the name to allowedHosts to allow it',
  ]);
  expect(of({ "sec-fetch-site": "cross-site" })[1]).toContain("cors.origins");
  expect(made.refused).toEqual({ origin: 1, site: 1, host: 1 });
  expect(refuse({ origin: "http://localhost:3000" })).toBeUndefined();
});

it("logs each origin and host once, and a bounded number of them", () => {
  const { guard: made, refuse, warnings } = guard();
  for (let n = 0; n < 3; n++) refuse({ origin: "https://evil.example" });
  refuse({ host: "evil.example" });
  expect(warnings.map(({ fields }) => fields)).toEqual([
    { reason: "origin", origin: "https://evil.example", host: "localhost" },
    { reason: "host", origin: undefined, host: "evil.example" },
  ]);
  for (let n = 0; n < 5000; n++) refuse({ origin: `https://${n}.example` });
  expect(warnings.length).toBe(1001);
  expect(warnings.at(-1)?.message).toContain("further ones are not logged");
  expect(made.refused).toEqual({ origin: 5003, site: 0, host: 1 });
});

it("repeats no more than 200 characters of an origin", () => {
  const { refuse, warnings } = guard();
  const error = refuse({ origin: `https://${"x".repeat(10_000)}` });
  expect(error?.message.length).toBeLessThan(400);
  expect(JSON.stringify(warnings).length).toBeLessThan(1000);
});
