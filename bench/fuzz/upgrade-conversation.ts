/** Upgrades that are wrong in one way or another, and frames that come before their answer. */

import { mutateBytes } from "./byte-mutation.ts";
import type { Conversation, Step } from "./conversation.ts";
import { endingOf, write } from "./conversation-parts.ts";
import type { Random } from "./random.ts";
import { frame } from "./raw-frame.ts";
import { requestBytes, upgradeHeaders, withQuery } from "./request-text.ts";
import type { Surface } from "./surface.ts";

const otherHeaders = [
  "Upgrade: h2c",
  "Upgrade: websocket, h2c",
  "Upgrade: WEBSOCKET",
  "Upgrade:",
  "Connection: keep-alive",
  "Connection: close, Upgrade",
  "Connection: keep-alive, Upgrade, HTTP2-Settings",
  "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Version: 0",
  "Sec-WebSocket-Version: 13, 8",
  "Sec-WebSocket-Version: NaN",
  "Sec-WebSocket-Key: short",
  "Sec-WebSocket-Key:",
  `Sec-WebSocket-Key: ${"A".repeat(5000)}`,
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99",
  "Sec-WebSocket-Extensions: permessage-deflate",
  "Sec-WebSocket-Extensions: ,;=",
  "Sec-WebSocket-Protocol: switchboard.v1",
  "Sec-WebSocket-Protocol: switchboard.v1, switchboard.v1",
  "Sec-WebSocket-Protocol: switchboard.token.x, chat",
  "Sec-WebSocket-Protocol: ,,,",
  `Sec-WebSocket-Protocol: ${"a,".repeat(2000)}b`,
  "Origin: https://evil.example",
  "Origin: null",
  "Origin: http://127.0.0.1",
  "Origin: \u00ff",
  "Host: evil.example",
  "Authorization: Bearer",
  "Authorization: Basic eDp5",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "Expect: 100-continue",
] as const;

export function upgradeConversation(
  number: number,
  surface: Surface,
  random: Random,
): Conversation {
  const service = random.pick(surface.services);
  const path = surface.fill(random.pick(service.paths), random);
  const target = random.pick([
    withQuery(path, { token: surface.tokenFor(random) }),
    withQuery(path, { token: surface.tokenFor(random), errors: "1" }),
    `${path}?${"a=b&".repeat(500)}`,
    `${path}%`,
    `${path}/more/%2e%2e/`,
    `http://127.0.0.1${path}`,
    `//evil.example${path}`,
    "*",
    "/nowhere",
    "/healthz",
  ]);
  let headers = [...upgradeHeaders(random)];
  const changes = random.between(0, 3);
  for (let n = 0; n < changes; n++) {
    const header = random.pick(otherHeaders);
    if (random.chance(0.5)) headers.push(header);
    else headers = headers.with(random.below(headers.length), header);
  }
  if (random.chance(0.15)) headers.splice(random.below(headers.length), 1);
  const method = random.chance(0.9)
    ? "GET"
    : random.pick(["POST", "PUT", "HEAD", "OPTIONS", "get"]);
  const version = random.chance(0.92)
    ? "HTTP/1.1"
    : random.pick(["HTTP/1.0", "HTTP/2.0", "HTTP/0.9"]);
  let upgrade = requestBytes({ method, target, version, headers, host: random.chance(0.95) });
  if (random.chance(0.1)) upgrade = mutateBytes(upgrade, random, upgrade);
  const early = random.chance(0.4) ? frame('{"type":"x"}', random) : Buffer.alloc(0);
  const behind = random.chance(0.25)
    ? [write(requestBytes({ target: random.pick(["/healthz", "/objectIds", "/metrics", "/"]) }))]
    : [];
  const steps: readonly Step[] = [
    ...behind,
    write(Buffer.concat([upgrade, early])),
    { do: "await-answer" },
  ];
  return {
    number,
    label: `upgrade ${service.name}`,
    steps: joined(steps, random),
    ending: endingOf(random),
    deaf: false,
  };
}

/** A request and the upgrade behind it come in one packet, or in two. */
function joined(steps: readonly Step[], random: Random): readonly Step[] {
  const writes = steps.filter((step) => step.do === "write");
  if (writes.length < 2 || random.chance(0.3)) return steps;
  return [
    write(Buffer.concat(writes.map(({ bytes }) => bytes)), writes.length),
    ...steps.filter((step) => step.do !== "write"),
  ];
}
