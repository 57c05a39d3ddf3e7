/** The WebSocket transport. */
export { pathOf, type WebSocketParts, WebSocketTransport } from "./websocket-transport.ts";
