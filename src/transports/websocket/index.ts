/** The WebSocket transport. */
export { refuseUpgrade } from "./refuse-upgrade.ts";
export { pathOf, WebSocketTransport } from "./websocket-transport.ts";
