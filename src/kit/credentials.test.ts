/** Finding and hiding the token of a request. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenOf, withoutToken } from "./credentials.ts";

const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,60}$/);

test.each(["Bearer abc", "bearer abc", "BEARER abc", "bEaReR   abc ", " Bearer\tabc"])(
  "reads the header %j",
  (authorization) => {
    expect(tokenOf({ authorization })).toBe("abc");
  },
);

test.each(["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b", "xBearer abc"])(
  "finds no token in the header %j",
  (authorization) => {
    expect(tokenOf({ authorization })).toBeUndefined();
  },
);

test("reads the query, percent-decoded, with or without the question mark", () => {
  expect(tokenOf({ query: "?a=1&token=x%2Ey" })).toBe("x.y");
  expect(tokenOf({ query: "token=&token=second" })).toBe("second");
  expect(tokenOf({ query: "tokens=a&atoken=b&Token=c" })).toBeUndefined();
  expect(tokenOf({ query: "token=" })).toBeUndefined();
});

test("reads the subprotocol among others", () => {
  expect(tokenOf({ protocols: "switchboard.v1, switchboard.token.a.b-c_d" })).toBe("a.b-c_d");
  expect(tokenOf({ protocols: "switchboard.token.abc,switchboard.v1" })).toBe("abc");
  expect(tokenOf({ protocols: "switchboard.v1, switchboard.token." })).toBeUndefined();
  expect(tokenOf({ protocols: "chat" })).toBeUndefined();
});

test("the header goes before the query, the query before the subprotocol", () => {
  const all = {
    authorization: "Bearer header",
    query: "token=query",
    protocols: "switchboard.token.protocol",
  };
  expect(tokenOf(all)).toBe("header");
  expect(tokenOf({ ...all, authorization: "Basic other" })).toBe("query");
  expect(tokenOf({ ...all, authorization: undefined, query: undefined })).toBe("protocol");
  expect(tokenOf({})).toBeUndefined();
});

test("withoutToken leaves all else as it is", () => {
  expect(withoutToken("?a=%20b+c&token=secret&errors=1&a=2")).toBe("a=%20b+c&errors=1&a=2");
  expect(withoutToken("%74oken=secret&x")).toBe("x");
  expect(withoutToken("token=secret")).toBe("");
  expect(withoutToken("token")).toBe("");
  expect(withoutToken("")).toBe("");
});

test("what tokenOf finds in a query is never left by withoutToken", () => {
  const parameter = fc.oneof(
    fc.string(),
    token.map((text) => `token=${text}`),
    fc.constantFrom("t%6Fken=x", "token", "?token=y", "a=token"),
  );
  fc.assert(
    fc.property(fc.array(parameter, { maxLength: 5 }), (parameters) => {
      expect(tokenOf({ query: withoutToken(parameters.join("&")) })).toBeUndefined();
    }),
  );
});

test("any token comes back from each of the three places", () => {
  fc.assert(
    fc.property(token, (text) => {
      expect(tokenOf({ authorization: `bearer ${text}` })).toBe(text);
      expect(tokenOf({ query: `a=b&token=${encodeURIComponent(text)}` })).toBe(text);
      expect(tokenOf({ protocols: `switchboard.v1, switchboard.token.${text}` })).toBe(text);
    }),
  );
});
