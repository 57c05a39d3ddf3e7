/** The NATS engine, for several nodes on one NATS server or cluster (2.9 or newer, with JetStream). */
import type { Engine } from "../../kit/engine.ts";
import { NatsEngine, type NatsEngineOptions } from "./nats-engine.ts";

export type { NatsEngineOptions } from "./nats-engine.ts";

/**
 * Connects and begins this node's session. Rejects with `log_unavailable` if NATS cannot be reached or has no JetStream, with
 * `bad_config` for a bad prefix, or for `replicas` that the server is too old for. An event or a bus message may have up to the
 * server's `max_payload` (1 MiB unless configured) less 512 bytes and its id; a larger one is refused with `too_large`.
 */
export async function openNatsEngine(options: NatsEngineOptions): Promise<Engine> {
  return await NatsEngine.open(options);
}
