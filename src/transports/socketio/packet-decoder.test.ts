/** Packets of Socket.IO as the library gets them, and what it never gets. */
import { describe, expect, test } from "vitest";
import { packetParser, type SocketIoPacket } from "./packet-decoder.ts";
import { PacketEncoder } from "./packet-encoder.ts";

const { Decoder } = packetParser({ maxJsonValues: 1000, maxJsonDepth: 10 });

/** Everything that comes of one message. */
function decoded(message: unknown): readonly SocketIoPacket[] {
  const decoder = new Decoder();
  const packets: SocketIoPacket[] = [];
  decoder.on("decoded", (packet) => packets.push(packet));
  decoder.add(message);
  return packets;
}

describe("decoding", () => {
  test.each([
    ["0", { type: 0, nsp: "/", data: undefined }],
    ['0{"token":"t"}', { type: 0, nsp: "/", data: { token: "t" } }],
    ["0/admin", { type: 0, nsp: "/admin", data: undefined }],
    ["0/?token=t,", { type: 0, nsp: "/?token=t", data: undefined }],
    ["1", { type: 1, nsp: "/" }],
    ["1/admin,", { type: 1, nsp: "/admin" }],
    ['2["say"]', { type: 2, nsp: "/", data: ["say"] }],
    ['27["say",{"a":[1]}]', { type: 2, nsp: "/", id: 7, data: ["say", { a: [1] }] }],
    ['2/x,999999999999999["say"]', { type: 2, nsp: "/x", id: 999999999999999, data: ["say"] }],
    ["2[5,null]", { type: 2, nsp: "/", data: [5, null] }],
  ])("%s", (text, packet) => {
    expect(decoded(text)).toEqual([packet]);
  });

  test("passes on the first argument only, however many there are", () => {
    expect(decoded('2["say",1,2,3]')).toEqual([{ type: 2, nsp: "/", data: ["say", 1] }]);
  });

  test("passes on the token of a handshake and nothing else of it", () => {
    expect(decoded('0{"token":"t","pid":"p","offset":"o","x":{}}')[0]?.data).toEqual({
      token: "t",
    });
    for (const token of ["7", "null", '["t"]', '{"t":1}']) {
      expect(decoded(`0{"token":${token}}`)[0]?.data).toEqual({});
    }
    expect(decoded('0{"__proto__":{"token":"t"}}')[0]?.data).toEqual({});
  });

  test("drops acknowledgements, whatever they hold", () => {
    for (const text of ["3", "37[]", `3${"9".repeat(400)}[`, `37[${"[".repeat(10_000)}`]) {
      expect(decoded(text)).toEqual([]);
    }
  });

  test.each([
    ["no type", ""],
    ["an unknown type", "7[]"],
    ["an error of a server", '4{"message":"x"}'],
    ["a goodbye with a payload", "1[]"],
    ["an event without a list", '2{"0":"say"}'],
    ["an empty list", "2[]"],
    ["a name that is null", "2[null]"],
    ["a reserved name", '2["disconnect"]'],
    ["a name of the library's own", '2["newListener"]'],
    ["text that is not JSON", '2["say"'],
    ["a handshake that is a list", "0[]"],
    ["a handshake that is null", "0null"],
    ["an id of 16 digits", `2${"9".repeat(16)}["say"]`],
    ["a namespace without an end", `0/${"x".repeat(10_000)}`],
    ["a binary event", '51-["say",{"_placeholder":true,"num":0}]'],
    ["a binary acknowledgement", "61-0[]"],
    ["bytes", Buffer.from("2[]")],
  ])("refuses %s", (_what, message) => {
    expect(() => decoded(message)).toThrow(expect.objectContaining({ code: "bad_message" }));
  });

  test.each([
    ["values", `2["say",[${"0,".repeat(1000)}0]]`, "limits.maxJsonValues"],
    ["arguments", `2["say",${"0,".repeat(1000)}0]`, "limits.maxJsonValues"],
    ["levels", `2["say",${"[".repeat(20)}${"]".repeat(20)}]`, "limits.maxJsonDepth"],
    ["levels of a handshake", `0{"a":${"[".repeat(20)}${"]".repeat(20)}}`, "limits.maxJsonDepth"],
  ])("refuses more %s than allowed before they are parsed", (_what, text, limit) => {
    expect(() => decoded(text)).toThrow(
      expect.objectContaining({ code: "too_large", message: expect.stringContaining(limit) }),
    );
  });
});

test.each([
  ['0{"sid":"s"}', { type: 0, nsp: "/", data: { sid: "s", pid: undefined } }],
  ["0", { type: 0, nsp: "/" }],
  ["1", { type: 1, nsp: "/" }],
  ["30[]", { type: 3, nsp: "/", id: 0, data: [] }],
  ["312[]", { type: 3, nsp: "/", id: 12, data: [] }],
  ['4/admin,{"message":"no"}', { type: 4, nsp: "/admin", data: { message: "no" } }],
  ['4"a text"', { type: 4, nsp: "/", data: "a text" }],
])("%s is what is sent of a packet of the library", (text, packet) => {
  expect(new PacketEncoder().encode(packet)).toEqual([text]);
});
