/** Prints the packets that the Socket.IO library sends by itself. */
import type { SocketIoPacket } from "./packet-decoder.ts";

/** The library's interface of an encoder. Packets hold JSON only: binary is not spoken here. */
export class PacketEncoder {
  /** The text of a packet, alone in a list, as the library wants it. */
  encode({ type, nsp, id, data }: SocketIoPacket): [string] {
    const namespace = nsp === undefined || nsp === "/" ? "" : `${nsp},`;
    const json = data === undefined || data === null ? "" : JSON.stringify(data);
    return [`${type}${namespace}${id ?? ""}${json}`];
  }
}
