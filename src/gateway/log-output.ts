/** Where the log goes: a file descriptor that may be a pipe whose reader has stopped. */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";

/** The default of `log.maxBufferBytes`. */
const defaultLogBufferBytes = 1 << 20;

/** What a log output is made with. */
export interface LogOutputOptions {
  /** Lines that wait for the reader; what is beyond is dropped and counted. Default 1 MiB. */
  readonly maxBufferBytes?: number;
  /** Where the lines go. Default 2, standard error. */
  readonly fd?: number;
}

/** While the reader has stopped: how often to find out whether it reads again. */
const retryMs = 50;
/** How long `flushWithin` sleeps before it looks again. */
const flushStepMs = 5;

/**
 * A destination for pino that never blocks the process. A line is written at once if the reader
 * keeps up. Otherwise it waits, up to `maxBufferBytes`; further lines are dropped and counted, and
 * a line says how many were once the reader reads again. A reader that has gone (EPIPE) ends the
 * output: all later lines are dropped.
 *
 * A pipe or terminal is opened once more, non-blocking, through `/proc`: the mode of the given
 * descriptor may be shared with other processes. Where that is not possible (sockets, systems
 * without `/proc`), the descriptor is used as it is. Node makes sockets and pipes of standard
 * error non-blocking when `process.stderr` is first used, which this does. Regular files do not
 * block.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #owned: boolean;
  readonly #maxBufferBytes: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #untold = 0;
  #gone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxBufferBytes = defaultLogBufferBytes, fd = 2 }: LogOutputOptions = {}) {
    this.#maxBufferBytes = maxBufferBytes;
    const own = reopened(fd);
    this.#fd = own ?? fd;
    this.#owned = own !== undefined;
    if (own === undefined && fd === 2) void process.stderr.writableLength;
  }

  /** Lines that were dropped because nobody read them. Only grows. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one line, its line feed included. Never blocks, never throws. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#gone || this.#waitingBytes + bytes.length > this.#maxBufferBytes) {
      this.#dropped++;
      this.#untold++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#timer === undefined) this.#writeOut();
  }

  /**
   * Writes what waits before the process ends, and blocks for it. Gives up after `maxMs`: a reader
   * that has stopped does not hold the exit.
   */
  flushWithin(maxMs: number): void {
    const untilMs = performance.now() + maxMs;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    this.#writeOut();
    while (this.#waiting.length > 0 && performance.now() < untilMs) {
      Atomics.wait(cell, 0, 0, flushStepMs);
      this.#writeOut();
    }
  }

  /** Resolves when nothing waits, or after `maxMs`. The event loop goes on meanwhile. */
  async drained(maxMs: number): Promise<void> {
    const untilMs = performance.now() + maxMs;
    while (this.#waiting.length > 0 && performance.now() < untilMs) {
      await new Promise<void>((resolve) => setTimeout(resolve, flushStepMs));
      this.#writeOut();
    }
  }

  /** Lets go of the descriptor; what still waits is dropped. */
  close(): void {
    this.#end();
    if (this.#owned) closeSync(this.#fd);
  }

  #writeOut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      while (this.#waiting.length > 0) this.#writeFirst();
    } catch (error) {
      this.#failed(error);
    }
  }

  #writeFirst(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const written = writeSync(this.#fd, first);
    this.#waitingBytes -= written;
    if (written < first.length) this.#waiting[0] = first.subarray(written);
    else this.#waiting.shift();
    if (this.#waiting.length > 0 || this.#untold === 0) return;
    const line = Buffer.from(droppedLine(this.#untold));
    this.#untold = 0;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EPIPE") {
      this.#end();
      return;
    }
    // EAGAIN: the pipe is full. Others, such as ENOSPC, may pass as well.
    this.#timer = setTimeout(() => this.#writeOut(), retryMs);
    this.#timer.unref();
  }

  #end(): void {
    this.#gone = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

/** As pino writes its lines; 40 is `warn`. */
function droppedLine(lines: number): string {
  const line = {
    level: 40,
    time: new Date().toISOString(),
    pid: process.pid,
    dropped: lines,
    msg: "log lines were dropped: whoever reads the log was too slow (log.maxBufferBytes)",
  };
  return `${JSON.stringify(line)}\n`;
}

/** A non-blocking descriptor of the same pipe or terminal; undefined if it is neither, or there is no way. */
function reopened(fd: number): number | undefined {
  try {
    const kind = fstatSync(fd);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return undefined;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
