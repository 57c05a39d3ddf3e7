/** Conversations with the Socket.IO service: Engine.IO 3 and 4, over WebSocket and long-polling. */

import { mutateBytes } from "./byte-mutation.ts";
import type { Conversation, Step } from "./conversation.ts";
import { sessionMark } from "./conversation.ts";
import { endingOf, write } from "./conversation-parts.ts";
import { mutate, print } from "./json-mutation.ts";
import { knownShape, manyArguments, shapeLength } from "./known-shapes.ts";
import { MessageText } from "./message-text.ts";
import type { Random } from "./random.ts";
import { frame, oddFrames } from "./raw-frame.ts";
import { requestBytes, upgradeHeaders, withQuery } from "./request-text.ts";
import type { Surface } from "./surface.ts";
import { written } from "./websocket-conversation.ts";

/** Packets of Engine.IO and Socket.IO that no client sends like this. */
const oddPackets = [
  "0",
  '0{"sid":"x"}',
  "1",
  "2",
  "2probe",
  "3",
  "3probe",
  "5",
  "6",
  "7",
  "9",
  "x",
  "b",
  "bAAAA",
  "b!",
  "4",
  "40",
  "40{",
  "40[]",
  "40null",
  '40{"token":1}',
  "40/",
  "40/admin,",
  "40/other,{}",
  "41",
  "41/x,",
  "42",
  "42[]",
  "42{}",
  "42[1]",
  "42[null]",
  '42[""]',
  '42["connect"]',
  '42["disconnect"]',
  '42["error",{}]',
  '42["__proto__",{}]',
  '42["constructor"]',
  '42["newListener",1]',
  '42/other,["query",{}]',
  '421["query",{"monitor_id":"x"}]',
  '42999999999999999999["query",{}]',
  '42-1["con"]',
  "43",
  "43[]",
  "431[1]",
  "43x[]",
  "44",
  '44{"message":"x"}',
  "45",
  "450-[]",
  '451-["query",{"_placeholder":true,"num":0}]',
  '4599999-["query"]',
  '451-["query",{"_placeholder":true,"num":9}]',
  '45-["x"]',
  "461-[1]",
  "46",
  "47",
  "4x",
] as const;

export function engineioConversation(
  number: number,
  surface: Surface,
  random: Random,
): Conversation {
  const service = surface.services.find(({ transport }) => transport === "socketio");
  if (service === undefined) throw new Error("the server has no Socket.IO service");
  const packets = new Packets(new MessageText(service, surface, random), surface, random);
  const version = random.pick(["4", "4", "4", "3"]);
  const polling = random.chance(0.4);
  const steps = polling
    ? pollingSteps(packets, surface, random, version)
    : socketSteps(packets, surface, random, version);
  return {
    number,
    label: `engine.io ${version} ${polling ? "polling" : "websocket"}`,
    steps,
    ending: endingOf(random),
    deaf: random.chance(0.02),
  };
}

/** Makes the packets of one client. */
class Packets {
  readonly #text: MessageText;
  readonly #surface: Surface;
  readonly #random: Random;

  constructor(text: MessageText, surface: Surface, random: Random) {
    this.#text = text;
    this.#surface = surface;
    this.#random = random;
  }

  /** Joins the default namespace, with the token where there is one. */
  connect(): string {
    const token = this.#surface.tokenFor(this.#random);
    return token === undefined ? "40" : `40${JSON.stringify({ token })}`;
  }

  /** One packet of any kind. */
  any(): string {
    const random = this.#random;
    const { in: messages } = this.#surface.service("devices");
    const message = random.pick(messages);
    const event = [message.name, this.#text.value(message)];
    const kind = random.weighted({
      valid: 34,
      structure: 34,
      odd: 20,
      bytes: 10,
      shape: 1,
      arguments: 1,
    });
    if (kind === "odd") return random.pick(oddPackets);
    if (kind === "arguments") return manyArguments(message.name, random);
    if (kind === "structure") return `42${print(mutate(event, random))}`;
    if (kind === "shape") {
      const { text } = knownShape(random, shapeLength(random));
      return random.chance(0.5) ? `42[${JSON.stringify(message.name)},${text}]` : `42${text}`;
    }
    const valid = `42${JSON.stringify(event)}`;
    if (kind === "valid") return valid;
    return mutateBytes(Buffer.from(valid), random, Buffer.from(this.#text.valid())).toString();
  }

  some(): readonly string[] {
    return Array.from({ length: this.#random.between(1, 10) }, () => this.any());
  }
}

function socketSteps(
  packets: Packets,
  surface: Surface,
  random: Random,
  version: string,
): readonly Step[] {
  const target = withQuery("/socket.io/", {
    EIO: version,
    transport: random.chance(0.95)
      ? "websocket"
      : random.pick(["", "webtransport", "polling", "__proto__"]),
    token: surface.tokenFor(random),
  });
  const frames = packets
    .some()
    .map((packet) => (random.chance(0.12) ? oddFrames(packet, random) : frame(packet, random)));
  return [
    write(requestBytes({ target, headers: upgradeHeaders(random) })),
    { do: "await-answer" },
    ...(random.chance(0.85)
      ? [write(frame(packets.connect(), random)), { do: "await-answer" } as const]
      : []),
    ...written(frames, random),
  ];
}

/** A handshake, then posts and polls with the session on the same connection, in turn or pipelined. */
function pollingSteps(
  packets: Packets,
  surface: Surface,
  random: Random,
  version: string,
): readonly Step[] {
  const target = (sid: string | undefined): string =>
    withQuery("/socket.io/", {
      EIO: version,
      transport: "polling",
      token: surface.tokenFor(random),
    }) + (sid === undefined ? "" : `&sid=${sid}`);
  const steps: Step[] = [
    write(requestBytes({ target: target(undefined) })),
    { do: "await-answer" },
  ];
  const connect = payload([packets.connect()], version, random);
  steps.push(ofSession({ method: "POST", target: target(sessionMark), body: connect }), {
    do: "await-answer",
  });
  const requests = random.between(1, 5);
  for (let n = 0; n < requests; n++) {
    const sid = random.chance(0.9)
      ? sessionMark
      : random.pick(["", "x", "A".repeat(20), "__proto__", "%00", `${sessionMark}&sid=x`]);
    switch (random.weighted({ post: 6, poll: 3, method: 1, upgrade: 1, body: 1 })) {
      case "post":
        steps.push(
          ofSession({
            method: "POST",
            target: target(sid),
            body: payload(packets.some(), version, random),
          }),
        );
        break;
      case "poll":
        steps.push(ofSession({ target: target(sid) }));
        break;
      case "method":
        steps.push(
          ofSession({
            method: random.pick(["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]),
            target: target(sid),
          }),
        );
        break;
      case "upgrade":
        steps.push(
          ofSession({
            target: target(sid).replace("polling", "websocket"),
            headers: upgradeHeaders(random),
          }),
          { do: "await-answer" },
          write(frame("2probe", random)),
          write(frame(random.pick(["5", "2", packets.any()]), random)),
        );
        break;
      case "body":
        steps.push(
          ofSession({
            method: "POST",
            target: target(sid),
            headers: [
              `Content-Type: ${random.pick(["application/octet-stream", "text/plain", "x"])}`,
            ],
            framing: `Content-Length: ${random.pick([0, 3, 2_000_000, -1])}`,
            body: random.pick([
              Buffer.from("4"),
              random.bytes(50),
              Buffer.from("\x1e\x1e\x1e"),
              Buffer.from("99999999:4"),
            ]),
          }),
        );
        break;
    }
    if (random.chance(0.7)) steps.push({ do: "await-answer" });
  }
  return steps;
}

/** A request whose text holds the mark that the session takes the place of. */
function ofSession(parts: Parameters<typeof requestBytes>[0]): Step {
  return { do: "write-with-session", text: requestBytes(parts).toString("latin1"), inputs: 1 };
}

/** Packets as a body: separated by a byte in version 4, with their lengths in version 3. */
function payload(packets: readonly string[], version: string, random: Random): Buffer {
  if (version === "4") return Buffer.from(packets.join("\x1e"));
  return Buffer.from(
    packets
      .map(
        (packet) =>
          `${random.chance(0.95) ? packet.length : random.pick([0, -1, 999_999, "x"])}:${packet}`,
      )
      .join(""),
  );
}
