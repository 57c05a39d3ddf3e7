/** A service for the tests of what runs services, and how its clients speak to it. */
import { z } from "zod";
import { defineContract, namedBy } from "../contract/index.ts";
import { SwitchboardError } from "../wire/error.ts";
import type { ErrorCode } from "../wire/errors.ts";
import { type Fakes, fakeConnection, openingOf, settled } from "./kit.fixture.ts";
import type { Opening } from "./link.ts";
import { dataAnswer } from "./request.ts";
import type { RunningService } from "./running-service.ts";
import { defineService, type ServiceContext, type ServiceHandlers } from "./service.ts";

export const labContract = defineContract({
  name: "lab",
  doc: "",
  transport: "websocket",
  paths: ["/lab"],
  codec: namedBy("type"),
  in: {
    move: {
      roles: "any",
      doc: "",
      schema: z.object({ to: z.object({ x: z.number() }), note: z.string().max(1000).optional() }),
    },
    erase: { doc: "", schema: z.object({}), roles: ["lab.chief", "lab.owner"] },
    fail: {
      roles: "any",
      doc: "",
      schema: z.object({ code: z.string().max(100).optional(), later: z.boolean().optional() }),
    },
  },
  out: {
    moved: { doc: "", delivery: "all", schema: z.object({ x: z.number() }) },
    late: { doc: "", delivery: "latest", schema: z.object({}) },
  },
  routes: {
    show: {
      roles: "any",
      method: "GET",
      path: "/lab/:id",
      doc: "",
      params: z.object({ id: z.coerce.number() }),
    },
    save: {
      method: "PUT",
      path: "/lab/:id",
      doc: "",
      params: z.object({ id: z.string().max(100) }),
      body: z.object({ x: z.number() }),
      roles: ["lab.chief"],
    },
    open: {
      method: "GET",
      path: "/lab-open",
      doc: "",
      params: z.object({}),
      roles: "open",
    },
    broken: {
      roles: "any",
      method: "GET",
      path: "/lab-broken",
      doc: "",
      params: z.object({ code: z.string().max(100).optional() }),
    },
  },
  roles: { "lab.chief": "may erase and save", "lab.owner": "may erase" },
});
export type Lab = typeof labContract;
export type LabContext = ServiceContext<Lab, unknown>;

/** What must not come into a log. */
export const secret = "the-secret-payload";

/** The lab, with other handlers where a test wants them. */
export function lab(
  handlers: Partial<ServiceHandlers<Lab>> = {},
  started: (context: LabContext) => void = () => {},
  of: typeof labContract = labContract,
) {
  const log: string[] = [];
  const service = defineService({
    contract: of,
    config: z.object({}),
    async start(context: LabContext) {
      started(context);
      return {
        on: {
          move(connection, { to }, text) {
            log.push(`move ${JSON.stringify(to)} ${text}`);
            context.send(connection, "moved", { x: to.x });
          },
          erase: () => {
            log.push("erase");
          },
          fail(_connection, { code, later }) {
            const error =
              code === undefined
                ? new TypeError("a bug")
                : new SwitchboardError(code as ErrorCode, `failed with ${code}`);
            if (later === true) return Promise.reject(error);
            throw error;
          },
        },
        closed: (_connection, { code }) => {
          log.push(`closed ${code}`);
        },
        routes: {
          show: ({ params, principal }) => dataAnswer({ id: params.id, who: principal.name }),
          save: ({ params, body }) => dataAnswer({ id: params.id, x: body.x }),
          open: () => dataAnswer("open"),
          broken({ params }) {
            if (params.code === undefined) throw new TypeError("a bug");
            throw new SwitchboardError(params.code as ErrorCode, "no such thing");
          },
        },
        ...handlers,
      } satisfies ServiceHandlers<Lab>;
    },
  });
  return { service, log };
}

/** Opens a connection of a started service. */
export function connect(service: RunningService, opening: Partial<Opening> = {}): Fakes {
  const parts = fakeConnection({ opening: openingOf(opening) });
  parts.connection.handOver(() => service.open(parts.connection));
  return parts;
}

/** Sends messages, waits until they have been handled, and returns what came back. */
export async function say(
  { connection, turn, link }: Fakes,
  ...messages: readonly unknown[]
): Promise<unknown[]> {
  let turns = 1;
  for (const message of messages) {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    connection.receiveText(text, 1);
    // A long text is read in slices, at least one in each turn.
    turns += Math.ceil(text.length / (64 << 10));
  }
  for (; turns > 0; turns--) await settled();
  turn.end();
  return link.writes.splice(0).flatMap((texts) => texts.map((text) => JSON.parse(text) as unknown));
}
