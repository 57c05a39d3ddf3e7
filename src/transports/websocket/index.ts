/** The WebSocket transport. */
export { refuseUpgrade } from "./refuse-upgrade.ts";
export { pathOf, type WebSocketParts, WebSocketTransport } from "./websocket-transport.ts";
