/** Conversations over WebSocket with the services that speak it. */
import type { Conversation, Step } from "./conversation.ts";
import { endingOf, write } from "./conversation-parts.ts";
import { MessageText } from "./message-text.ts";
import type { Random } from "./random.ts";
import { frame, oddFrames } from "./raw-frame.ts";
import { requestBytes, upgradeHeaders, withQuery } from "./request-text.ts";
import type { Surface } from "./surface.ts";

/** What a client of each service sends first, so that what follows reaches the service. */
const openings: Readonly<Record<string, readonly string[]>> = {
  lobby: ["wait_start", "leaderboard", "lobby_prompts"],
  experiments: ["authorization"],
  tracking: ["authenticate", "identifier", "setUsesImages"],
  crowd: ["alive", "get_worker_stats", "get_unit"],
  admin: ["overview"],
};

/** A connection, usually with a valid opening, and then up to twelve messages of any kind. */
export function websocketConversation(
  number: number,
  surface: Surface,
  random: Random,
): Conversation {
  const service = surface.service(
    random.pick(["lobby", "experiments", "tracking", "crowd", "admin"]),
  );
  const text = new MessageText(service, surface, random);
  const path = surface.fill(random.pick(service.paths), random);
  const target = withQuery(path, {
    errors: random.chance(0.5) ? "1" : undefined,
    skipped: random.chance(0.1) ? "1" : undefined,
    heartbeat: random.chance(0.1) ? "1" : undefined,
    worker: service.name === "crowd" ? surface.words.wordFor("worker", random) : undefined,
    token: surface.tokenFor(random),
  });
  const steps: Step[] = [
    write(requestBytes({ target, headers: upgradeHeaders(random) })),
    { do: "await-answer" },
  ];
  if (random.chance(0.8)) {
    for (const name of openings[service.name] ?? []) {
      if (random.chance(0.6)) steps.push(write(frame(text.valid(name), random)));
    }
  }
  const frames = Array.from({ length: random.between(1, 12) }, () => {
    const message = text.any();
    return random.chance(0.18) ? oddFrames(message.toString(), random) : frame(message, random);
  });
  steps.push(...written(frames, random));
  return {
    number,
    label: `websocket ${service.name} ${path}`,
    steps,
    ending: endingOf(random),
    deaf: random.chance(0.02),
  };
}

/** All in one write, each in its own, or cut in the middle of frames. */
export function written(inputs: readonly Buffer[], random: Random): readonly Step[] {
  const how = random.weighted({ together: 5, apart: 3, cut: 1, half: 1 });
  if (how === "apart")
    return inputs.flatMap((bytes) => [write(bytes), { do: "await-answer" } as const]);
  const all = Buffer.concat(inputs);
  if (how === "together") return [write(all, inputs.length)];
  const at = random.below(all.length + 1);
  if (how === "half") return [write(all.subarray(0, at), inputs.length)];
  return [
    write(all.subarray(0, at), inputs.length),
    { do: "pause", ms: random.between(1, 20) },
    write(all.subarray(at), 0),
  ];
}
