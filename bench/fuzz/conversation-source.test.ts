import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defaultLimits } from "../../src/contract/index.ts";
import { installedServices } from "../../src/gateway/services.ts";
import { contractJson } from "../../src/services/admin/contract-json.ts";
import type { ServiceContract } from "./contracts.ts";
import { conversationJson, inputsOf, parseConversation } from "./conversation.ts";
import { conversationOf } from "./conversation-source.ts";
import { mutate, print } from "./json-mutation.ts";
import { Random } from "./random.ts";
import { Surface } from "./surface.ts";

const contracts = installedServices.map(({ contract }) =>
  JSON.parse(JSON.stringify(contractJson({ contract, limits: defaultLimits }))),
) as readonly ServiceContract[];
const surface = new Surface(contracts, "sb_token");

const textOf = (seed: number, number: number): string =>
  JSON.stringify(conversationJson(conversationOf(seed, number, surface)));

describe("the conversations of a run", () => {
  it("are the same for the same seed and number, in whatever order they are made", () => {
    const forward = Array.from({ length: 50 }, (_, n) => textOf(7, n));
    const backward = Array.from({ length: 50 }, (_, n) => textOf(7, 49 - n)).reverse();
    expect(backward).toEqual(forward);
  });

  it("differ from each other and with the seed", () => {
    const texts = Array.from({ length: 50 }, (_, n) => [textOf(7, n), textOf(8, n)]).flat();
    expect(new Set(texts).size).toBe(100);
  });

  it("come back from a file as they were", () => {
    for (let n = 0; n < 50; n++) {
      const conversation = conversationOf(3, n, surface);
      const read = parseConversation(JSON.parse(JSON.stringify(conversationJson(conversation))));
      expect(read).toEqual(conversation);
    }
  });

  it("address every service over every transport", () => {
    const labels = Array.from({ length: 400 }, (_, n) => conversationOf(1, n, surface).label);
    for (const name of ["lobby", "experiments", "tracking", "crowd", "admin"])
      expect(
        labels.some((label) => label.startsWith(`websocket ${name}`)),
        name,
      ).toBe(true);
    for (const start of [
      "engine.io 3",
      "engine.io 4 polling",
      "engine.io 4 websocket",
      "http",
      "upgrade",
    ])
      expect(
        labels.some((label) => label.startsWith(start)),
        start,
      ).toBe(true);
  });

  it("have the event with 120,000 arguments among them", () => {
    const numbers = Array.from({ length: 6000 }, (_, n) => n);
    const isIt = (number: number): boolean =>
      conversationOf(1, number, surface).steps.some(
        (step) =>
          (step.do === "write-with-session" && step.text.includes(",0".repeat(120_000))) ||
          (step.do === "write" && step.bytes.length > 240_000),
      );
    expect(numbers.some(isIt)).toBe(true);
  });

  it("can be made for every number, and count at least one input each", () => {
    for (let n = 0; n < 1500; n++)
      expect(inputsOf(conversationOf(2, n, surface))).toBeGreaterThanOrEqual(1);
  });
});

describe("a value made from a schema", () => {
  const messages = contracts.flatMap((service) =>
    service.in.map((message) => [`${service.name} ${message.name}`, message.schema] as const),
  );

  it.each(messages)("fits the schema of %s", (_, schema) => {
    const parser = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
    const random = new Random(5);
    for (let n = 0; n < 50; n++) {
      const value = surface.maker(random).valueOf(schema);
      expect(parser.safeParse(value).error).toBeUndefined();
    }
  });
});

describe("a changed value", () => {
  it("prints as other text, part of which is no JSON", () => {
    const random = new Random(1);
    const value = { a: 1, b: "x", c: [1, 2, { d: null }] };
    const texts = Array.from({ length: 300 }, () => print(mutate(value, random)));
    const valid = texts.filter((text) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    });
    expect(texts.filter((text) => text === print(value)).length).toBeLessThan(10);
    expect(valid.length).toBeGreaterThan(100);
    expect(valid.length).toBeLessThan(300);
  });
});
