/** What is needed of engine.io and its types keep private, all in one place. Each has a test that notices when it has changed. */
import type { Socket as EngineSocket } from "engine.io";
import type { WebSocket } from "ws";

/** The client's WebSocket, if it has opened or upgraded to one. */
export function webSocketOf(engineSocket: EngineSocket): WebSocket | undefined {
  return (engineSocket.transport as unknown as { readonly socket?: WebSocket }).socket;
}

/** Sends an Engine.IO 4 ping out of its turn. Clients answer every ping, and the library takes every pong. */
export function sendPing(engineSocket: EngineSocket): void {
  (engineSocket as unknown as { sendPacket(type: "ping"): void }).sendPacket("ping");
}

/** For a polling client that was told to go and asks for nothing more: how long the library keeps the goodbye for it. Default there: 30 s. */
export function boundPollingGoodbye(engineSocket: EngineSocket, ms: number): void {
  if (engineSocket.transport.name === "polling")
    Object.assign(engineSocket.transport, { closeTimeout: ms });
}

/** Ends it at once, also while a polling client is being waited for, where the public `close(true)` does nothing. */
export function endNow(engineSocket: EngineSocket): void {
  engineSocket.close(true);
  if (engineSocket.readyState !== "closed")
    (engineSocket as unknown as { onClose(reason: string): void }).onClose("forced close");
  webSocketOf(engineSocket)?.terminate();
}

/** Lets go of the request that opened it, which the library keeps for as long as the connection. Only while nobody asks for it any more. */
export function forgetRequest(engineSocket: EngineSocket): void {
  Object.assign(engineSocket, { request: null });
}
