/** Clients that misuse what a WebSocket server reads: as fast as it takes it, back whenever they are thrown out. */
import { lobbyDialect } from "./dialect.ts";
import { clientFrame, opcodes } from "./frames.ts";
import { RawClient, type ReadBuffer } from "./raw-client.ts";

/**
 * `pings`, `pongs`: control frames without a payload. `heartbeats`: empty text frames on 20
 * connections with `?heartbeat=1`. `after-close`: a binary frame, for which the server closes, and
 * text without end behind it. `fragments`: a message that never ends, one byte a frame.
 * `half-frames`: 100 connections that send all but the last byte of a frame of 16 MiB.
 */
export type InputAbuse =
  | "pings"
  | "pongs"
  | "heartbeats"
  | "after-close"
  | "fragments"
  | "half-frames";

/** Adds to the count of what was done. */
export type Count = (what: string, times?: number) => void;

const chunkBytes = 65_536;
const continuation = 0;
const halfFrameBytes = 16 << 20;

/** How the clients of one kind go about it. */
interface Plan {
  readonly connections: number;
  readonly path: string;
  /** Written once, when the connection is open. */
  readonly first: Buffer;
  /** Written again and again. */
  readonly chunk: Buffer;
  /** What `chunk` adds to the count. */
  readonly frames: number;
  /** How often `chunk` is written on one connection. */
  readonly times: number;
}

/** As many copies of a frame as fit in one write. */
function repeated(frame: Buffer): Pick<Plan, "chunk" | "frames" | "times"> {
  const frames = Math.floor(chunkBytes / frame.length);
  const chunk = Buffer.concat(Array.from({ length: frames }, () => frame));
  return { chunk, frames, times: Number.POSITIVE_INFINITY };
}

/** One frame of a message that goes on. */
function fragment(opcode: number, payload: string): Buffer {
  const frame = clientFrame(opcode, payload);
  frame[0] = opcode;
  return frame;
}

function planOf(abuse: InputAbuse): Plan {
  const { path, hello } = lobbyDialect(4);
  const text = clientFrame(opcodes.text, `{"type":"lobby_prompts_update"}`);
  const none = Buffer.alloc(0);
  switch (abuse) {
    case "pings":
      return { connections: 1, path, first: none, ...repeated(clientFrame(opcodes.ping, none)) };
    case "pongs":
      return { connections: 1, path, first: none, ...repeated(clientFrame(opcodes.pong, none)) };
    case "heartbeats":
      return {
        connections: 20,
        path: `${path}?heartbeat=1`,
        first: hello,
        ...repeated(clientFrame(opcodes.text, none)),
      };
    case "after-close":
      return {
        connections: 1,
        path,
        first: clientFrame(opcodes.binary, "bytes"),
        ...repeated(text),
      };
    case "fragments":
      return {
        connections: 1,
        path,
        first: fragment(opcodes.text, "x"),
        ...repeated(fragment(continuation, "x")),
      };
    case "half-frames": {
      const frame = clientFrame(opcodes.text, Buffer.alloc(halfFrameBytes, "x"));
      const chunk = frame.subarray(0, chunkBytes);
      const times = halfFrameBytes / chunkBytes - 1;
      return { connections: 100, path: "/processor", first: chunk, chunk, frames: 0, times };
    }
  }
}

/** Starts the clients of one kind, which go on until the process ends. */
export function startInputAbuse(
  abuse: InputAbuse,
  port: number,
  count: Count,
  readBuffer: ReadBuffer,
): void {
  const plan = planOf(abuse);
  for (let nth = 0; nth < plan.connections; nth++) writeOn(abuse, plan, port, count, readBuffer);
}

function writeOn(
  abuse: InputAbuse,
  plan: Plan,
  port: number,
  count: Count,
  readBuffer: ReadBuffer,
): void {
  let left = plan.times;
  let ended = false;
  const write = (): void => {
    if (ended || left-- <= 0) return;
    count(`bytes of ${abuse}`, plan.chunk.length);
    if (client.write(plan.chunk)) setImmediate(write);
  };
  const lost = (): void => {
    if (ended) return;
    ended = true;
    count("reconnects");
    setTimeout(() => writeOn(abuse, plan, port, count, readBuffer), 10);
  };
  const client: RawClient = new RawClient(
    {
      port,
      path: plan.path,
      opened: () => {
        client.onDrained(() => setImmediate(write));
        if (plan.first.length > 0) client.write(plan.first);
        setImmediate(write);
      },
      // A close frame is ignored: it ends when the server ends it.
      frame: () => {},
      lost,
    },
    readBuffer,
  );
}
