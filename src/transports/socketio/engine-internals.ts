/**
 * What is needed of engine.io and its types keep private, all in one place. Each has a test that
 * notices when it has changed.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket as EngineSocket } from "engine.io";
import type { WebSocket } from "ws";
import type { EnginePacket } from "./payload-reader.ts";

/** A way of the bytes, of either kind. */
type Transport = EngineSocket["transport"];

/** The WebSocket of a transport; undefined for polling. */
export function webSocketOf(transport: Transport): WebSocket | undefined {
  return (transport as unknown as { readonly socket?: WebSocket }).socket;
}

/** The WebSocket that an upgrade has become. */
export function webSocketOfUpgrade(request: IncomingMessage): WebSocket | undefined {
  return (request as { readonly websocket?: WebSocket }).websocket;
}

/** Bytes that `ws` holds of messages whose rest has not come. */
export function heldBytesOf(webSocket: WebSocket): number {
  const { _receiver: receiver } = webSocket as unknown as {
    readonly _receiver: {
      /** Not yet a whole frame, and of the whole frames of an unfinished message. */
      readonly _bufferedBytes: number;
      readonly _messageLength: number;
    };
  };
  return receiver._bufferedBytes + receiver._messageLength;
}

/** Sends an Engine.IO 4 ping out of its turn. Clients answer every ping, and the library takes every pong. */
export function sendPing(engineSocket: EngineSocket): void {
  (engineSocket as unknown as { sendPacket(type: "ping"): void }).sendPacket("ping");
}

/**
 * How long the library keeps the goodbye for a polling client that was told to go and asks for
 * nothing more. Default there: 30 s.
 */
export function boundPollingGoodbye(engineSocket: EngineSocket, ms: number): void {
  if (engineSocket.transport.name === "polling")
    Object.assign(engineSocket.transport, { closeTimeout: ms });
}

/** Has `take` read the POSTs of a polling client, in the place of the library. */
export function takePosts(
  { transport }: EngineSocket,
  take: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  if (transport.name === "polling") Object.assign(transport, { onDataRequest: take });
}

/** Hands the library a packet of a POST. */
export function receivePacket(transport: Transport, packet: EnginePacket): void {
  const inner = transport as unknown as { onPacket(packet: EnginePacket): void; onClose(): void };
  if (packet.type === "close") inner.onClose();
  else inner.onPacket(packet);
}

/** Ends the session as the library does after a fault of its transport. */
export function failTransport(transport: Transport, reason: string): void {
  (transport as unknown as { onError(reason: string): void }).onError(reason);
}

/** Ends it at once, also while a polling client is being waited for, where the public `close(true)` does nothing. */
export function endNow(engineSocket: EngineSocket): void {
  engineSocket.close(true);
  if (engineSocket.readyState !== "closed")
    (engineSocket as unknown as { onClose(reason: string): void }).onClose("forced close");
  webSocketOf(engineSocket.transport)?.terminate();
}

/**
 * Lets go of the request that opened it, which the library keeps for as long as the connection. Only
 * while nobody asks for it any more.
 */
export function forgetRequest(engineSocket: EngineSocket): void {
  Object.assign(engineSocket, { request: null });
}
