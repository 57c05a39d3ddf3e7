/** The places of clients that are between their first request and their connection. */
import type { IncomingMessage } from "node:http";
import type { Stream } from "node:stream";
import type { Connections, Place } from "../../kit/connections.ts";

/**
 * A client takes a place with the first request of its handshake. The session that comes of it
 * claims the place; where none comes, it is free again when the request has been answered.
 */
export class Handshakes {
  readonly #connections: Connections;
  readonly #begun = new WeakMap<IncomingMessage, Begun>();

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** `carrier`: what closes when the request has been answered, at the latest. */
  begin(request: IncomingMessage, carrier: Stream): void {
    const place = this.#connections.hold(request.socket.remoteAddress ?? "unknown");
    const begun = { place, isClaimed: false };
    this.#begun.set(request, begun);
    carrier.once("close", () => {
      if (!begun.isClaimed) place.release();
    });
  }

  /** Hands over the place of a request; whoever gets it releases it. */
  claim(request: IncomingMessage): Place | undefined {
    const begun = this.#begun.get(request);
    if (begun !== undefined) begun.isClaimed = true;
    return begun?.place;
  }
}

interface Begun {
  readonly place: Place;
  isClaimed: boolean;
}
