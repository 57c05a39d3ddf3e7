/** Paths with parameters. */
import { expect, test } from "vitest";
import { pathParams } from "./path-params.ts";

test.each([
  ["/a/:id", "/a/x", { id: "x" }],
  ["/a/:id", "/a/a%2Fb%20%C3%BC", { id: "a/b ü" }],
  ["/a/:id", "/a/", undefined],
  ["/a/:id", "/a", undefined],
  ["/a/:id", "/a/x/", undefined],
  ["/a/:id", "/b/x", undefined],
  ["/a/:id", "/a/%FF", undefined],
  ["/a/:id/b/:other", "/a/1/b/2", { id: "1", other: "2" }],
  ["/a", "/a", {}],
])("%s fits %s: %o", (pattern, path, params) => {
  expect(pathParams(pattern, path)).toEqual(params);
});
