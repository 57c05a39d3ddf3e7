/** One agent's live channel: Mephisto's packets over a connection that comes back. */
import type { Handshake } from "../attempt.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import type { ConnectOptions } from "../options.ts";
import type { Sending } from "../outcome.ts";
import type { Platform, Timer } from "../platform/platform.ts";
import { type CrowdMessage, packetText, readCrowdMessage } from "./packets.ts";

/** As Mephisto's client does: the first heartbeat of a socket, and each later one. */
const firstHeartbeatMs = 500;
const heartbeatMs = 6000;
/** A server that answers no heartbeat for so long is given up, as Mephisto's client does. */
const maxSilenceMs = 20_000;
/** So many of the server's update_ids are remembered. */
const maxSeen = 100;

/** What it is made of, and whom it tells. */
export interface AgentSocketParts {
  readonly platform: Platform;
  readonly url: string;
  readonly agentId: string;
  readonly options: ConnectOptions;
  /** A message that was not there before; undefined: one that breaks the protocol. */
  heard(message: CrowdMessage | undefined): void;
}

/**
 * On every socket first `alive`, then a request for the worker's numbers, which may have changed meanwhile, then what waits. A live update keeps its
 * update_id however often it is sent, so that it takes effect once: it is sent again where it is unknown whether it has arrived.
 */
export class AgentSocket {
  readonly connection: Connection;
  readonly #parts: AgentSocketParts;
  readonly #seen = new Set<string>();
  /** Requests for numbers that have no outcome yet. */
  readonly #asked = new Set<string>();
  #heartbeat: Timer | undefined;
  #lastSeconds = 0;

  constructor(parts: AgentSocketParts) {
    const { url, options } = parts;
    this.#parts = parts;
    let handshake: Handshake | undefined;
    this.connection = connect(url, {
      ...options,
      watchdog: { maxSilenceMs, ...options.watchdog },
      identify: (opened) => {
        handshake = opened;
        opened.send(this.#packet("alive", { update_id: parts.platform.newId() }));
        opened.send(this.#update({ message: "get_worker_stats" }));
      },
    });
    this.connection.on("message", (text) => this.#read(text));
    this.connection.on("state", ({ status }) => {
      this.#heartbeat?.cancel();
      if (status === "open" && handshake !== undefined) this.#beat(handshake, firstHeartbeatMs);
    });
  }

  get agentId(): string {
    return this.#parts.agentId;
  }

  /** Sends a message in a live update. */
  send(message: object): Sending {
    return this.connection.send(this.#update(message), { resend: true });
  }

  /** Asks for the worker's numbers. */
  requestStats(): Sending {
    const sending = this.send({ message: "get_worker_stats" });
    this.#asked.add(sending.id);
    void sending.outcome.then(() => this.#asked.delete(sending.id));
    return sending;
  }

  #read(text: string): void {
    const message = readCrowdMessage(text);
    if (message?.kind === "stats") {
      if (!this.#isNew(message.updateId)) return;
      for (const id of this.#asked) this.connection.acknowledge(id);
    }
    this.#parts.heard(message);
  }

  /** An update of the server's may come twice. */
  #isNew(updateId: string | undefined): boolean {
    if (updateId === undefined) return true;
    if (this.#seen.has(updateId)) return false;
    this.#seen.add(updateId);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= maxSeen) break;
      this.#seen.delete(oldest);
    }
    return true;
  }

  /** Not over the outbox: a heartbeat that is late is worth nothing. */
  #beat(handshake: Handshake, inMs: number): void {
    this.#heartbeat = this.#parts.platform.after(inMs, () => {
      handshake.send(this.#packet("heartbeat"));
      this.#beat(handshake, heartbeatMs);
    });
  }

  #update(message: object): string {
    return this.#packet("mephisto_bound_live_update", {
      ...message,
      update_id: this.#parts.platform.newId(),
    });
  }

  /** The time never goes back: the server takes a draft with an earlier time for an older one. */
  #packet(type: string, data?: object): string {
    this.#lastSeconds = Math.max(this.#lastSeconds, this.#parts.platform.now() / 1000);
    return packetText(type, this.#parts.agentId, data, this.#lastSeconds);
  }
}
