/** The log output over real pipes: bounded, never blocking, and honest about what it dropped. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LogOutput } from "./log-output.ts";

let folder: string;
let open: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "switchboard-log-"));
});

afterEach(() => {
  for (const fd of open) closeSync(fd);
  open = [];
  rmSync(folder, { recursive: true });
});

function opened(path: string, flags: number): number {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
}

/** A pipe with a name: its reading end does not block, its writing end does. */
function pipe(): { reader: number; writer: number } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = opened(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: opened(path, constants.O_WRONLY) };
}

/** Everything that is in the pipe now. */
function read(reader: number): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(1 << 16);
    try {
      const bytes = readSync(reader, chunk);
      if (bytes === 0) break;
      chunks.push(chunk.subarray(0, bytes));
    } catch {
      break;
    }
  }
  return Buffer.concat(chunks).toString();
}

const line = (nth: number) => `${JSON.stringify({ nth, text: "x".repeat(200) })}\n`;
const numbersIn = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((each) => JSON.parse(each) as { nth?: number; dropped?: number });

describe.skipIf(process.platform !== "linux")("a pipe (skipped elsewhere: needs /proc)", () => {
  test("gets each line at once while its reader keeps up", () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer });
    for (let nth = 0; nth < 50; nth++) {
      output.write(line(nth));
      expect(read(reader)).toBe(line(nth));
    }
    expect(output.dropped).toBe(0);
    output.close();
  });

  test("whose reader stops: lines wait up to the bound, then are dropped, counted and told", async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer, maxBufferBytes: 50_000 });
    const count = 2_000;
    for (let nth = 0; nth < count; nth++) output.write(line(nth));
    const { dropped } = output;
    expect(dropped).toBeGreaterThan(1_000);
    let text = "";
    await expect
      .poll(() => {
        text += read(reader);
        return text;
      })
      .toContain('"dropped"');
    const lines = numbersIn(text);
    // All lines are whole and in order, and the last one says how many are missing.
    expect(lines.slice(0, -1).map(({ nth }) => nth)).toEqual(
      Array.from({ length: count - dropped }, (_, nth) => nth),
    );
    expect(lines.at(-1)).toMatchObject({ level: 40, dropped });
    output.write(line(7));
    expect(read(reader)).toBe(line(7));
    expect(output.dropped).toBe(dropped);
    output.close();
  });

  test("whose reader has stopped does not hold the end; one that reads gets everything", async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer });
    for (let nth = 0; nth < 1_000; nth++) output.write(line(nth));
    output.flushWithin(30);
    await output.drained(30);
    let text = "";
    const reading = setInterval(() => {
      text += read(reader);
    }, 1);
    await output.drained(10_000);
    clearInterval(reading);
    text += read(reader);
    expect(numbersIn(text)).toHaveLength(1_000);
    expect(output.dropped).toBe(0);
    output.close();
  });

  test("whose reader has gone ends the output, and counts on", () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer });
    open = open.filter((fd) => fd !== reader);
    closeSync(reader);
    for (let nth = 0; nth < 3; nth++) output.write(line(nth));
    expect(output.dropped).toBe(3);
    output.close();
  });
});

test("a file gets every line, behind what is in it", () => {
  const path = join(folder, "log");
  const fd = opened(path, constants.O_CREAT | constants.O_WRONLY);
  const output = new LogOutput({ fd });
  for (let nth = 0; nth < 100; nth++) output.write(line(nth));
  expect(numbersIn(readFileSync(path, "utf8")).map(({ nth }) => nth)).toEqual(
    Array.from({ length: 100 }, (_, nth) => nth),
  );
  output.close();
});
