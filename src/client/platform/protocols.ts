/** The subprotocols that carry a token to Switchboard. */

/**
 * Offered only with a token: browsers and `ws` break off a connection whose server selects none of the offered subprotocols, as servers
 * other than Switchboard do.
 */
export function protocolsFor(token: string | undefined): string[] {
  return token === undefined ? [] : ["switchboard.v1", `switchboard.token.${token}`];
}
