/** The Socket.IO transport. */
export { createSocketIoTransport, type SocketIoParts, type SocketIoTransport } from "./socketio-transport.ts";
