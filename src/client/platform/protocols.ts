/** The subprotocols that carry a token to Switchboard. */
import { SwitchboardError } from "../../wire/error.ts";

/**
 * Offered only with a token: browsers and `ws` break off a connection whose server selects none of the offered subprotocols, as servers
 * other than Switchboard do. Throws `unauthenticated` for what RFC 6455 allows in no subprotocol.
 */
export function protocolsFor(token: string | undefined): string[] {
  if (token === undefined) return [];
  if (!/^[\w!#$%&'*+\-.^`|~]+$/.test(token)) {
    throw new SwitchboardError(
      "unauthenticated",
      "the token is empty or has a character that none of Switchboard's has, such as a space, = or /: give it as `switchboard token create` printed it",
    );
  }
  return ["switchboard.v1", `switchboard.token.${token}`];
}
