/** The HTTP transport. */
export { appAnswer } from "./app-files.ts";
export { createHttpHandler, type HttpOperation } from "./http-handler.ts";
export { configureHttpServer } from "./http-server.ts";
export { RequestCount } from "./request-count.ts";
export { RequestTurns } from "./request-turns.ts";
export { fileAnswer } from "./static-files.ts";
