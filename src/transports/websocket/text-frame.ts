/** Encoding a server's text frame, RFC 6455 §5.2. */

/**
 * One final, unmasked text frame (opcode 1) that holds `text` as UTF-8, in one allocation; a lone surrogate becomes U+FFFD. Only a
 * server may send it: a client's frames are masked. Any length is encoded; limits are the caller's.
 */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = 0x81;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  // As many bytes as UTF-16 units: all ASCII, which latin1 writes faster.
  frame.write(text, headerLength, length, length === text.length ? "latin1" : "utf8");
  return frame;
}
