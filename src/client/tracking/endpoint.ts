/** A connection to one of tracking's two endpoints, which says who it is each time it opens. */
import { platform } from "#platform";
import { printJson } from "../../wire/print-json.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import type { ConnectOptions, Token } from "../options.ts";
import type { Timer } from "../platform/platform.ts";
import { serviceUrl } from "../service-url.ts";

/**
 * How long a server has to refuse a token (or half of the `attemptTimeoutMs`, if that is shorter): none says that it has taken one. What is
 * refused later costs what was sent meanwhile: `unknown`.
 */
const refuseWithinMs = 500;
/** Waited for in so many parts: a process that was away has read nothing meanwhile, and gets the other parts to do so. */
const parts = 5;

/** What both of tracking's clients may be told. */
export interface EndpointOptions extends Omit<ConnectOptions, "identify" | "transport" | "token"> {
  /**
   * A JWT, or (for Switchboard) any token. Sent in the message `authenticate`, the first on every connection, as the original servers want
   * it; a function is asked anew each time. The connection is `open`, and what waits is sent, when the server has not closed it half a second
   * later, since no server answers a good token. Default: none, for servers with auth off; then nothing is waited for. After a 4401 the client
   * comes back only with another token.
   */
  readonly token?: Token;
}

/**
 * Connects. `url` without a path: the endpoint's is added. `hello`: says what is to be said on every connection, before the outbox; at least one
 * message, since an original server passes over a bad token, and closes at the message behind it.
 */
export function openEndpoint(
  url: string | URL,
  path: "/client" | "/processor",
  options: EndpointOptions,
  hello: (send: (text: string) => void) => void,
): Connection {
  const { openWebSocket } = platform;
  const { attemptTimeoutMs = Number.POSITIVE_INFINITY } = options;
  const partMs = Math.min(refuseWithinMs, attemptTimeoutMs / 2) / parts;
  let jwt: string | undefined;
  let timer: Timer | undefined;
  const pause = () =>
    new Promise<void>((resolve) => {
      timer = platform.after(partMs, resolve);
    });
  return connect(serviceUrl(url, path), {
    ...options,
    // The token goes into a message, and nowhere else: the original servers would not select the subprotocol.
    transport: (opening, events) => {
      jwt = opening.token;
      const closed: typeof events.closed = (close) => {
        timer?.cancel();
        events.closed(close);
      };
      return openWebSocket({ ...opening, token: undefined }, { ...events, closed });
    },
    identify: async ({ send }) => {
      if (jwt !== undefined) send(printJson({ type: "authenticate", jwt }));
      hello(send);
      // On a socket that closes meanwhile this never ends, and the attempt has failed.
      if (jwt !== undefined) for (let part = 0; part < parts; part++) await pause();
    },
  });
}
