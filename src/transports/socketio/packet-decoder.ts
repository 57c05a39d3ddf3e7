/** Socket.IO packets out of Engine.IO messages, bounded before the library sees them. */
import { EventEmitter } from "node:events";
import { SwitchboardError } from "../../wire/error.ts";
import { demandJsonBounds, type JsonBounds } from "../../wire/json-meter.ts";
import { PacketEncoder } from "./packet-encoder.ts";

/** A packet of Socket.IO protocol 4 and 5. */
export interface SocketIoPacket {
  readonly type: number;
  /** The namespace; absent in packets to be sent: the default one. */
  readonly nsp?: string;
  readonly id?: number;
  readonly data?: unknown;
}

/** Types of packets, as they are on the wire. */
const types = {
  connect: 0,
  disconnect: 1,
  event: 2,
  acknowledgement: 3,
  binaryEvent: 5,
  binaryAcknowledgement: 6,
} as const;

/** Longer namespaces are refused. Socket.IO 2 carries its query, and so its token, in one. */
const maxNamespaceLength = 8192;

/** Every integer of so many digits is a safe one. */
const maxIdDigits = 15;

/** Names of the library's own events, which no client may send. */
const reservedEvents: ReadonlySet<unknown> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

/**
 * The library's interface of a decoder; one for each client.
 *
 * The library applies what a packet holds as arguments of functions and keeps what comes with the
 * handshake, so it gets no more than is used: of an event the name and the first argument, of a
 * handshake the token. JSON is measured before it is parsed. Acknowledgements are dropped unread:
 * the server asks for none.
 */
export class PacketDecoder extends EventEmitter<{ decoded: [SocketIoPacket] }> {
  readonly #bounds: JsonBounds;

  constructor(bounds: JsonBounds) {
    super();
    this.#bounds = bounds;
  }

  /**
   * Emits `decoded` with the packet in one message. Throws `too_large` over the bounds, else
   * `bad_message`; the library then ends the client.
   */
  add(message: unknown): void {
    if (typeof message !== "string") throw binaryRefused();
    const packet = this.#decode(message);
    if (packet !== undefined) this.emit("decoded", packet);
  }

  /** Holds nothing between two messages. */
  destroy(): void {}

  #decode(text: string): SocketIoPacket | undefined {
    const type = text.charCodeAt(0) - 0x30;
    if (type === types.acknowledgement) return undefined;
    if (type === types.binaryEvent || type === types.binaryAcknowledgement) throw binaryRefused();
    const { nsp, end } = namespaceOf(text);
    const bodyAt = endOfDigits(text, end);
    const id = bodyAt === end ? {} : { id: idOf(text, end, bodyAt) };
    const body = text.slice(bodyAt);
    if (type === types.event) return { type, nsp, ...id, data: this.#event(body) };
    if (type === types.connect) return { type, nsp, data: this.#handshake(body) };
    if (type !== types.disconnect || body !== "") throw bad("is none that a client sends");
    return { type, nsp };
  }

  /** The name and the first argument, where there is one. */
  #event(body: string): readonly unknown[] {
    const list = this.#parse(body);
    if (!Array.isArray(list)) throw bad("has no list of a name and arguments");
    const name: unknown = list[0];
    if ((typeof name !== "string" && typeof name !== "number") || reservedEvents.has(name)) {
      throw bad("has no name that an event may have");
    }
    return list.slice(0, 2);
  }

  /** What came with the handshake: of it the token only. */
  #handshake(body: string): Readonly<Record<string, unknown>> | undefined {
    if (body === "") return undefined;
    const auth = this.#parse(body);
    if (typeof auth !== "object" || auth === null || Array.isArray(auth)) {
      throw bad("has a handshake that is not an object");
    }
    const token: unknown = Object.hasOwn(auth, "token") ? Reflect.get(auth, "token") : undefined;
    return typeof token === "string" ? { token } : {};
  }

  #parse(json: string): unknown {
    demandJsonBounds(json, this.#bounds);
    try {
      return JSON.parse(json);
    } catch {
      throw bad("holds text that is not JSON");
    }
  }
}

/** What the library takes as its `parser`: an encoder, and a decoder with these bounds. */
export function packetParser(bounds: JsonBounds): {
  readonly Encoder: typeof PacketEncoder;
  readonly Decoder: new () => PacketDecoder;
} {
  return {
    Encoder: PacketEncoder,
    Decoder: class extends PacketDecoder {
      constructor() {
        super(bounds);
      }
    },
  };
}

/** `/` where a packet names no namespace; `end`: where the rest begins. */
function namespaceOf(text: string): { readonly nsp: string; readonly end: number } {
  if (text[1] !== "/") return { nsp: "/", end: 1 };
  const comma = text.indexOf(",", 1);
  const end = comma < 0 ? text.length : comma;
  if (end > maxNamespaceLength)
    throw bad(`has a namespace of over ${maxNamespaceLength} characters`);
  return { nsp: text.slice(1, end), end: comma < 0 ? end : end + 1 };
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) {
    at++;
  }
  return at;
}

function idOf(text: string, from: number, to: number): number {
  if (to - from > maxIdDigits) throw bad(`has an id of over ${maxIdDigits} digits`);
  return Number(text.slice(from, to));
}

function bad(what: string): SwitchboardError {
  return new SwitchboardError("bad_message", `the Socket.IO packet ${what}`);
}

function binaryRefused(): SwitchboardError {
  return new SwitchboardError(
    "bad_message",
    "binary attachments are not spoken here: send JSON as text",
  );
}
