/** Opening a stream that other nodes may be opening, or making, at the same moment. */
import type { StreamConfig, StreamInfo } from "@nats-io/jetstream";
import type { WithRequired } from "@nats-io/transport-node";
import { SwitchboardError } from "../../wire/error.ts";
import { isNoResponders, isStreamNotFound, isWrongStream, unavailable } from "./nats-failure.ts";
import type { NatsLink } from "./nats-link.ts";

/** How long a stream may take from being known to taking messages: `attempts` times `pauseMs`. */
const attempts = 40;
const pauseMs = 50;

/** The first version whose copies of a stream agree on conditional writes (nats-server #4320). */
const firstSafeCopies = [2, 9, 21] as const;

/** The stream of this name; made if there is none. An existing one keeps its settings, whatever `config` says. */
export async function openStream(
  link: NatsLink,
  config: WithRequired<Partial<StreamConfig>, "name">,
): Promise<StreamInfo> {
  const doing = `opening stream ${config.name}`;
  const info = () => link.call(doing, () => link.jsm.streams.info(config.name));
  try {
    return await info();
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
  }
  try {
    return await link.call(doing, () => link.jsm.streams.add(config));
  } catch (error) {
    // Another node made it just now, with settings that differ; or the answer was lost.
    return await info().catch(() => {
      throw error;
    });
  }
}

/**
 * Resolves when the stream takes messages on `subject`. Its settings can be read a moment before that, when what is published
 * would meet nobody. The message that asks is refused by the stream itself, so nothing is stored.
 */
export async function streamReady(link: NatsLink, subject: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      await link.call(`opening ${subject}`, () =>
        link.js.publish(subject, "", { expect: { streamName: "none" } }),
      );
      throw unavailable(
        `opening ${subject}`,
        "a stream of another kind takes these messages; choose another prefix",
      );
    } catch (error) {
      if (isWrongStream(error)) return;
      if (!isNoResponders(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw unavailable(
    `opening ${subject}`,
    `the stream takes no messages for ${attempts * pauseMs} ms`,
  );
}

/**
 * Throws `bad_config` if several copies are asked for, or there, and the server is too old for them: before 2.9.21 two writes on
 * the same condition may both be stored, which would break leases and conditional appends. One copy is safe with any version.
 */
export function assertSafeCopies(link: NatsLink, name: string, copies: number): void {
  const version = link.connection.info?.version ?? "";
  if (copies <= 1 || !isOlder(version, firstSafeCopies)) return;
  const message = `${copies} copies of ${name} need nats-server 2.9.21 or newer, this is ${version}; set replicas to 1 or update it`;
  throw new SwitchboardError("bad_config", message, { version });
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, wanted] of than.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
