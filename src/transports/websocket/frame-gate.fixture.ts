/** A connection on a real `ws` behind its gate; socket, clock and turn are the test's. */
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { opcodes } from "../../../test/support/raw-websocket.ts";
import { ByteBudget } from "../../kit/byte-budget.ts";
import { Connection, type ConnectionLimits } from "../../kit/connection.ts";
import {
  FakeReceiver,
  ManualClock,
  ManualTurn,
  openingOf,
  roomyLimits,
  settled,
} from "../../kit/kit.fixture.ts";
import { anybody } from "../../kit/principal.ts";
import { FrameJoiner } from "./frame-joiner.ts";
import { ServedWebSocket } from "./served-websocket.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** A socket that gives what the test pushes, and notes what is written. */
export class TestSocket extends Duplex {
  readonly written: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}

interface Options {
  readonly isAuthenticated?: boolean;
  readonly limits?: Partial<ConnectionLimits>;
  readonly total?: number;
  readonly perAddress?: number;
}

/** A connection on a real `ws` behind a gate; `handed` is what the library was given. */
export async function gated({ isAuthenticated = true, limits, total, perAddress }: Options = {}) {
  const socket = new TestSocket();
  const clock = new ManualClock();
  const turn = new ManualTurn();
  const receiver = new FakeReceiver();
  const budget = new ByteBudget({ total: total ?? 1 << 22, perAddress: perAddress ?? 1 << 22 });
  const webSocket = await upgraded(socket);
  const handed: Buffer[] = [];
  const [library] = socket.listeners("data") as ((chunk: Buffer) => void)[];
  if (library === undefined) throw new Error("ws has a data listener");
  socket.off("data", library);
  socket.on("data", (chunk: Buffer) => {
    handed.push(Buffer.from(chunk));
    library.call(socket, chunk);
  });
  const link = new WebSocketLink(webSocket, socket, new FrameJoiner(), clock);
  const connection = new Connection(
    "c1",
    openingOf({ principal: isAuthenticated ? anybody : undefined, address: "1.1.1.1" }),
    link,
    receiver,
    { ...roomyLimits, ...limits },
    clock,
    turn.turn,
  );
  let gone = false;
  link.attach(
    connection,
    { turn: turn.turn, clock, budget, maxUnauthenticatedBytes: 1000 },
    () => (gone = true),
  );
  socket.written.length = 0;
  const push = async (bytes: Buffer) => {
    // A copy: the library unmasks in place.
    socket.push(Buffer.from(bytes));
    await settled();
  };
  return {
    socket,
    clock,
    turn,
    receiver,
    budget,
    link,
    connection,
    push,
    handedBytes: () => Buffer.concat(handed),
    handedChunks: () => handed.length,
    isGone: () => gone,
    /** Code and reason of the close frame that was written. */
    closed: () => {
      const frame = socket.written.find((bytes) => bytes[0] === (0x80 | opcodes.close));
      const bytes = Buffer.concat(socket.written.slice(frame ? socket.written.indexOf(frame) : 0));
      return frame === undefined
        ? undefined
        : { code: bytes.readUInt16BE(2), reason: bytes.subarray(4).toString() };
    },
  };
}

/** What `ws` makes of an upgrade. */
export function upgraded(socket: Duplex): Promise<ServedWebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: 1 << 20,
    WebSocket: ServedWebSocket,
  } as ConstructorParameters<typeof WebSocketServer>[0]);
  const headers = {
    upgrade: "websocket",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-version": "13",
  };
  const request = { method: "GET", url: "/", headers } as unknown as IncomingMessage;
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, Buffer.alloc(0), (webSocket: WebSocket) => {
      resolve(webSocket as ServedWebSocket);
    });
  });
}

/** So many frames, one after another. */
export const times = (count: number, frame: (nth: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, nth) => frame(nth)));
