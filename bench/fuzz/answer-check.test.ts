import { describe, expect, it } from "vitest";
import { AnswerCheck } from "./answer-check.ts";

const upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

/** A final frame of a server. */
function serverFrame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
}

/** The faults in these bytes, in whatever chunks they come. */
function faultsOf(bytes: Buffer): readonly string[] {
  const found = [1, 7, bytes.length].map((size) => {
    const check = new AnswerCheck();
    for (let at = 0; at < bytes.length; at += size)
      check.push(Buffer.from(bytes.subarray(at, at + size)));
    return [...check.faults];
  });
  expect(found[0]?.length).toBe(found[2]?.length);
  expect(found[1]?.length).toBe(found[2]?.length);
  return found[2] ?? [];
}

describe("an answer", () => {
  it.each([
    ["an answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["a refusal", 'HTTP/1.1 400 Bad Request\r\n\r\n{"error":{"code":"bad_message"}}'],
    ["an upgrade", upgraded],
  ])("is right: %s", (_, text) => {
    expect(faultsOf(Buffer.from(text))).toEqual([]);
  });

  it("is right: an upgrade, a message and a close", () => {
    const message = serverFrame(1, Buffer.from('{"type":"error","code":"bad_message"}'));
    const close = serverFrame(8, Buffer.from([0x03, 0xe8]));
    expect(faultsOf(Buffer.concat([Buffer.from(upgraded), message, close]))).toEqual([]);
  });

  it("is wrong: status 500", () => {
    const text = "HTTP/1.1 500 Internal Server Error\r\n\r\n";
    expect(faultsOf(Buffer.from(text))).toHaveLength(1);
  });

  it("is wrong: an internal error in a message", () => {
    const message = serverFrame(1, Buffer.from('{"type":"error","code":"internal"}'));
    expect(faultsOf(Buffer.concat([Buffer.from(upgraded), message]))).toHaveLength(1);
  });

  it("is wrong: a close with 1011", () => {
    const code = Buffer.from([0x03, 0xf3]);
    const ours = serverFrame(8, Buffer.concat([code, Buffer.from("incident 1")]));
    expect(faultsOf(Buffer.concat([Buffer.from(upgraded), ours]))).toHaveLength(1);
    const answer = serverFrame(8, code);
    expect(faultsOf(Buffer.concat([Buffer.from(upgraded), answer]))).toEqual([]);
  });

  it("is wrong: another answer's bytes in a WebSocket", () => {
    const text = `${upgraded}HTTP/1.1 200 OK\r\n\r\nok`;
    expect(faultsOf(Buffer.from(text)).length).toBeGreaterThan(0);
  });

  it("tells the session of a polling handshake", () => {
    const check = new AnswerCheck();
    check.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n0{"sid":"abcdefghijABCDEFGH-_"}'));
    expect(check.session).toBe("abcdefghijABCDEFGH-_");
  });
});
