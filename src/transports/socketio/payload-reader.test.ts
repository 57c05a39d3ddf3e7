/** Bodies of POSTs against the library's own reading of them. */
import { parser } from "engine.io";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EnginePacket, PayloadReader } from "./payload-reader.ts";

function all(text: string, protocol: number): EnginePacket[] {
  const reader = new PayloadReader(text, protocol);
  const packets: EnginePacket[] = [];
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
    packets.push(packet);
  }
  return packets;
}

const fault = { type: "error", data: "parser error" };

test("of Engine.IO 4 are read as the library reads them, up to the first fault", () => {
  const packet = fc.oneof(
    fc.constantFrom("", "1", "2probe", "3", "40", '42["say"]', "5", "6", "7", "x", "4\u{1f600}"),
    fc.string({ unit: "grapheme" }).filter((text) => !text.startsWith("b")),
  );
  fc.assert(
    fc.property(fc.array(packet), (packets) => {
      const text = packets.join("\u001e");
      expect(all(text, 4)).toEqual(parser.decodePayload(text));
    }),
    { numRuns: 50 },
  );
});

test("of Engine.IO 3 have lengths in UTF-16 units", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 }),
      (texts) => {
        const body = texts.map((text) => `${text.length + 1}:4${text}`).join("");
        const message = (text: string) =>
          text === "" ? { type: "message" } : { type: "message", data: text };
        expect(all(body, 3)).toEqual(texts.map(message));
      },
    ),
    { numRuns: 50 },
  );
});

test.each([
  "",
  ":",
  "1",
  "1:",
  "x:2",
  "-1:2",
  "1e1:2",
  "2:4",
  "9999999999:4",
  "1:9",
  "00000000001:2",
])("of Engine.IO 3 that are broken end in a fault: %s", (text) => {
  expect(all(text, 3)).toEqual([fault]);
});

test("go on after what is good until the fault, and no further", () => {
  expect(all("1:21:22:4x5:4", 3)).toEqual([
    { type: "ping" },
    { type: "ping" },
    { type: "message", data: "x" },
    fault,
  ]);
  expect(all("2\u001ex\u001e2", 4)).toEqual([{ type: "ping" }, fault]);
});

test("hold bytes in base64, which are told apart", () => {
  expect(all("b4AAAA", 4)).toEqual([{ type: "binary" }]);
  expect(all("6:b4AAAA", 3)).toEqual([{ type: "binary" }]);
});

test("count packets without content", () => {
  expect(all("0:0:1:2", 3)).toEqual([{ type: "noop" }, { type: "noop" }, { type: "ping" }]);
});
