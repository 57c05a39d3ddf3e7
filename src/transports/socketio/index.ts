/** The Socket.IO transport. */
export { createSocketIoTransport, type SocketIoTransport } from "./socketio-transport.ts";
