/** No secret survives, JSON stays JSON, and what is no secret stays as it was, byte for byte. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redacted } from "./redacted.ts";
import { redact } from "./redaction.ts";
import { isSecretName } from "./secret-name.ts";

/** Letters that stand in no name and no escape of these texts, so that finding it means that it leaked. */
const secret = fc.string({ unit: fc.constantFrom("Ω", "Ж", "ß"), minLength: 3, maxLength: 12 });

const secretName = fc
  .tuple(
    fc.constantFrom("", "access_", "x-", "client", "My "),
    fc.constantFrom(
      "token",
      "JWT",
      "password",
      "Secret",
      "authorization",
      "api_key",
      "api-key",
      "apiKey",
      "Cookie",
      "resume",
    ),
  )
  .map(([before, name]) => before + name);

const plainName = fc
  .string({ maxLength: 8 })
  .filter((name) => !isSecretName(name) && name !== "__proto__");

/** Anything that has no secret word in it. */
const plainValue = fc
  .jsonValue({ maxDepth: 3 })
  .filter(
    (value) =>
      !/eyj|sb_|bearer|[?&=:]/i.test(JSON.stringify(value).replace(/":/g, '"')) &&
      !hasSecretName(value),
  );

function hasSecretName(value: unknown): boolean {
  if (typeof value === "string") return value.includes('"');
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => isSecretName(name) || hasSecretName(inner));
}

/** A JSON value with secrets in it, some within strings, and the secrets. */
const withSecrets = fc.letrec<{
  value: { json: unknown; secrets: string[] };
  leaf: { json: unknown; secrets: string[] };
}>((tie) => ({
  leaf: fc.oneof(
    plainValue.map((json) => ({ json, secrets: [] })),
    fc
      .tuple(secretName, secret)
      .map(([name, word]) => ({ json: { [name]: word }, secrets: [word] })),
    fc.tuple(secretName, secret).map(([name, word]) => ({
      json: { [name]: [{ deep: [word] }, 'a "quoted" one'] },
      secrets: [word],
    })),
  ),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => ({
      json: items.map(({ json }) => json),
      secrets: items.flatMap(({ secrets }) => secrets),
    })),
    fc.array(fc.tuple(plainName, tie("value")), { maxLength: 3 }).map((members) => ({
      json: Object.fromEntries(members.map(([name, { json }]) => [name, json])),
      secrets: members.flatMap(([, { secrets }]) => secrets),
    })),
    tie("value").map(({ json, secrets }) => ({ json: { text: JSON.stringify(json) }, secrets })),
  ),
})).value;

const indent = fc.constantFrom(undefined, 1, "\t");

describe("redact", () => {
  it("lets no secret through and leaves JSON", () => {
    fc.assert(
      fc.property(withSecrets, indent, ({ json, secrets }, space) => {
        const shown = redact(JSON.stringify(json, null, space));
        for (const word of secrets) expect(shown).not.toContain(word);
        expect(() => JSON.parse(shown)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it("lets no secret through where the text was cut off, wherever", () => {
    fc.assert(
      fc.property(withSecrets, fc.nat(), ({ json, secrets }, at) => {
        const text = JSON.stringify(json);
        const shown = redact(text.slice(0, at % (text.length + 1)), true);
        for (const word of secrets) expect(shown).not.toContain(word);
      }),
      { numRuns: 500 },
    );
  });

  it("changes nothing else, byte for byte", () => {
    fc.assert(
      fc.property(plainValue, indent, (json, space) => {
        const text = JSON.stringify(json, null, space);
        expect(redact(text)).toBe(text);
      }),
    );
    const odd = '  {"a" : 1.0, "b":[1e-7,12345678901234567890 ,"\\u0041\\/"], "a":NaN}\n';
    expect(redact(odd)).toBe(odd);
  });

  it("keeps everything around a secret", () => {
    fc.assert(
      fc.property(plainValue, plainValue, secretName, plainValue, (before, after, name, value) => {
        const text = (inner: unknown) =>
          `[${JSON.stringify(before)} ,{"n":1.0,${JSON.stringify(name)} : ${JSON.stringify(inner)}},${JSON.stringify(after)}]`;
        expect(redact(text(value))).toBe(text(redacted));
      }),
    );
  });

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            '"',
            "\\",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            " ",
            "token",
            "a",
            "\\u00",
            "=",
            "1",
          ),
        }),
        (text) => {
          redact(text);
          redact(text, true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['{"TOKEN":"abc"}', '{"TOKEN":"[redacted]"}'],
    ['{"t\\u006fken":"abc","x":1}', '{"t\\u006fken":"[redacted]","x":1}'],
    ['{"password":{"a":["abc}"]},"b":2}', '{"password":"[redacted]","b":2}'],
    ['{"resume":12,"resumed":true}', '{"resume":"[redacted]","resumed":true}'],
    ['["con",{"cookie":null}]', '["con",{"cookie":"[redacted]"}]'],
    ['{"url":"ws://h/?token=abc&a=1"}', '{"url":"ws://h/?token=[redacted]&a=1"}'],
    [
      "hello eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r bye",
      "hello [redacted] bye",
    ],
    ['{"a":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.dBjftJeZ4CVP"}', '{"a":"[redacted]"}'],
    [`say sb_${"a-_1".repeat(10)}xyz now`, "say [redacted] now"],
    ["{'token': 'abc def', 'a': 1}", "{'token': [redacted], 'a': 1}"],
    ["token=abc&x=1", "token=[redacted]&x=1"],
    ["Authorization: Bearer abc", "Authorization: [redacted]"],
    ['{"token":"abc","a":NaN}', '{"token":"[redacted]","a":NaN}'],
    ['{"text":"boot {\\"token\\":\\"hunter2\\"}"}', '{"text":"boot {\\"token\\":[redacted]}"}'],
    ['{"text":"password=hunter2","n":1.0}', '{"text":"password=[redacted]","n":1.0}'],
    ['{"h":"Authorization: Basic dXNlcjpwYXNz"}', '{"h":"Authorization: [redacted]"}'],
    ['{"url":"wss://user:pass@host/x"}', '{"url":"wss://[redacted]@host/x"}'],
    [
      '{"packet_type":"alive","subject_id":"7","data":{"agent_id":"8","USED_AGENT_ID":"9","agent_registration_id":"10","update_id":"11"}}',
      '{"packet_type":"alive","subject_id":"[redacted]","data":{"agent_id":"[redacted]","USED_AGENT_ID":"[redacted]","agent_registration_id":"[redacted]","update_id":"11"}}',
    ],
    ["refresh", "refresh"],
    ['"token"', '"token"'],
    ["the bearer of news", "the bearer of news"],
  ])("%s", (text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  it("comes to an end with the worst of texts, which backtracking would not", () => {
    const parts = ['"', "\\", '\\"', "token", "token:", "bearer ", "?a", "eyJ", '{"token":', '["'];
    for (const part of parts) {
      const text = part.repeat(8192 / part.length);
      expect(redact(text, true).length).toBeLessThanOrEqual(2 * text.length);
    }
  });
});
