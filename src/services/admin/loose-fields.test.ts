/** Secrets in text that is no JSON, by itself and within JSON: none survives in any form of writing it, and what stands around it does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "./redaction.ts";

/** Letters that stand nowhere else in these texts. */
const secret = fc
  .string({ unit: fc.constantFrom("Ω", "Ж", "ß", "1"), minLength: 3, maxLength: 12 })
  .map((word) => `Ω${word}Ω`);

const secretName = fc.constantFrom(
  "token",
  "tokens",
  "access_token",
  "x-api-key",
  "clientSecret",
  "password",
  "credentials",
  "sessionid",
);
const anyName = fc.oneof(secretName, fc.constantFrom("Cookie", "Set-Cookie", "authorization"));

/** Items with the secret among them, and with everything about them that could be taken for their end. */
const decoy = fc.constantFrom<unknown>(
  "a]",
  "b}",
  '"',
  "\\",
  '\\"',
  "it is",
  [],
  {},
  [["]"]],
  { 'x"]': ["}"] },
  7,
  null,
  "a, b: c; d=e",
);
const items = fc
  .tuple(secret, fc.array(decoy, { maxLength: 4 }), fc.array(decoy, { maxLength: 4 }))
  .chain(([word, before, after]) =>
    fc
      .constantFrom<unknown>(
        word,
        [word],
        { pw: word },
        [{ deep: [`${word} and more`] }],
        `"${word}"`,
      )
      .map((hidden) => ({ word, all: [...before, hidden, ...after] })),
  );

interface Form {
  readonly text: string;
  readonly word: string;
}

/** One value, where what follows it can still be told from it. */
const fieldForm: fc.Arbitrary<Form> = fc.oneof(
  fc
    .tuple(anyName, items)
    .map(([name, { word, all }]) => ({ text: `cfg ${JSON.stringify({ [name]: all })}`, word })),
  fc.tuple(anyName, items).map(([name, { word, all }]) => ({
    text: `42${JSON.stringify(["auth", { a: 1, [name]: { all } }])}`,
    word,
  })),
  fc.tuple(anyName, items).map(([name, { word, all }]) => ({
    text: `headers ${JSON.stringify(
      [
        ["host", "a"],
        [name, ...all],
      ],
      null,
      1,
    )}`,
    word,
  })),
  fc
    .tuple(secretName, items)
    .map(([name, { word, all }]) => ({ text: `${name}=${JSON.stringify(all)}`, word })),
  fc
    .tuple(anyName, secret)
    .map(([name, word]) => ({ text: `{'${name}': ['a]', '${word}', {'b': '${word}'}]}`, word })),
  fc
    .tuple(anyName, secret)
    .map(([name, word]) => ({ text: `['${name}', 'sid=${word}; b=${word}']`, word })),
  fc.tuple(secretName, secret).map(([name, word]) => ({ text: `${name} = "a ${word}"`, word })),
  fc.tuple(secretName, secret).map(([name, word]) => ({ text: `${name}: a,${word}`, word })),
  fc.tuple(secretName, secret).map(([name, word]) => ({ text: `:${name} => ${word}`, word })),
  fc
    .tuple(secretName, secret)
    .map(([name, word]) => ({ text: `${name}: Map(1) { 'a' => '${word}' }`, word })),
  fc
    .tuple(
      anyName.filter((name) => !/cookie|auth/i.test(name)),
      secret,
      fc.constantFrom("N", "a[N]", "a%5BN%5D", "a[b][N]", "N[]", "N[0]", "N%5B%5D", "N[user][pw]"),
    )
    .map(([name, word, shape]) => ({
      text: `GET /x?b=1&${shape.replace("N", name)}=${word}&c=2`,
      word,
    })),
);

/** A header, which takes its line. */
const lineForm: fc.Arbitrary<Form> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("Cookie", "Set-Cookie", "cookie"),
      secret,
      fc.array(fc.constantFrom("a=1", 'b="x"', "Path=/", "c=[1]", "HttpOnly")),
      fc.nat(),
    )
    .map(([name, word, others, at]) => {
      const parts: string[] = [...others];
      parts.splice(at % (others.length + 1), 0, `sid=${word}`);
      return { text: `${name}: ${parts.join("; ")}`, word };
    }),
  fc
    .tuple(
      fc.constantFrom("Authorization", "Proxy-Authorization"),
      secret,
      fc.constantFrom("Digest", "Token", "Bearer", "Basic", "AWS4-HMAC-SHA256", "Custom"),
    )
    .chain(([name, word, scheme]) =>
      fc
        .constantFrom(
          `${word}`,
          `username="a", realm="b c", response="${word}"`,
          `Credential=a/b, SignedHeaders=c;d, Signature=${word}`,
          `"${word}" ${word}`,
        )
        .map((rest) => ({ text: `${name}: ${scheme} ${rest}`, word })),
    ),
);

/** The ways in which a text gets into a frame. */
const wrap = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => JSON.stringify({ log: text }),
  (text) => JSON.stringify([{ log: JSON.stringify({ text }) }, 1]),
  (text) => `boot ${JSON.stringify({ log: text })}`,
  (text) => `boot ${JSON.stringify({ log: JSON.stringify({ text }) })}`,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => `2${JSON.stringify(["log", `[INFO] ${text}`])}`,
);

const options = { numRuns: 2000 };

describe("text that is no JSON", () => {
  it("shows no secret, however it is written", () => {
    fc.assert(
      fc.property(fc.oneof(fieldForm, lineForm), wrap, ({ text, word }, wrapped) => {
        expect(redact(wrapped(`before ${text} after`))).not.toContain(word);
      }),
      options,
    );
  });

  it("shows no part of a secret where it was cut off, wherever", () => {
    fc.assert(
      fc.property(fc.oneof(fieldForm, lineForm), wrap, fc.nat(), ({ text }, wrapped, at) => {
        const whole = wrapped(`before ${text}`);
        expect(redact(whole.slice(0, at % (whole.length + 1)), true)).not.toContain("Ω");
      }),
      options,
    );
  });

  it("shows what stands around a secret: of a header the other lines, of a field all else", () => {
    const around = (text: string, wrapped: (text: string) => string) => {
      const shown = redact(wrapped(text));
      expect(shown).toContain("before, it's {here}: 1");
      expect(shown).toContain("after a=1");
    };
    fc.assert(
      fc.property(
        fc.oneof(
          fieldForm,
          lineForm.map(({ text, word }) => ({ text: `${text}\n`, word })),
        ),
        wrap,
        ({ text }, wrapped) => {
          // Its line does not end where the line's end is written as an escape.
          if (
            text.endsWith("\n") &&
            !wrapped("\n").includes("\n") &&
            !wrapped("\n").startsWith("{")
          )
            return;
          around(`before, it's {here}: 1 ${text} after a=1`, wrapped);
        },
      ),
      options,
    );
  });

  it.each([
    ['config: {"tokens":["a]","b"],"x":1}', 'config: {"tokens":"[redacted]","x":1}'],
    ["{'tokens': ['a', 'b'], 'x': 1}", "{'tokens': [redacted], 'x': 1}"],
    ["tokens: [a, [b]] x", "tokens: [redacted] x"],
    ["tokens: [a, [b] x", "tokens: [redacted]"],
    [
      '{"log":"config: {\\"tokens\\":[\\"a\\"],\\"x\\":1}"}',
      '{"log":"config: {\\"tokens\\":[redacted],\\"x\\":1}"}',
    ],
    [
      '{"log":"42[\\"auth\\",{\\"credentials\\":{\\"pw\\":\\"a\\"},\\"x\\":1}]"}',
      '{"log":"42[\\"auth\\",{\\"credentials\\":[redacted],\\"x\\":1}]"}',
    ],
    ['{"log":"[INFO] token=\\"a b\\" x"}', '{"log":"[INFO] token=[redacted] x"}'],
    ["Cookie: a=1; b=2\nHost: x", "Cookie: [redacted]\nHost: x"],
    ["Set-Cookie: a=1; sid=2\r\nHost: x", "Set-Cookie: [redacted]\r\nHost: x"],
    ["Authorization: Digest a=1, b=2", "Authorization: [redacted]"],
    ["token: Bearer abc, x", "token: [redacted], x"],
    [
      '{"headers":[["cookie","a=1","b"],["host","x"]]}',
      '{"headers":[["cookie","[redacted]"],["host","x"]]}',
    ],
    ['[ "x-api-key" , {"a":[1]} ]', '[ "x-api-key" , "[redacted]"]'],
    ["[('a', 1), ['cookie', 'b', 'c'], 2]", "[('a', 1), ['cookie', [redacted]], 2]"],
    ["/x?a[token]=b&c=1", "/x?a[token]=[redacted]&c=1"],
    ["/x?a%5Btoken%5D=b&c=1", "/x?a%5Btoken%5D=[redacted]&c=1"],
    ["%2Fx%3Ftoken%3Db and", "%2Fx%3Ftoken%3D[redacted] and"],
    ["token=a;b=1, c", "token=[redacted];b=1, c"],
    [String.raw`{\"token\":\"a\\\"b\",\"x\":1}`, String.raw`{\"token\":[redacted],\"x\":1}`],
    // No value, or none that belongs to the name.
    ["token=&x=1", "token=&x=1"],
    ["the token, the cookie and [a token, b]", "the token, the cookie and [a token, b]"],
    ['["a","token","b"]', '["a","token","b"]'],
    ['["token"]', '["token"]'],
    ['["token","[redacted]"]', '["token","[redacted]"]'],
  ])("%s", (text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  it("is the same when it is redacted again", () => {
    fc.assert(
      fc.property(fc.oneof(fieldForm, lineForm), wrap, ({ text }, wrapped) => {
        const once = redact(wrapped(text));
        expect(redact(once)).toBe(once);
      }),
    );
  });

  // Looking through the rest of a megabyte from each of its places would take hours, not the test's deadline.
  it.each([
    "[",
    "{",
    "]",
    "[]",
    '["',
    "'",
    "\\",
    '\\"',
    "\\'",
    " ",
    "=",
    "token",
    "token=",
    "token ",
    "token\\",
    "token[",
    "token=[",
    "token=[]",
    "token=,",
    "token=[]&",
    'token="',
    "token=\\",
    "token %5B",
    '["token",',
    "['token',",
    "['token', ",
    '{"token":',
    "cookie: ",
    "cookie:\n",
    "a.eyJ",
    "eyJ",
    "://",
    "bearer ",
  ])(
    "takes a megabyte of %j in one pass",
    (part) => {
      const text = part.repeat((1 << 20) / part.length);
      for (const whole of [
        text,
        `token=${text}`,
        `[token${text}!`,
        JSON.stringify({ log: text }),
        `x ${JSON.stringify({ log: `token=[${text}` })}`,
      ]) {
        expect(redact(whole, true).length).toBeLessThanOrEqual(4 * whole.length);
      }
    },
    60_000,
  );
});
