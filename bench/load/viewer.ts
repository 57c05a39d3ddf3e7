/** One viewer of a lobby on one server: joins, counts each `refresh`, answers pings. */
import type { Dialect } from "./dialect.ts";
import { opcodes } from "./frames.ts";
import { RawClient, type ReadBuffer } from "./raw-client.ts";

export interface ViewerEvents {
  /** A `refresh` came; `received` counts it already. */
  readonly refreshed: () => void;
  /** The connection is gone, or the server sent what it must not. */
  readonly failed: (reason: string) => void;
}

export class Viewer {
  /** How many `refresh` have come. */
  received = 0;
  /** Resolves once the server has answered that this viewer is in; rejects if the connection ends before. */
  readonly joined: Promise<void>;
  readonly #client: RawClient;
  readonly #dialect: Dialect;
  readonly #events: ViewerEvents;
  readonly #settle: { resolve: () => void; reject: (error: Error) => void };
  #in = false;

  constructor(port: number, dialect: Dialect, events: ViewerEvents, readBuffer: ReadBuffer) {
    this.#dialect = dialect;
    this.#events = events;
    let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
    this.joined = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    if (settle === undefined) throw new Error("a promise calls its executor at once");
    this.#settle = settle;
    this.#client = new RawClient(
      {
        port,
        path: dialect.path,
        opened: () => {
          if (dialect.hello.length > 0) this.#client.write(dialect.hello);
        },
        frame: (opcode, buffer, start, length) => this.#frame(opcode, buffer, start, length),
        lost: (reason) => this.#fail(reason),
      },
      readBuffer,
    );
  }

  /** Writes these frames in one write. */
  write(frames: Buffer): void {
    this.#client.write(frames);
  }

  /** Reads no more, for good: from now on the server's messages pile up. */
  stopReading(): void {
    this.#client.stopReading();
  }

  destroy(): void {
    this.#client.destroy();
  }

  #frame(opcode: number, buffer: Buffer, start: number, length: number): void {
    if (opcode === opcodes.text && this.#dialect.isRefresh(buffer, start, length)) {
      this.received++;
      this.#events.refreshed();
      return;
    }
    const payload = buffer.toString("latin1", start, start + length);
    const answer = this.#dialect.other(opcode, payload);
    if (answer === undefined)
      throw new Error(
        `an unexpected frame, opcode ${opcode}: ${JSON.stringify(payload.slice(0, 100))}`,
      );
    if (answer.reply !== undefined) this.#client.write(answer.reply);
    if (answer.joined === true) {
      this.#in = true;
      this.#settle.resolve();
    }
  }

  #fail(reason: string): void {
    if (!this.#in) this.#settle.reject(new Error(reason));
    else this.#events.failed(reason);
  }
}

/** Joins `count` viewers, `atOnce` at a time so that no listener's backlog overflows, and resolves when all are in. */
export async function joinViewers(
  count: number,
  join: () => Viewer,
  atOnce = 100,
): Promise<Viewer[]> {
  const viewers: Viewer[] = [];
  const inTurn = async (): Promise<void> => {
    while (viewers.length < count) {
      const viewer = join();
      viewers.push(viewer);
      await viewer.joined;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, inTurn));
  return viewers;
}
