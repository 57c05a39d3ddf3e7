/** Makes the conversations of a run, each from the run's seed and its own number alone. */
import type { Conversation } from "./conversation.ts";
import { engineioConversation } from "./engineio-conversation.ts";
import { httpConversation } from "./http-conversation.ts";
import { Random } from "./random.ts";
import type { Surface } from "./surface.ts";
import { upgradeConversation } from "./upgrade-conversation.ts";
import { websocketConversation } from "./websocket-conversation.ts";

const kinds = { websocket: 45, engineio: 22, http: 25, upgrade: 8 } as const;

const makers = {
  websocket: websocketConversation,
  engineio: engineioConversation,
  http: httpConversation,
  upgrade: upgradeConversation,
} as const;

export function conversationOf(seed: number, number: number, surface: Surface): Conversation {
  const random = new Random(seed, number);
  return makers[random.weighted(kinds)](number, surface, random);
}
