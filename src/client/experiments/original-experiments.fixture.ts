/** For tests: an experiments server as it was before Switchboard. It knows neither `since` nor `from`, epochs, summaries or subprotocols. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Scope } from "../../../test/support/scope.ts";

/** What a POST is answered with; `lost`: it is taken, and the connection breaks; `silent`: nothing ever comes. */
export type Answer = { readonly status: number; readonly body: string } | "lost" | "silent";

interface Subscriber {
  readonly socket: WebSocket;
  readonly wanted: Set<string>;
}

interface Body {
  readonly payload: {
    readonly object_type: string;
    readonly logs?: { readonly vars: Record<string, Record<string, unknown[]>> };
    readonly datas?: {
      readonly group: string;
      readonly message: { readonly action: string; readonly data?: string };
    }[];
  };
}

/** One experiment, in memory. */
export class OriginalExperiments {
  readonly url: string;
  /** If set, the only token that is good. */
  token: string | undefined;
  log = "";
  readonly samples = new Map<string, unknown[]>();
  /** Of posts that were taken, in order. */
  readonly posts: Body[] = [];
  readonly tokens: unknown[] = [];
  /** What the next posts are answered with; taken off one by one. */
  readonly answers: Answer[] = [];
  readonly #subscribers = new Set<Subscriber>();

  private constructor(url: string) {
    this.url = url;
  }

  static async start(scope: Scope): Promise<OriginalExperiments> {
    const http = createServer((request, response) => void original.#request(request, response));
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => false });
    http.on("upgrade", (request, socket, head) => {
      if (!(request.url ?? "").startsWith("/mcmc/ws/sub/object/")) socket.destroy();
      else sockets.handleUpgrade(request, socket, head, (accepted) => original.#opened(accepted));
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const original = new OriginalExperiments(
      `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    );
    return scope.own(original, async () => {
      for (const client of sockets.clients) client.terminate();
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
    });
  }

  /** New samples of chain `c`. */
  sample(variable: string, ...values: unknown[]): void {
    const key = JSON.stringify(["c", variable]);
    const isNew = !this.samples.has(key);
    this.samples.set(key, [...(this.samples.get(key) ?? []), ...values]);
    for (const { socket, wanted } of this.#subscribers) {
      if (isNew) say(socket, "names", [{ chain: "c", names: [variable] }]);
      if (wanted.has(key))
        say(socket, "experiment:event", [{ chain: "c", data: { [variable]: values } }]);
    }
  }

  write(text: string): void {
    this.log += text;
    for (const { socket } of this.#subscribers) say(socket, "experiment:output", text);
  }

  /** Sends a text as it is to all subscribers. */
  say(text: string): void {
    for (const { socket } of this.#subscribers) socket.send(text);
  }

  /** Everything is gone, as after a restart without a disk. */
  forget(): void {
    this.log = "";
    this.samples.clear();
  }

  #opened(socket: WebSocket): void {
    let subscriber: Subscriber | undefined;
    socket.on("error", () => {});
    socket.on("close", () => subscriber && this.#subscribers.delete(subscriber));
    socket.on("message", (data) => {
      const message = JSON.parse(data.toString()) as {
        action: string;
        token?: string;
        data?: { chain: string; variables: string[] }[];
      };
      if (message.action === "authorization" && subscriber === undefined) {
        this.tokens.push(message.token);
        if (this.token !== undefined && message.token !== this.token) return socket.close(4401);
        subscriber = { socket, wanted: new Set() };
        this.#subscribers.add(subscriber);
        say(socket, "experiment:output", this.log);
        const names = [...this.samples.keys()].map((key) => (JSON.parse(key) as string[])[1]);
        return say(socket, "names", names.length === 0 ? [] : [{ chain: "c", names }]);
      }
      if (subscriber === undefined || message.data === undefined) return;
      const keys = message.data.flatMap(({ chain, variables }) =>
        variables.map((name) => JSON.stringify([chain, name])),
      );
      if (message.action === "unsubscribe") for (const key of keys) subscriber.wanted.delete(key);
      if (message.action !== "subscribe") return;
      const fresh: Record<string, unknown[]> = {};
      for (const key of keys) {
        const all = this.samples.get(key);
        if (!subscriber.wanted.has(key) && all !== undefined)
          fresh[(JSON.parse(key) as [string, string])[1]] = all;
        subscriber.wanted.add(key);
      }
      if (Object.keys(fresh).length > 0)
        say(socket, "experiment:event", [{ chain: "c", data: fresh }]);
    });
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += chunk;
    const xid = (request.url ?? "").split("/").at(-1);
    if (
      this.token !== undefined &&
      request.headers.authorization?.toLowerCase() !== `bearer ${this.token.toLowerCase()}`
    ) {
      response
        .writeHead(401)
        .end('{"status":"error","code":"UNAUTHENTICATED","message":"bad token"}');
    } else if (request.method === "GET") {
      response.end(JSON.stringify({ status: "ok", data: { short_id: xid, experiment_id: xid } }));
    } else {
      const answer = this.answers.shift();
      if (answer === undefined || answer === "lost") this.#post(JSON.parse(text) as Body);
      if (answer === "lost") request.socket.destroy();
      else if (answer !== "silent")
        response
          .writeHead(answer?.status ?? 200)
          .end(answer?.body ?? '{"status":"ok","data":null}');
    }
  }

  #post(body: Body): void {
    this.posts.push(body);
    for (const { message } of body.payload.datas ?? []) {
      if (message.action === "experiment:output") this.write(message.data ?? "");
      else for (const { socket } of this.#subscribers) say(socket, message.action);
    }
    for (const [, variables] of Object.entries(body.payload.logs?.vars ?? {}))
      for (const [name, values] of Object.entries(variables)) this.sample(name, ...values);
  }
}

function say(socket: WebSocket, action: string, data?: unknown): void {
  socket.send(JSON.stringify({ message: { action, data } }));
}
