/** Reads what the server writes on one connection, and says what of it must never come. */
import { FrameReader, opcodes } from "../load/frames.ts";

/** Longest head of an answer that is looked at whole. */
const maxHead = 65_536;

export class AnswerCheck {
  /** What was wrong, each once. */
  readonly faults = new Set<string>();
  /** The Engine.IO session that a handshake gave. */
  session: string | undefined;
  bytes = 0;
  #head = "";
  #frames: FrameReader | undefined;
  /** What comes behind bytes that are no frame cannot be cut into frames either. */
  #broken = false;

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.#frames !== undefined) {
      this.#read(chunk, 0);
      return;
    }
    const text = this.#head + chunk.toString("latin1");
    this.#lookAt(text);
    const upgraded = text.indexOf("HTTP/1.1 101 ");
    const end = upgraded < 0 ? -1 : text.indexOf("\r\n\r\n", upgraded);
    if (end < 0) {
      // Enough for a status line or a name that two chunks share.
      this.#head = upgraded < 0 ? text.slice(-200) : text.slice(-maxHead);
      return;
    }
    this.#frames = new FrameReader((opcode, buffer, start, length) =>
      this.#frame(opcode, buffer, start, length),
    );
    this.#head = "";
    const rest = text.length - (end + 4);
    this.#read(chunk, chunk.length - rest);
  }

  #read(chunk: Buffer, from: number): void {
    if (this.#broken) return;
    try {
      this.#frames?.push(chunk, from, chunk.length);
    } catch (error) {
      this.#broken = true;
      this.faults.add(error instanceof Error ? error.message : String(error));
    }
  }

  #frame(opcode: number, buffer: Buffer, start: number, length: number): void {
    const payload = buffer.toString("latin1", start, start + Math.min(length, 4096));
    // A close that the client began is answered with its own code; ours names an incident.
    const code = opcode === opcodes.close && length >= 2 ? buffer.readUInt16BE(start) : 0;
    if (code === 1011 && payload.includes("incident"))
      this.faults.add(`closed with 1011 ${payload.slice(2)}`);
    else if (opcode === opcodes.text) this.#lookAt(payload);
  }

  #lookAt(text: string): void {
    this.session ??= /"sid":"([\w-]{20})"/.exec(text)?.[1];
    if (text.includes("HTTP/1.1 500")) this.faults.add("answered with status 500");
    if (text.includes('"code":"internal"')) this.faults.add("answered with the code `internal`");
  }
}
