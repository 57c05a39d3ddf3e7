/** Which pages may speak to a service. */
import { describe, expect, it } from "vitest";
import { mayCome } from "./origins.ts";

describe("a service that is open to other pages", () => {
  it("goes by cors.origins", () => {
    const rule = { sameOrigin: false, authEnabled: false };
    expect(
      mayCome({ origin: "https://a.example", host: "evil.example" }, { ...rule, origins: "*" }),
    ).toBe(true);
    expect(
      mayCome({ origin: "https://a.example" }, { ...rule, origins: ["https://a.example"] }),
    ).toBe(true);
    expect(
      mayCome({ origin: "https://b.example" }, { ...rule, origins: ["https://a.example"] }),
    ).toBe(false);
    expect(mayCome({ host: "x" }, { ...rule, origins: ["https://a.example"] })).toBe(true);
  });
});

describe("a service for the server's own pages", () => {
  const named = ["https://desk.example"];
  it.each([
    // No page, or the server's own.
    [undefined, "127.0.0.1:7400", true],
    [undefined, undefined, true],
    ["http://127.0.0.1:7400", "127.0.0.1:7400", true],
    ["http://localhost:7400", "localhost:7400", true],
    ["http://[::1]:7400", "[::1]:7400", true],
    ["https://10.0.0.5", "10.0.0.5", true],
    // Another page, on whatever port or host.
    ["http://127.0.0.1:8000", "127.0.0.1:7400", false],
    ["https://evil.example", "127.0.0.1:7400", false],
    ["http://localhost:7400", "127.0.0.1:7400", false],
    ["http://127.0.0.1:7400.evil.example", "127.0.0.1:7400", false],
    ["null", "127.0.0.1:7400", false],
    ["null", undefined, false],
    ["nonsense", undefined, false],
    // A name that may have been made to lead here.
    ["http://evil.example:7400", "evil.example:7400", false],
    [undefined, "evil.example:7400", false],
    ["http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false],
    ["http://localhost.evil.example", "localhost.evil.example", false],
    // Named.
    ["https://desk.example", "127.0.0.1:7400", true],
    ["https://desk.example", "desk.example", true],
    [undefined, "desk.example", true],
    ["https://desk.example.evil.example", "127.0.0.1:7400", false],
  ])("%s at %s: %s", (origin, host, expected) => {
    expect(
      mayCome({ origin, host }, { origins: named, sameOrigin: true, authEnabled: false }),
    ).toBe(expected);
  });

  it("takes * for nobody in particular", () => {
    const rule = { origins: "*", sameOrigin: true, authEnabled: false } as const;
    expect(mayCome({ origin: "https://evil.example", host: "127.0.0.1:7400" }, rule)).toBe(false);
    expect(mayCome({ origin: "http://127.0.0.1:7400", host: "127.0.0.1:7400" }, rule)).toBe(true);
  });

  it("may be addressed by any name where a token is needed", () => {
    const rule = { origins: "*", sameOrigin: true, authEnabled: true } as const;
    expect(mayCome({ origin: "https://board.example", host: "board.example" }, rule)).toBe(true);
    expect(mayCome({ host: "board.example" }, rule)).toBe(true);
    expect(mayCome({ origin: "https://evil.example", host: "board.example" }, rule)).toBe(false);
  });
});
