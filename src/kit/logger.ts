/** Structured logging as the kit and services use it; pino fits. */

/** Fields first, then the message. Never hand it payloads, tokens or whole addresses with a query. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
