/** `switchboard/client`: a connection that survives losing its server and keeps what it could not send. Browsers and Node. */
export { SwitchboardError } from "../wire/error.ts";
export type { Handshake } from "./attempt.ts";
export { connect } from "./connect.ts";
export type { Connection, ConnectionEvents } from "./connection.ts";
export type { SendOptions } from "./delivery.ts";
export type { ConnectOptions, Token } from "./options.ts";
export type { OutboxLimits } from "./outbox.ts";
export type { OutboxStore, StoredMessage } from "./outbox-store.ts";
export type { Outcome, Sending, Settled } from "./outcome.ts";
export type { ConnectionState, Ending, Loss } from "./state.ts";
export type { Opening, Socket, SocketEvents, Transport } from "./transport.ts";
export type { WatchdogLimits } from "./watchdog.ts";
