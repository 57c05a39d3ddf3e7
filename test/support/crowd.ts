/** The crowd as its clients speak to it: HTTP of a task page, and Mephisto's packets. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dataOf, request } from "./http.ts";
import { projectPath } from "./paths.ts";
import type { Scope } from "./scope.ts";
import { type Message, TextSocket } from "./text-socket.ts";

/** What a page is told of its agent. */
export interface AgentDetails {
  readonly request_id: string;
  readonly worker_id: string;
  readonly agent_id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a page's own data, looked into as a page does
  readonly init_task_data: any;
  readonly failure_reason: string | null;
}

/** Loads the first `count` of the example's sentences. */
export async function loadStudy(
  url: string,
  id: string,
  count: number,
  settings: object = {},
): Promise<void> {
  const file = JSON.parse(
    await readFile(join(projectPath, "examples/data/crowd_sentences.json"), "utf8"),
  );
  dataOf(
    await request(url, "POST /crowd/studies", {
      body: { ...file, id, sentences: file.sentences.slice(0, count), ...settings },
    }),
  );
}

export async function requestAgent(
  url: string,
  worker: string,
  registration: string,
): Promise<AgentDetails> {
  const provider_data = {
    worker_name: worker,
    agent_registration_id: registration,
    assignment_id: "assignment",
    provider_type: "mock",
  };
  const { json, text } = await request(url, "POST /request_agent", {
    body: { provider_data, client_timestamp: Date.now() / 1000 },
  });
  const packet = json as { packet_type?: string; data?: AgentDetails };
  if (packet.packet_type !== "agent_details" || packet.data === undefined)
    throw new Error(`no agent_details: ${text}`);
  return packet.data;
}

/** The agent's id, where there must be something to do. */
export async function agentOf(url: string, worker: string, registration: string): Promise<string> {
  const { agent_id, failure_reason } = await requestAgent(url, worker, registration);
  if (agent_id === null) throw new Error(`${worker} got nothing to do: ${failure_reason}`);
  return agent_id;
}

/** The status and JSON of a submit. */
export async function submitTask(
  url: string,
  agent: string,
  final_data: object,
): Promise<{ status: number; json: unknown }> {
  const { status, json } = await request(url, "POST /submit_task", {
    body: { USED_AGENT_ID: agent, final_data, client_timestamp: Date.now() / 1000 },
  });
  return { status, json };
}

/** A socket that speaks packets; each has a later timestamp than the one before, unless told otherwise. */
export class PacketSocket {
  readonly socket: TextSocket;
  readonly #agent: string;
  #updates = 0;
  #seconds = 1_700_000_000;

  private constructor(socket: TextSocket, agent: string) {
    this.socket = socket;
    this.#agent = agent;
  }

  static async open(scope: Scope, wsUrl: string, agent: string): Promise<PacketSocket> {
    return new PacketSocket(await TextSocket.open(scope, wsUrl), agent);
  }

  send(packet_type: string, data: object | undefined, differences: object = {}): void {
    this.#seconds += 1;
    this.socket.send({
      packet_type,
      subject_id: this.#agent,
      data,
      client_timestamp: this.#seconds,
      ...differences,
    });
  }

  alive(differences: object = {}): void {
    this.send("alive", { update_id: this.#newUpdate() }, differences);
  }

  live(message: object, differences: object = {}): void {
    this.send(
      "mephisto_bound_live_update",
      { update_id: this.#newUpdate(), ...message },
      differences,
    );
  }

  /** The `data` of the next packet, which must be of this type. */
  async next(packet_type: string): Promise<Message> {
    const packet = await this.socket.json();
    if (packet.packet_type !== packet_type)
      throw new Error(`${JSON.stringify(packet)} came where ${packet_type} was due`);
    return packet.data as Message;
  }

  #newUpdate(): string {
    this.#updates += 1;
    return `update ${this.#agent} ${this.#updates}`;
  }
}
