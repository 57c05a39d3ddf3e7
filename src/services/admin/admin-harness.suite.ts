/** What the admin's tests share: started servers whose log can be read, and clients of them; all ended after each test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach } from "vitest";
import { configFrom, type Gateway, installedServices, startGateway } from "../../gateway/index.ts";
import { TextClient } from "../../testing/index.ts";

export type Message = Readonly<Record<string, unknown>>;

export const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export const deadlineMs = 15_000;

/** A server whose log lines can be read. */
export interface Server {
  readonly gateway: Gateway;
  readonly url: string;
  readonly folder: string;
  readonly log: Message[];
}

export async function start(config: object = {}): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-admin-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const log: Message[] = [];
  const logger = pino({}, { write: (line: string) => void log.push(JSON.parse(line)) });
  const settings = configFrom(installedServices, {
    listen: { port: 0 },
    data: join(folder, "data"),
    ...config,
  });
  const gateway = await startGateway(settings, { services: installedServices, logger });
  ends.push(() => gateway.drain());
  return { gateway, url: gateway.listeners[0]?.url ?? "", folder, log };
}

export async function open(server: Server, path: string, token?: string): Promise<TextClient> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = await TextClient.open(server.url.replace("http", "ws") + path, [], headers);
  ends.push(() => client.socket.terminate());
  return client;
}

export async function next(client: TextClient): Promise<Message> {
  return (await client.nextJson(deadlineMs)) as Message;
}

export async function ofType(client: TextClient, type: string): Promise<Message> {
  for (;;) {
    const message = await next(client);
    if (message.type === type) return message;
  }
}

export async function get(
  server: Server,
  path: string,
  token?: string,
): Promise<{ readonly status: number; readonly json: Message }> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(server.url + path, { headers });
  return { status: response.status, json: (await response.json()) as Message };
}

/** A player that waits; resolves when the server has told it so. */
export async function player(server: Server, user: string, path = "/lobby"): Promise<TextClient> {
  const client = await open(server, path);
  client.send({
    type: "wait_start",
    user,
    lobby_id: 10,
    prompt_id: 5,
    resume: `secret of ${user}`,
  });
  await client.next(deadlineMs);
  return client;
}

export async function listed(server: Server, query = ""): Promise<readonly Message[]> {
  return (await get(server, `/admin/connections${query}`)).json.connections as Message[];
}

export async function idOf(server: Server, service: string): Promise<string> {
  return String((await listed(server, `?service=${service}`))[0]?.id);
}

export function serviceOf(overview: Message, name: string): Message {
  const found = (overview.services as Message[]).find(({ service }) => service === name);
  if (found === undefined)
    throw new Error(`the overview has no ${name}: ${JSON.stringify(overview)}`);
  return found;
}

export const audits = (server: Server) =>
  server.log
    .filter(({ audit }) => audit === "inspect")
    .map(({ event, connection, why }) => [event, connection, why]);
