/** Where a service is. */
import { expect, it } from "vitest";
import { serviceUrl } from "./service-url.ts";

it.each([
  ["ws://host:7400", "ws://host:7400/lobby?errors=1"],
  ["http://host:7400/", "http://host:7400/lobby?errors=1"],
  ["wss://host/live?room=1", "wss://host/live?room=1&errors=1"],
  ["ws://host:7400?errors=0", "ws://host:7400/lobby?errors=1"],
  ["ws://host/live?room=a%20b&flag&sig=%7Ex", "ws://host/live?room=a%20b&flag&sig=%7Ex&errors=1"],
  ["nowhere", "nowhere"],
])("of %s is %s", (url, wanted) => {
  expect(serviceUrl(url, "/lobby", { errors: "1" })).toBe(wanted);
});
