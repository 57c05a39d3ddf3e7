/** Which images are shown. */
import { expect, it } from "vitest";
import { imageSource } from "./image-source.ts";

it.each([
  ["/9j/4AAQ", "data:image/jpeg;base64,/9j/4AAQ"],
  ["iVBORw0KGgoAAAA=", "data:image/png;base64,iVBORw0KGgoAAAA="],
  ["data:image/jpeg;base64,/9j/4AAQ", "data:image/jpeg;base64,/9j/4AAQ"],
  ["picture 1 of 1763681126000", undefined],
  ["PHN2ZyB4bWxucz0i", undefined],
  ['/9j/"onerror="alert(1)', undefined],
  ["", undefined],
])("%s", (image, source) => {
  expect(imageSource(image)).toBe(source);
});
