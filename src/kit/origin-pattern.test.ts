/** How settings name origins and hosts. */
import { describe, expect, it } from "vitest";
import {
  fitsHost,
  fitsOrigin,
  hostPatternOf,
  isHostPattern,
  isOriginPattern,
} from "./origin-pattern.ts";

describe("a name of origins", () => {
  it.each([
    "https://example.org",
    "http://localhost:3000",
    "https://[::1]:8443",
    "https://*.example.org",
    "http://*.example.org:8080",
    "capacitor://localhost",
    "ionic://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://0b1c2d3e-0000-4000-8000-000000000000",
    "null",
  ])("may be %s", (text) => expect(isOriginPattern(text)).toBe(true));

  it.each([
    "",
    "*",
    "example.org",
    "https://",
    "https://*",
    "https://*.",
    "https://a.*.example.org",
    "https://*.*.example.org",
    "https://example.*",
    "https://*example.org",
    "https://example.org/",
    "https://example.org/path",
    "https://example.org:443",
    "https://user@example.org",
    "HTTPS://EXAMPLE.ORG",
    "*://example.org",
    "capacitor://*",
    "capacitor://localhost/",
    "capacitor://",
    "https://a.org https://b.org",
    "undefined",
  ])("may not be %j", (text) => expect(isOriginPattern(text)).toBe(false));

  it.each([
    ["https://a.example", "https://a.example", true],
    ["https://a.example", "https://b.a.example", false],
    ["https://a.example", "http://a.example", false],
    ["https://a.example", "https://a.example:8443", false],
    ["https://*.a.example", "https://b.a.example", true],
    ["https://*.a.example", "https://c.b.a.example", true],
    ["https://*.a.example", "https://a.example", false],
    ["https://*.a.example", "https://.a.example", false],
    ["https://*.a.example", "https://eviла.example", false],
    ["https://*.a.example", "https://evila.example", false],
    ["https://*.a.example", "https://b.a.example.evil.example", false],
    ["https://*.a.example", "https://evil.example/.a.example", false],
    ["https://*.a.example", "https://x@.a.example", false],
    ["https://*.a.example", "http://b.a.example", false],
    ["https://*.a.example", "https://b.a.example:8443", false],
    ["https://*.a.example:8443", "https://b.a.example:8443", true],
    ["https://*.a.example:8443", "https://b.a.example", false],
    ["capacitor://localhost", "capacitor://localhost", true],
    ["capacitor://localhost", "ionic://localhost", false],
    ["null", "null", true],
  ])("%s fits %s: %s", (pattern, origin, expected) => {
    expect(fitsOrigin(pattern, origin)).toBe(expected);
  });
});

describe("a name of hosts", () => {
  it.each(["dev.example.org", ".example.org", "board", "my_host-2", "EXAMPLE.org"])(
    "may be %s",
    (text) => expect(isHostPattern(text)).toBe(true),
  );

  it.each([
    "",
    ".",
    "*",
    "*.example.org",
    "example.org:80",
    "https://example.org",
    "a..b",
    "a.",
    "a b",
  ])("may not be %j", (text) => expect(isHostPattern(text)).toBe(false));

  it.each([
    ["dev.example.org", "dev.example.org", true],
    ["Dev.Example.org", "dev.example.org", true],
    ["dev.example.org", "a.dev.example.org", false],
    [".example.org", "example.org", true],
    [".example.org", "a.b.example.org", true],
    [".example.org", "evilexample.org", false],
    [".example.org", "example.org.evil", false],
  ])("%s fits %s: %s", (pattern, name, expected) => {
    expect(fitsHost(pattern, name)).toBe(expected);
  });

  it.each([
    ["https://desk.example:8443", "desk.example"],
    ["https://*.desk.example", ".desk.example"],
    ["capacitor://localhost", undefined],
    ["null", undefined],
  ])("of the origin %s is %s", (origin, host) => expect(hostPatternOf(origin)).toBe(host));
});
