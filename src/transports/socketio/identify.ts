/** Who a client is, by what came with its handshake. */
import type { Socket } from "socket.io";
import { tokenOf } from "../../kit/credentials.ts";
import type { Logger } from "../../kit/logger.ts";
import { type Authenticator, anybody, type Principal } from "../../kit/principal.ts";
import type { RunningService } from "../../kit/running-service.ts";
import { isSwitchboardError, SwitchboardError } from "../../wire/error.ts";
import { queryOf } from "./session-request.ts";

/** What finds that out. */
export interface IdentifyParts {
  readonly service: RunningService;
  readonly authenticator: Authenticator;
}

/**
 * The token's principal: of `auth.token`, else of `Authorization: Bearer`, else of `?token=`.
 * Undefined without a token where the protocol authenticates by message; else rejects with
 * `unauthenticated`.
 */
export async function identify(
  { handshake }: Socket,
  { authenticator, service }: IdentifyParts,
): Promise<Principal | undefined> {
  if (!authenticator.enabled) return anybody;
  const given: unknown = handshake.auth.token;
  const elsewhere = tokenOf({
    authorization: handshake.headers.authorization,
    query: queryOf(handshake.url),
  });
  const token = typeof given === "string" && given !== "" ? given : elsewhere;
  if (token !== undefined) return await authenticator.authenticate(token);
  if (service.contract.auth === "message") return undefined;
  throw new SwitchboardError(
    "unauthenticated",
    "no token: send it as auth.token, as Authorization: Bearer or as ?token=",
  );
}

/** What the library sends to a client whose token is not good. */
export function connectError({ conn }: Socket, error: unknown, logger: Logger): Error {
  if (!isSwitchboardError(error)) logger.error({ err: error }, "a token could not be checked");
  const code = isSwitchboardError(error) ? error.code : "unauthenticated";
  const message = isSwitchboardError(error) ? error.message : "the token could not be checked";
  // To Socket.IO 2 the library sends the data in the place of the message.
  return Object.assign(new Error(message), conn.protocol === 3 ? {} : { data: { code } });
}
