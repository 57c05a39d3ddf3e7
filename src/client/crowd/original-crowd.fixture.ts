/** For tests: the crowd as Mephisto serves it, which knows nothing of ours. */
import { createServer, type IncomingMessage } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import type { Scope } from "../../../test/support/scope.ts";

/** A message that took effect. */
interface Taken {
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface OriginalCrowd {
  readonly url: string;
  /** Live updates that took effect, in order. */
  readonly taken: Taken[];
  /** Packets of other kinds, in order. */
  readonly packets: {
    readonly packet_type: string;
    readonly subject_id: string;
    readonly client_timestamp: number;
  }[];
  /** Bodies of `/submit_task`. */
  readonly submits: { readonly USED_AGENT_ID: string; readonly final_data: object }[];
  /** What the next requests are answered with, before it answers them itself. */
  readonly answers: { readonly status: number; readonly body?: string }[];
  /** What `init_task_data` is; null: there is nothing to do. */
  task: object | null;
}

export async function startOriginalCrowd(scope: Scope): Promise<OriginalCrowd> {
  const registered = new Map<string, string>();
  const seen = new Set<string>();
  let updates = 0;
  const http = createServer(async (request, response) => {
    const body = JSON.parse(await textOf(request));
    const { status, body: text } = crowd.answers.shift() ?? {
      status: 200,
      body: JSON.stringify(answerTo(request.url ?? "", body)),
    };
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  });
  const answerTo = (path: string, body: ReturnType<typeof JSON.parse>): object => {
    if (path !== "/request_agent") {
      crowd.submits.push(body);
      return { status: "Submitted!" };
    }
    const { agent_registration_id: registration, worker_name: worker_id } = body.provider_data;
    const agent_id = registered.get(registration) ?? `${registered.size + 1}`;
    registered.set(registration, agent_id);
    const nothing = { agent_id: null, init_task_data: null, failure_reason: "out of tasks" };
    const something = { agent_id, init_task_data: crowd.task, failure_reason: null };
    return {
      packet_type: "agent_details",
      subject_id: "r",
      data: { request_id: "r", worker_id, ...(crowd.task === null ? nothing : something) },
    };
  };
  const answer = (socket: WebSocket, subject_id: string, packet_type: string, data: object) =>
    socket.send(
      JSON.stringify({ packet_type, subject_id, data, client_timestamp: Date.now() / 1000 }),
    );
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (text) => {
      const { packet_type, subject_id, data, client_timestamp } = JSON.parse(String(text));
      if (packet_type !== "mephisto_bound_live_update")
        crowd.packets.push({ packet_type, subject_id, client_timestamp });
      if (packet_type === "heartbeat") {
        answer(socket, subject_id, "heartbeat", {
          last_mephisto_ping: client_timestamp * 1000,
          status: "in task",
        });
        return;
      }
      if (seen.has(data.update_id)) return;
      seen.add(data.update_id);
      if (packet_type === "alive")
        answer(socket, subject_id, "update_status", { status: "in task" });
      else if (data.message === "get_worker_stats") {
        const stats = {
          num_cads: crowd.submits.length,
          num_rankings: 0,
          num_first_place: 0,
          history: [],
        };
        answer(socket, subject_id, "client_bound_live_update", {
          message: "set_worker_stats",
          stats,
          update_id: `server ${++updates}`,
        });
      } else crowd.taken.push(data);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  scope.own(http, () => {
    for (const client of sockets.clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  const crowd: OriginalCrowd = {
    url: `http://127.0.0.1:${(http.address() as { port: number }).port}`,
    taken: [],
    packets: [],
    submits: [],
    answers: [],
    task: { stage: "CAD", original: "It was good." },
  };
  return crowd;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
