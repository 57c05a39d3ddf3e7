/** Finds out which of some conversations breaks a rule by itself. */
import { WatchedServer } from "../watch/watched-server.ts";
import type { Conversation } from "./conversation.ts";
import { Dialogue } from "./dialogue.ts";

/** Longest time that is spent on it. */
const budgetMs = 45_000;

/** What one conversation did to a server of its own. */
export interface Effect {
  readonly conversation: Conversation;
  readonly answered: readonly string[];
  /** How the process ended, if it did. */
  readonly ended: string | undefined;
  /** New lines of the log that must not be there. */
  readonly logged: readonly string[];
  /** How long the event loop was held. */
  readonly holdMs: number;
}

/**
 * Sends the conversations one after another to a fresh server, each time waiting for its effect,
 * until one for which `guilty` is true. Undefined if none is by itself, or the time is over.
 */
export async function isolate(
  conversations: readonly Conversation[],
  auth: boolean,
  guilty: (effect: Effect) => boolean,
): Promise<Effect | undefined> {
  const endMs = performance.now() + budgetMs;
  const server = await WatchedServer.start(auth);
  try {
    for (const conversation of conversations) {
      if (performance.now() > endMs) return undefined;
      const effect = await effectOf(conversation, server);
      if (guilty(effect)) return effect;
      if (effect.ended !== undefined) return undefined;
    }
    return undefined;
  } finally {
    await server.kill();
  }
}

/** Sends one conversation, and looks at what became of the server. */
export async function effectOf(conversation: Conversation, server: WatchedServer): Promise<Effect> {
  const before = server.log.faults.length;
  const { faults } = await new Dialogue(conversation, server.port, "127.0.1.1").finish();
  let holdMs = 0;
  try {
    holdMs = (await server.ask("holds")).maxHoldMs;
  } catch {
    // It has ended, which is told below, or is held for longer than anybody waits.
    holdMs = Number.POSITIVE_INFINITY;
  }
  const { ended } = server;
  return {
    conversation,
    answered: faults,
    ended: ended === undefined ? undefined : `ended with ${ended.signal ?? ended.code}`,
    logged: server.log.faults.slice(before),
    holdMs,
  };
}
