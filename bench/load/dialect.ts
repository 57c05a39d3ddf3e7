/** What a viewer says and hears on each of the servers compared: the same lobby, in two ways of speaking. */
import type { ServerName } from "../server-process.ts";
import { clientFrame, opcodes } from "./frames.ts";

export interface Dialect {
  readonly path: string;
  /** Written when the socket is open. */
  readonly hello: Buffer;
  /** The frame that makes the server send `refresh` to every viewer. */
  readonly update: Buffer;
  /** Whether a text frame is the `refresh` that is counted. Length and one letter: enough to tell it from all others. */
  isRefresh(buffer: Buffer, start: number, length: number): boolean;
  /** Any other frame: what it means, and what to answer. Undefined: such a frame must not come. */
  other(
    opcode: number,
    payload: string,
  ): { readonly joined?: boolean; readonly reply?: Buffer } | undefined;
}

function plain(path: string, hello: Buffer): Dialect {
  return {
    path,
    // The ping is answered after the hello was read: that is how a viewer knows that it is in.
    hello: Buffer.concat([hello, clientFrame(opcodes.ping, "in?")]),
    update: clientFrame(opcodes.text, `{"type":"lobby_prompts_update"}`),
    isRefresh: (buffer, start, length) => length === 7 && buffer[start] === 0x72,
    other(opcode, payload) {
      if (opcode === opcodes.pong) return { joined: true };
      if (opcode === opcodes.ping) return { reply: clientFrame(opcodes.pong, payload) };
      return undefined;
    },
  };
}

/** Switchboard's lobby: a viewer of the prompts of that lobby. */
export function lobbyDialect(lobbyId: number): Dialect {
  return plain(
    "/lobby",
    clientFrame(opcodes.text, `{"type":"lobby_prompts","lobby_id":${lobbyId}}`),
  );
}

/** The hand-written loop on `ws`, where whoever is connected is a viewer. */
function wsLoopDialect(): Dialect {
  return plain("/", Buffer.alloc(0));
}

/** Socket.IO: Engine.IO 4 straight over WebSocket. */
function socketIoDialect(): Dialect {
  return {
    path: "/socket.io/?EIO=4&transport=websocket",
    hello: Buffer.alloc(0),
    update: clientFrame(opcodes.text, `42["lobby_prompts_update"]`),
    isRefresh: (buffer, start, length) => length === 13 && buffer[start + 1] === 0x32,
    other(opcode, payload) {
      if (opcode === opcodes.ping) return { reply: clientFrame(opcodes.pong, payload) };
      if (opcode !== opcodes.text) return undefined;
      if (payload.startsWith("0{")) return { reply: clientFrame(opcodes.text, "40") };
      if (payload.startsWith("40{")) return { joined: true };
      if (payload === "2") return { reply: clientFrame(opcodes.text, "3") };
      return undefined;
    },
  };
}

/** The dialect that a server understands; on Switchboard the viewer is in lobby 1. */
export function dialectOf(server: ServerName): Dialect {
  if (server === "switchboard") return lobbyDialect(1);
  return server === "ws" ? wsLoopDialect() : socketIoDialect();
}
