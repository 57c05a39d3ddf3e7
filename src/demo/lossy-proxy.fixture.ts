/** For tests: stands between participants and the server, and loses chosen frames on their way to the participants. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";

/** A running proxy. */
export interface LossyProxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  stop(): Promise<void>;
}

/** `loses` is asked for every text frame from the server: it never arrives if the answer is true. HTTP goes through as it is. */
export async function startLossyProxy(
  target: string,
  loses: (text: string) => boolean,
): Promise<LossyProxy> {
  const server = createServer((incoming, answer) => forward(target, incoming, answer));
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (incoming, socket, head) => {
    sockets.handleUpgrade(incoming, socket, head, (client) =>
      couple(client, new WebSocket(`${target.replace("http", "ws")}${incoming.url}`), loses),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const client of sockets.clients) client.terminate();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function forward(target: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, headers } = incoming;
  const onward = request(`${target}${incoming.url}`, { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

/** What comes before the server's side is open waits; either end's close is passed on. */
function couple(client: WebSocket, server: WebSocket, loses: (text: string) => boolean): void {
  const opened = new Promise<void>((resolve) => server.once("open", resolve));
  client.on("message", (data) => void opened.then(() => server.send(data.toString())));
  server.on("message", (data) => {
    const text = data.toString();
    if (!loses(text)) client.send(text);
  });
  client.on("close", () => void opened.then(() => server.close()));
  server.on("close", () => client.close());
  for (const socket of [client, server]) socket.on("error", () => socket.terminate());
}
