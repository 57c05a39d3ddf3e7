/** How a request or an upgrade is refused over HTTP. */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { SwitchboardError } from "../../wire/error.ts";
import { sessionMethods } from "./session-request.ts";

/** Answers a request with the error's status and its JSON; does nothing if an answer has begun. */
export function answerRefused(response: ServerResponse, error: SwitchboardError): void {
  if (response.headersSent) return;
  response
    .writeHead(error.status, {
      "cache-control": "no-store",
      "content-type": "application/json; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...(error.code === "method_not_allowed" ? { allow: sessionMethods.join(", ") } : {}),
    })
    .end(errorText(error));
}

/**
 * Answers an upgrade in the same way and destroys its socket, which nobody reads: a peer that stays
 * would keep it open for ever.
 */
export function answerUpgradeRefused(socket: Duplex, error: SwitchboardError): void {
  const text = errorText(error);
  const destroy = () => socket.destroy();
  socket.on("error", destroy);
  socket.once("finish", destroy);
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\nConnection: close\r\n` +
      "Content-Type: application/json; charset=utf-8\r\n" +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function errorText({ code, message }: SwitchboardError): string {
  return JSON.stringify({ error: { code, message } });
}
