/**
 * A sixth protocol, written with the kit: rooms in which everybody reads what anybody says. Run it: `node examples/chat.js`, after a build
 * (`npm start` or `npm run build`). It needs `zod` and `pino` beside Switchboard.
 */
import { pino } from "pino";
import { defineService, SwitchboardError } from "switchboard";
import { defineContract, namedBy } from "switchboard/contract";
import { configFrom, startGateway } from "switchboard/server";
import { z } from "zod";

/** Everything that a client can see: validation, delivery and documentation come from here. */
const contract = defineContract({
  name: "chat",
  doc: "Rooms in which everybody reads what anybody says.",
  transport: "websocket",
  paths: ["/chat"],
  codec: namedBy("type"),
  opensWith: ["join"],
  in: {
    join: {
      doc: "Enters a room.",
      roles: "any",
      schema: z.object({ room: z.string().min(1).max(50), name: z.string().min(1).max(50) }),
    },
    say: {
      doc: "Says something to the room.",
      roles: "any",
      schema: z.object({ text: z.string().min(1).max(1000) }),
      errors: ["wrong_state"],
    },
  },
  out: {
    said: {
      doc: "Somebody said something.",
      delivery: "all",
      schema: z.object({ name: z.string(), text: z.string(), at: z.number() }),
    },
    people: {
      doc: "How many are in the room.",
      delivery: "latest",
      schema: z.object({ count: z.number() }),
    },
  },
  routes: {},
  roles: {},
});

/** The handlers. What is said is stored before anybody reads it; who joins gets the last of it first. */
const chat = defineService({
  contract,
  config: z.strictObject({
    history: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe("How much of what was said a newcomer gets"),
  }),
  async start({ config, clock, log, topic, send }) {
    const said = await log({ maxEvents: 10_000 });
    const people = new Map();
    const subject = (room) => Buffer.from(room).toString("base64url");
    return {
      on: {
        async join(connection, { room, name }) {
          if (people.has(connection))
            throw new SwitchboardError(
              "wrong_state",
              "you are in a room already: open another connection",
            );
          people.set(connection, { room, name });
          let last = [];
          for (let page; page?.more ?? true; ) {
            page = await said.read(subject(room), last.at(-1)?.offset ?? 0);
            last = [...last, ...page.events].slice(-config.history);
          }
          for (const { data } of last) send(connection, "said", JSON.parse(data));
          topic(room).join(connection);
          topic(room).publish("people", { count: topic(room).size });
        },
        async say(connection, { text }) {
          const { room, name } = people.get(connection);
          const message = { name, text, at: clock.now() };
          await said.append(subject(room), [{ data: JSON.stringify(message) }]);
          topic(room).publish("said", message);
        },
      },
      closed(connection) {
        const { room } = people.get(connection);
        people.delete(connection);
        topic(room).publish("people", { count: topic(room).size });
      },
      routes: {},
    };
  },
});

const services = [chat];
const config = configFrom(services, {
  listen: { port: Number(process.env.PORT ?? 7401) },
  data: process.env.DATA ?? "./data/chat",
});
const gateway = await startGateway(config, { services, logger: pino({ level: "warn" }) });
console.log(`chat is ready at ${gateway.listeners[0].url}/chat`);
process.once("SIGTERM", () => gateway.drain());
process.once("SIGINT", () => gateway.drain());
