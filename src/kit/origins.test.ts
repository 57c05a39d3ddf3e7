/** Which pages may use the server, and by which names it may be called. */
import { describe, expect, it } from "vitest";
import { OriginRule, type OriginSettings, type Refusal, type Target } from "./origins.ts";

type Headers = Readonly<Record<string, string>>;

const own = "127.0.0.1:7400";

function rule(settings: Partial<OriginSettings> = {}): OriginRule {
  return new OriginRule({
    origins: undefined,
    allowedHosts: [],
    authEnabled: false,
    onLoopback: true,
    ...settings,
  });
}

function refusal(
  of: OriginRule,
  headers: Headers,
  target: Target = {},
  method = "GET",
): Refusal | undefined {
  return of.refusal({ method, headers: { host: own, ...headers } }, target);
}

describe("with auth off and nothing named", () => {
  it.each([
    "http://127.0.0.1:7400",
    "https://127.0.0.1:7400",
    "http://localhost:7400",
    "http://localhost",
    "https://localhost:5173",
    "http://app.localhost:3000",
    "http://127.8.9.10:80",
    "http://[::1]:3000",
  ])("pages of %s may come", (origin) => expect(refusal(rule(), { origin })).toBeUndefined());

  it.each([
    "https://evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://evil-localhost",
    "http://evil.example:7400",
    "http://128.0.0.1",
    "http://10.0.0.5:7400",
    "http://127.0.0.1@evil.example",
    "http://localhost, http://evil.example",
    "capacitor://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "null",
    "nonsense",
    "file://",
  ])("pages of %s may not", (origin) => expect(refusal(rule(), { origin })).toBe("origin"));

  it("requests without an Origin may come, an empty one is none", () => {
    expect(refusal(rule(), {})).toBeUndefined();
    expect(refusal(rule(), { origin: "" })).toBeUndefined();
    expect(rule().refusal({ method: "GET", headers: {} })).toBeUndefined();
  });

  it.each([
    ["http://board:7400", "board:7400", undefined],
    ["https://board.example", "board.example", undefined],
    ["https://board.example", "board.example:443", undefined],
    ["http://board.example", "board.example:80", undefined],
    ["https://board.example", "BOARD.example", undefined],
    ["https://board.example", "board.example:80", "origin"],
    ["https://board.example:8443", "board.example", "origin"],
    ["https://other.example", "board.example", "origin"],
    ["http://10.0.0.5:9000", "10.0.0.5:7400", "origin"],
  ])("not on loopback only, %s at %s: %s", (origin, host, expected) => {
    expect(refusal(rule({ onLoopback: false }), { origin, host })).toBe(expected);
  });
});

describe("named origins", () => {
  const origins = ["https://a.example", "https://*.b.example", "capacitor://localhost", "null"];

  it.each([
    ["https://a.example", undefined],
    ["https://x.b.example", undefined],
    ["capacitor://localhost", undefined],
    ["null", undefined],
    ["http://127.0.0.1:7400", undefined],
    ["https://b.example", "origin"],
    ["https://c.example", "origin"],
  ] as const)("with and without auth, %s: %s", (origin, expected) => {
    expect(refusal(rule({ origins }), { origin })).toBe(expected);
    expect(refusal(rule({ origins, authEnabled: true }), { origin })).toBe(expected);
  });

  it("leave loopback allowed with auth off, and not with auth on", () => {
    const origin = "http://localhost:5173";
    expect(refusal(rule({ origins }), { origin })).toBeUndefined();
    expect(refusal(rule({ origins, authEnabled: true }), { origin })).toBe("origin");
  });
});

it.each([
  { origins: "*" as const },
  { origins: "*" as const, authEnabled: true },
  { authEnabled: true },
])("all may come with %j", (settings) => {
  for (const origin of ["https://any.example", "null", "capacitor://localhost"])
    expect(refusal(rule(settings), { origin })).toBeUndefined();
  expect(refusal(rule(settings), { "sec-fetch-site": "cross-site" })).toBeUndefined();
});

describe("without an Origin, as browsers fetch images, scripts and links", () => {
  const image = { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
  const link = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const frame = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
  const page = { isPage: true };

  it.each(["same-origin", "none"])("%s may come", (site) => {
    expect(refusal(rule(), { ...image, "sec-fetch-site": site })).toBeUndefined();
  });

  it("other sites may not, not even for a page's files", () => {
    const headers = { ...image, "sec-fetch-site": "cross-site" };
    expect(refusal(rule(), headers)).toBe("site");
    expect(refusal(rule(), headers, page)).toBe("site");
    expect(refusal(rule({ origins: ["https://a.example"], authEnabled: true }), headers)).toBe(
      "site",
    );
    expect(refusal(rule(), { "sec-fetch-site": "cross-site" })).toBe("site");
  });

  it("other sites may link to everything, and frame pages", () => {
    const cross = { "sec-fetch-site": "cross-site" };
    expect(refusal(rule(), { ...cross, ...link })).toBeUndefined();
    expect(refusal(rule(), { ...cross, ...link }, {}, "HEAD")).toBeUndefined();
    expect(refusal(rule(), { ...cross, ...link }, {}, "POST")).toBe("site");
    expect(refusal(rule(), { ...cross, ...frame })).toBe("site");
    expect(refusal(rule(), { ...cross, ...frame }, page)).toBeUndefined();
    const object = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "object" };
    expect(refusal(rule(), { ...cross, ...object }, page)).toBe("site");
  });

  it("the same site may on loopback: it is another port of it", () => {
    const same = { ...image, "sec-fetch-site": "same-site" };
    expect(refusal(rule(), same)).toBeUndefined();
    expect(refusal(rule(), { ...same, host: "localhost:7400" })).toBeUndefined();
    expect(refusal(rule({ onLoopback: false }), { ...same, host: "board.example" })).toBe("site");
    expect(refusal(rule({ allowedHosts: "*" }), { ...same, host: "board.example" })).toBe("site");
    expect(refusal(rule(), same, { sameOrigin: true })).toBe("site");
  });
});

describe("the host, with auth off on loopback only", () => {
  it.each([
    "127.0.0.1:7400",
    "10.0.0.5",
    "[::1]:7400",
    "[2001:db8::1]",
    "localhost",
    "LOCALHOST:7400",
    "localhost.:7400",
    "app.localhost:7400",
    "",
  ])("may be %j", (host) => expect(refusal(rule(), { host })).toBeUndefined());

  it.each([
    "evil.example",
    "evil.example:7400",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1#evil.example",
    "localhost/evil.example",
    "lobby",
    "not a host",
  ])("may not be %j", (host) => expect(refusal(rule(), { host })).toBe("host"));

  it("may be a rebound name nowhere, whatever origins are allowed", () => {
    const headers = { host: "evil.example:7400", origin: "http://evil.example:7400" };
    expect(refusal(rule(), headers)).toBe("host");
    expect(refusal(rule({ origins: "*" }), headers)).toBe("host");
  });

  it("may be named, by itself or by an origin", () => {
    const settings = { allowedHosts: ["dev.example"], origins: ["https://*.desk.example:8443"] };
    for (const host of ["dev.example:7400", "desk.example", "a.desk.example:1"])
      expect(refusal(rule(settings), { host }), host).toBeUndefined();
    expect(refusal(rule(settings), { host: "a.dev.example" })).toBe("host");
    expect(refusal(rule({ allowedHosts: "*" }), { host: "evil.example" })).toBeUndefined();
  });

  it("may be anything on other addresses, and with auth on", () => {
    for (const settings of [{ onLoopback: false }, { authEnabled: true }])
      expect(refusal(rule(settings), { host: "lobby:7400" })).toBeUndefined();
  });
});

describe("a service for the server's own pages", () => {
  const only = { sameOrigin: true };
  const named = rule({ origins: ["https://desk.example"], onLoopback: false });

  it.each([
    // No page, or the server's own.
    [undefined, "127.0.0.1:7400", undefined],
    ["http://127.0.0.1:7400", "127.0.0.1:7400", undefined],
    ["http://localhost:7400", "localhost:7400", undefined],
    ["http://[::1]:7400", "[::1]:7400", undefined],
    ["https://10.0.0.5", "10.0.0.5", undefined],
    // Another page, on whatever port or host.
    ["http://127.0.0.1:8000", "127.0.0.1:7400", "origin"],
    ["https://evil.example", "127.0.0.1:7400", "origin"],
    ["http://localhost:7400", "127.0.0.1:7400", "origin"],
    ["http://127.0.0.1:7400.evil.example", "127.0.0.1:7400", "origin"],
    ["null", "127.0.0.1:7400", "origin"],
    // A name that may have been made to lead here.
    ["http://evil.example:7400", "evil.example:7400", "host"],
    [undefined, "evil.example:7400", "host"],
    ["http://localhost.evil.example", "localhost.evil.example", "host"],
    // Named.
    ["https://desk.example", "127.0.0.1:7400", undefined],
    ["https://desk.example", "desk.example", undefined],
    [undefined, "desk.example", undefined],
    ["https://desk.example.evil.example", "127.0.0.1:7400", "origin"],
  ])("%s at %s: %s", (origin, host, expected) => {
    const headers = origin === undefined ? { host } : { origin, host };
    expect(refusal(named, headers, only)).toBe(expected);
  });

  it("takes * for nobody in particular", () => {
    const open = rule({ origins: "*", allowedHosts: "*" });
    expect(refusal(open, { origin: "https://evil.example" }, only)).toBe("origin");
    expect(refusal(open, { origin: `http://${own}` }, only)).toBeUndefined();
    expect(refusal(open, { host: "evil.example" }, only)).toBe("host");
  });

  it("may be called by any name where a token is needed", () => {
    const withAuth = rule({ authEnabled: true });
    const host = "board.example";
    expect(refusal(withAuth, { origin: "https://board.example", host }, only)).toBeUndefined();
    expect(refusal(withAuth, { host }, only)).toBeUndefined();
    expect(refusal(withAuth, { origin: "https://evil.example", host }, only)).toBe("origin");
  });
});
