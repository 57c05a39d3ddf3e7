/** A connection to one of tracking's two endpoints, which says who it is each time it opens. */
import { platform } from "#platform";
import { printJson } from "../../wire/print-json.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import type { ConnectOptions, Token } from "../options.ts";
import { serviceUrl } from "../service-url.ts";

/** What both of tracking's clients may be told. */
export interface EndpointOptions extends Omit<ConnectOptions, "identify" | "transport" | "token"> {
  /**
   * A JWT, or (for Switchboard) any token. Sent in the message `authenticate`, the first on every connection, as the original servers want
   * it; a function is asked anew each time. Default: none, for servers with auth off. After a 4401 the client comes back only with another
   * token.
   */
  readonly token?: Token;
}

/** Connects. `url` without a path: the endpoint's is added. `hello`: says what is to be said on every connection, before the outbox. */
export function openEndpoint(
  url: string | URL,
  path: "/client" | "/processor",
  options: EndpointOptions,
  hello: (send: (text: string) => void) => void,
): Connection {
  const { openWebSocket } = platform;
  let jwt: string | undefined;
  return connect(serviceUrl(url, path), {
    ...options,
    // The token goes into a message, and nowhere else: the original servers would not select the subprotocol.
    transport: (opening, events) => {
      jwt = opening.token;
      return openWebSocket({ ...opening, token: undefined }, events);
    },
    identify: ({ send }) => {
      if (jwt !== undefined) send(printJson({ type: "authenticate", jwt }));
      hello(send);
    },
  });
}
