/** What the experiments' service tests share: a server, subscribers that have been greeted, posts. */
import { afterEach, expect } from "vitest";
import { TestServer, type TextClient } from "../../testing/index.ts";

export const ok = { status: "ok", data: null };

/** The message inside a frame to a subscriber. */
export interface Message {
  readonly action: string;
  readonly data?: unknown;
  readonly code?: string;
}

/** A subscriber, past log and names. */
export interface Subscriber {
  readonly client: TextClient;
  readonly log: unknown;
  readonly names: unknown;
}

/** Starts servers, which end with their test. */
export function serverPerTest(): (
  experiments?: object,
  config?: object,
) => Promise<ServedExperiments> {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  return async (experiments = {}, config = {}) => {
    server = await TestServer.start({
      config: { services: { experiments: { gatherMs: 20, ...experiments } }, ...config },
    });
    return new ServedExperiments(server);
  };
}

export class ServedExperiments {
  readonly server: TestServer;

  constructor(server: TestServer) {
    this.server = server;
  }

  async subscriber(xid = "E1", path = `/mcmc/ws/sub/object/${xid}?errors=1`): Promise<Subscriber> {
    const client = await this.server.open(path);
    client.send({ action: "authorization", token: "any", version: "1.0" });
    const log = await next(client, "experiment:output");
    return { client, log, names: await next(client, "names") };
  }

  publisher(xid = "E1"): Promise<TextClient> {
    return this.server.open(`/mcmc/ws/pub/object/${xid}?errors=1`);
  }

  /** Posts a payload, as text or to be printed; gives the answer. */
  async post(payload: string | object, xid = "E1"): Promise<unknown> {
    const body = `{"payload":${typeof payload === "string" ? payload : JSON.stringify(payload)}}`;
    return await (await this.server.fetch(`/api/object/${xid}`, { method: "POST", body })).json();
  }

  /** Says something, as a text message. */
  async say(message: object, xid = "E1"): Promise<unknown> {
    const datas = [{ group: `object_${xid}`, type: "object_broadcast", message }];
    return await this.post({ object_type: "experiment.text_message", datas }, xid);
  }

  async get(path: string): Promise<unknown> {
    return await (await this.server.fetch(path)).json();
  }

  /** All stored samples of a variable of chain `c`, as text. */
  async stored(variable = "x", chain = "c", xid = "E1"): Promise<string> {
    const query = new URLSearchParams({ chain, variable }).toString();
    return await (await this.server.fetch(`/experiments/${xid}/samples?${query}`)).text();
  }
}

/** A payload with samples; `vars` as text keeps its spelling. */
export function samples(vars: string | object, iteration: object, run = "r"): string {
  const text = typeof vars === "string" ? vars : JSON.stringify(vars);
  const logs = `{"vars":${text},"iteration":${JSON.stringify(iteration)}}`;
  return `{"object_type":"experiment.protobuf_message","logs":${logs},"batch_id":"b","run_id":"${run}"}`;
}

/** The data of the next message, which must be of this action. */
export async function next(client: TextClient, action: string, ms?: number): Promise<unknown> {
  const { message } = (await client.nextJson(ms)) as { message: Message };
  expect(message.action, JSON.stringify(message).slice(0, 300)).toBe(action);
  return message.data;
}

/** The error that comes next. */
export async function nextError(client: TextClient): Promise<Message> {
  const { message } = (await client.nextJson()) as { message: Message };
  expect(message.action).toBe("error");
  return message;
}

/** A subscribe message for variables of chain `c`. */
export function subscribe(variables: readonly string[], more: object = {}): object {
  return { action: "subscribe", data: [{ chain: "c", variables, ...more }] };
}

/** What an `experiment:event` with one item of chain `c` has. */
export function item(data: object, from: object, more: object = {}): object[] {
  return [{ chain: "c", data, from, ...more }];
}
