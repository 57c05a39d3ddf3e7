/** The frames as the `ws` client reads them off a real socket. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { encodeTextFrame } from "./text-frame.ts";

const deadlineMs = 5_000;

/** What a `ws` client receives from a server that writes `frames` in one write and then closes. */
async function receive(frames: readonly Uint8Array[]): Promise<string[]> {
  const server = createServer();
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.end(Buffer.concat([...frames, Buffer.from([0x88, 2, 0x03, 0xe8])]));
  });
  server.listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      perMessageDeflate: false,
    });
    const texts: string[] = [];
    client.on("message", (data, isBinary) => texts.push(isBinary ? "binary" : data.toString()));
    const [code] = await once(client, "close", { signal: AbortSignal.timeout(deadlineMs) });
    expect(code).toBe(1000);
    return texts;
  } finally {
    server.close();
  }
}

describe("encodeTextFrame", () => {
  it("is read by ws at every length of header, in every width of character", async () => {
    const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000];
    const texts = lengths.map((length) => "abcdefghij".repeat(length / 10 + 1).slice(0, length));
    texts.push(
      "é",
      "漢字",
      "\u{1f600}",
      `${"é".repeat(62)}a`,
      "é".repeat(63),
      `${"漢".repeat(21_845)}`,
      `${"漢".repeat(21_845)}a`,
    );
    texts.push("\u{1f600}".repeat(20_000), '{"a":"é"}', "\u0000", "refresh");
    expect(await receive(texts.map(encodeTextFrame))).toEqual(texts);
  });

  it("has the header that RFC 6455 gives for the length in bytes", () => {
    const header = (text: string) => [...encodeTextFrame(text).subarray(0, 10)];
    expect(header("")).toEqual([0x81, 0]);
    expect(header("é".repeat(62)).slice(0, 2)).toEqual([0x81, 124]);
    expect(header("a".repeat(125)).slice(0, 2)).toEqual([0x81, 125]);
    expect(header("é".repeat(63)).slice(0, 4)).toEqual([0x81, 126, 0, 126]);
    expect(header("a".repeat(65_535)).slice(0, 4)).toEqual([0x81, 126, 255, 255]);
    expect(header("a".repeat(65_536))).toEqual([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    expect(encodeTextFrame("a".repeat(65_536)).length).toBe(65_546);
  });

  it("replaces a lone surrogate, so that the frame is UTF-8 still", async () => {
    expect(await receive([encodeTextFrame("a\ud800b"), encodeTextFrame("\udc00")])).toEqual([
      "a\ufffdb",
      "\ufffd",
    ]);
  });
});
