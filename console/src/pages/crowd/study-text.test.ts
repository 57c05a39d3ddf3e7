import { expect, it } from "vitest";
import { exampleStudy, readStudy } from "./study-text.ts";

it("takes an object or a bare list, and an id of its own", () => {
  expect(readStudy('{"id":"a","sentences":[1,2]}', "")).toEqual({
    body: { id: "a", sentences: [1, 2] },
    sentences: 2,
  });
  expect(readStudy('{"id":"a","sentences":[]}', " b ")).toEqual({
    body: { id: "b", sentences: [] },
    sentences: 0,
  });
  expect(readStudy("[1]", "")).toEqual({ body: { sentences: [1] }, sentences: 1 });
  expect(readStudy(exampleStudy, "")).toMatchObject({ sentences: 2 });
});

it("says what is wrong", () => {
  const problem = (text: string) => readStudy(text, "");
  expect(problem(" ")).toEqual({ problem: "Choose a file, or paste its text" });
  expect(problem("{")).toMatchObject({ problem: expect.stringMatching(/^This is not JSON: ./) });
  expect(problem("7")).toMatchObject({ problem: expect.stringContaining("Expected an object") });
  expect(problem('{"sentence":[]}')).toEqual({ problem: 'The list "sentences" is missing' });
});
