/** Clients that misbehave, in their own process, until asked to finish. Each reports how much of it the server took. */
import { reportToBenchmark } from "../load-process.ts";
import { lobbyDialect } from "./dialect.ts";
import { clientFrame, opcodes } from "./frames.ts";
import { type InputAbuse, startInputAbuse } from "./input-abuse.ts";
import { newReadBuffer, RawClient } from "./raw-client.ts";
import { joinViewers, Viewer } from "./viewer.ts";

/**
 * `flood`: a big lobby whose viewers all read, and one member that sends updates.
 * `never-reads`: one more viewer in that lobby, who joins and then never reads; comes with `flood`.
 * `invalid`: a viewer that sends messages of no known type.
 * `binary`, `not-utf8`, `oversized`: send a binary frame, text that is not UTF-8, a frame of 1 MiB and one byte, for which each is thrown
 * out, and come back at once.
 */
export type Abuse = "flood" | "never-reads" | "invalid" | "binary" | "not-utf8" | "oversized";

export interface AbuserTask {
  readonly port: number;
  readonly abuses: readonly Abuse[];
  /** Without a bound of their own: as fast as the server takes it. */
  readonly inputAbuses: readonly InputAbuse[];
  /** Viewers of the big lobby. */
  readonly bigLobby: number;
  /** Updates a second in the flood; undefined: as many as the server takes. */
  readonly floodPerSecond: number | undefined;
  /** Bad frames a second, of each kind (a tenth of it of the oversized ones); undefined: as many as the server takes. */
  readonly badPerSecond: number | undefined;
}

/** How often each thing happened since the start. */
export type AbuserResult = Readonly<Record<string, number>>;

/** Lobbies that the bystander is not in. */
const lobbies = { big: 2, invalid: 3 } as const;

/** What the abusers write in one go: little enough for the kernel to let the bystander in between. */
const chunkBytes = 65_536;

const counts: Record<string, number> = {};
const readBuffer = newReadBuffer();

function count(what: string, times = 1): void {
  counts[what] = (counts[what] ?? 0) + times;
}

/** Bytes to be written in one go, and how many frames end in them. */
interface Chunk {
  readonly bytes: Buffer;
  readonly frames: number;
}

/** A frame as chunks that follow each other in a circle: many copies of a small one in one chunk, or a large one in pieces. */
function chunksOf(frame: Buffer): readonly Chunk[] {
  if (frame.length <= chunkBytes) {
    const frames = Math.floor(chunkBytes / frame.length);
    return [{ bytes: Buffer.concat(Array.from({ length: frames }, () => frame)), frames }];
  }
  const starts = Array.from(
    { length: Math.ceil(frame.length / chunkBytes) },
    (_, piece) => piece * chunkBytes,
  );
  return starts.map((at, piece) => ({
    bytes: frame.subarray(at, at + chunkBytes),
    frames: piece === starts.length - 1 ? 1 : 0,
  }));
}

/** How a client that writes without end goes about it. */
interface Writing {
  readonly port: number;
  readonly path: string;
  /** Said once, at the beginning. */
  readonly first: Buffer;
  /** Written again and again. */
  readonly frame: Buffer;
  /** What one such frame is called in the report. */
  readonly what: string;
  /** How often; undefined: as fast as it is taken. */
  readonly perSecond: number | undefined;
}

/** Writes without end; comes back whenever it is thrown out. */
function writeForever(writing: Writing): void {
  const { port, path, first, frame, what, perSecond } = writing;
  const chunks = perSecond === undefined ? chunksOf(frame) : [{ bytes: frame, frames: 1 }];
  const next = (run: () => void): void =>
    void (perSecond === undefined ? setImmediate(run) : setTimeout(run, 1_000 / perSecond));
  let turn = 0;
  let ended = false;
  const again = (): void => {
    if (ended) return;
    ended = true;
    client.destroy();
    count("reconnects");
    setImmediate(() => writeForever(writing));
  };
  const write = (): void => {
    const chunk = chunks[turn++ % chunks.length];
    if (ended || chunk === undefined) return;
    count(what, chunk.frames);
    if (client.write(chunk.bytes)) next(write);
  };
  const client: RawClient = new RawClient(
    {
      port,
      path,
      opened: () => {
        // Not straight from "drain": that comes in the same turn for as long as the kernel takes it, and nothing would be read.
        client.onDrained(() => next(write));
        if (first.length > 0) client.write(first);
        next(write);
      },
      frame: (opcode) => {
        if (opcode === opcodes.close) again();
      },
      lost: again,
    },
    readBuffer,
  );
}

async function bigLobby(task: AbuserTask, neverReads: boolean): Promise<void> {
  const dialect = lobbyDialect(lobbies.big);
  const events = { refreshed: () => count("refreshes read"), failed: () => count("readers lost") };
  await joinViewers(task.bigLobby, () => new Viewer(task.port, dialect, events, readBuffer));
  if (neverReads) {
    const silent = new Viewer(
      task.port,
      dialect,
      { refreshed: () => {}, failed: () => count("never-readers thrown out") },
      readBuffer,
    );
    await silent.joined;
    silent.stopReading();
  }
  const what = "flood updates";
  if (task.floodPerSecond === undefined) {
    writeForever({
      port: task.port,
      path: dialect.path,
      first: dialect.hello,
      frame: dialect.update,
      what,
      perSecond: undefined,
    });
    return;
  }
  const flooder = new Viewer(
    task.port,
    dialect,
    { refreshed: () => {}, failed: () => count("flooders lost") },
    readBuffer,
  );
  await flooder.joined;
  const start = performance.now();
  const perMs = task.floodPerSecond / 1_000;
  setInterval(() => {
    const due = Math.floor((performance.now() - start) * perMs) - (counts[what] ?? 0);
    if (due <= 0) return;
    flooder.write(Buffer.concat(Array.from({ length: due }, () => dialect.update)));
    count(what, due);
  }, 10);
}

async function begin(task: AbuserTask): Promise<object> {
  const { path } = lobbyDialect(lobbies.invalid);
  const first = lobbyDialect(lobbies.invalid).hello;
  const { port, abuses, badPerSecond } = task;
  const bad = (
    what: string,
    frame: Buffer,
    perSecond: number | undefined,
    hello: Buffer = Buffer.alloc(0),
  ): void => writeForever({ port, path, first: hello, frame, what, perSecond });
  if (abuses.includes("flood")) await bigLobby(task, abuses.includes("never-reads"));
  if (abuses.includes("invalid"))
    bad("invalid messages", clientFrame(opcodes.text, `{"type":"nonsense"}`), badPerSecond, first);
  if (abuses.includes("binary"))
    bad("binary frames", clientFrame(opcodes.binary, "bytes"), badPerSecond);
  if (abuses.includes("not-utf8"))
    bad(
      "texts not in UTF-8",
      clientFrame(opcodes.text, Buffer.from([0x61, 0xff, 0xfe])),
      badPerSecond,
    );
  if (abuses.includes("oversized")) {
    const frame = clientFrame(opcodes.text, Buffer.alloc(1_048_577, "x"));
    bad("oversized frames", frame, badPerSecond === undefined ? undefined : badPerSecond / 10);
  }
  for (const abuse of task.inputAbuses) startInputAbuse(abuse, port, count, readBuffer);
  return {};
}

await reportToBenchmark(begin, (): AbuserResult => counts);
