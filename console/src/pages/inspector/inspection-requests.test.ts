/** Whose an answer of the inspector is. */
import { beforeEach, expect, it } from "vitest";
import { InspectionRequests } from "./inspection-requests.ts";
import type { Inspecting } from "./inspector-messages.ts";

const [a, b, lobby] = [{ connection: "a" }, { connection: "b" }, { nextOf: "lobby" }];

function inspecting(connection: string, service = "lobby"): Inspecting {
  return { type: "inspecting", connection, service, path: "/", address: "::1", since: 0 };
}

let requests: InspectionRequests;
beforeEach(() => {
  requests = new InspectionRequests();
});

it("of two connections asked for within a round trip, only the second is begun", () => {
  requests.asked(a);
  requests.ended();
  requests.asked(b);
  expect(requests.began(inspecting("a"))).toBe(false);
  expect(requests.began(inspecting("b"))).toBe(true);
});

it("a refusal is of the oldest request", () => {
  requests.asked(a);
  requests.ended();
  requests.asked(b);
  expect([requests.refused(), requests.began(inspecting("b")), requests.refused()]).toEqual([
    false,
    true,
    false,
  ]);
  requests.asked(a);
  requests.asked(b);
  expect([requests.began(inspecting("a")), requests.refused()]).toEqual([false, true]);
});

it("the same connection asked for again waits for the second answer", () => {
  requests.asked(a);
  requests.ended();
  requests.asked(a);
  expect([requests.began(inspecting("a")), requests.began(inspecting("a"))]).toEqual([false, true]);
});

it("the next connection of a service is one of that service, and not one that was asked for by its id before", () => {
  requests.asked(a);
  requests.ended();
  requests.asked(lobby);
  expect(requests.began(inspecting("a"))).toBe(false);
  expect(requests.began(inspecting("c", "crowd"))).toBe(false);
  expect(requests.began(inspecting("d"))).toBe(true);
});

it("waiting that was ended has no answer: a refusal is of what was asked for after it", () => {
  requests.asked(lobby);
  requests.ended();
  requests.asked(b);
  expect(requests.began(inspecting("late"))).toBe(false);
  expect(requests.refused()).toBe(true);
});

it("a new socket answers nothing that the one before was asked", () => {
  requests.asked(a);
  requests.reset();
  requests.asked(b);
  expect(requests.refused()).toBe(true);
});
