/** Messages are printed once, and counted alike at every look. */
import { expect, test } from "vitest";
import { z } from "zod";
import { defineContract, namedBy } from "../contract/index.ts";
import { RawJson } from "../wire/raw-json.ts";
import { Encoded, encode } from "./encoded.ts";

const contract = defineContract({
  name: "boxes",
  doc: "",
  transport: "websocket",
  paths: ["/boxes"],
  codec: namedBy("type"),
  in: {},
  out: {
    all: { doc: "", delivery: "all", schema: z.object({ value: z.unknown() }) },
    boxes: {
      doc: "",
      delivery: "latest",
      key: (payload) => (payload as { camera: string }).camera,
      schema: z.object({ camera: z.string() }),
    },
    stats: { doc: "", delivery: "latest", schema: z.object({}) },
    refresh: { doc: "", delivery: "latest", text: "refresh", schema: z.object({}) },
  },
  routes: {},
  roles: {},
});

test("is printed at the first look and never again", () => {
  let printed = 0;
  const message = new Encoded("m", {}, null, () => `text ${++printed}`);
  expect(printed).toBe(0);
  expect([message.text, message.text, message.bytes]).toEqual(["text 1", "text 1", 6]);
});

test("counts its text in UTF-8, before and after a transport has made a frame of it", () => {
  const message = new Encoded("m", {}, null, () => "é漢\u{1f600}");
  expect(message.bytes).toBe(9);
  message.frame = new Uint8Array(100);
  expect(message.bytes).toBe(9);
});

test("is printed as the contract says: by its codec, with raw values as they came, or as its fixed text", () => {
  expect(encode(contract, "all", { value: new RawJson("1.0") }).text).toBe(
    '{"type":"all","value":1.0}',
  );
  expect(encode(contract, "refresh", {}).text).toBe("refresh");
  const { codec: _none, ...uncoded } = contract;
  expect(encode(uncoded, "all", { value: 1 }).text).toBe('{"value":1}');
});

test("latest messages replace each other by name and key, all messages never", () => {
  const key = (name: string, payload: object) => encode(contract, name, payload).latestKey;
  expect(key("all", { value: 1 })).toBeNull();
  expect(key("boxes", { camera: "1" })).toBe(key("boxes", { camera: "1" }));
  expect(
    new Set([
      key("boxes", { camera: "1" }),
      key("boxes", { camera: "2" }),
      key("boxes", { camera: "" }),
      key("stats", {}),
    ]).size,
  ).toBe(4);
});

test("an undeclared name is refused", () => {
  expect(() => encode(contract, "unknown", {})).toThrow(
    'boxes declares no outgoing message "unknown"',
  );
});
