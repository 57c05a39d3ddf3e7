/** For tests: a lobby as the original server does it, which knows nothing of ours. */
import { type WebSocket, WebSocketServer } from "ws";
import type { Scope } from "../../../test/support/scope.ts";

/** Its address. Any path is taken. */
export async function startOriginalLobby(scope: Scope): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const groups = new Map<string, Map<WebSocket, string>>();
  const group = (...key: unknown[]) => {
    const name = key.join(" ");
    const members = groups.get(name) ?? new Map<WebSocket, string>();
    groups.set(name, members);
    return members;
  };
  const tell = (members: Map<WebSocket, string>, text: string) => {
    for (const socket of members.keys()) socket.send(text);
  };
  server.on("connection", (socket) => {
    let later = (_type: unknown) => {};
    const waits = (user: string, members: Map<WebSocket, string>) => {
      let name = user;
      while ([...members.values()].includes(name)) name = `also ${name}`;
      members.set(socket, name);
      const update = () =>
        tell(members, JSON.stringify({ type: "update", users: [...members.values()] }));
      update();
      socket.on("close", () => {
        members.delete(socket);
        update();
      });
      later = (type) => {
        if (type === "start") tell(members, JSON.stringify({ type: "start" }));
      };
    };
    const views = (members: Map<WebSocket, string>) => {
      members.set(socket, "");
      socket.on("close", () => members.delete(socket));
      later = (type) => {
        if (type === "lobby_prompts_update") tell(members, "refresh");
      };
    };
    socket.on("error", () => {});
    socket.once("message", (data) => {
      const { type, user, lobby_id, prompt_id } = JSON.parse(String(data));
      socket.on("message", (more) => later(JSON.parse(String(more)).type));
      if (type === "wait_start") waits(user, group(type, lobby_id, prompt_id));
      else if (type === "leaderboard") views(group(type, lobby_id, prompt_id));
      else if (type === "lobby_prompts") views(group(type, lobby_id));
      else if (type === "leaderboard_update") {
        tell(group("leaderboard", lobby_id, prompt_id), "refresh");
        socket.close(1000);
      } else socket.close(1000, "invalid message type");
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  scope.own(server, () => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** A server that says what it is told to: `speak` is called with each message and what answers it. */
export async function startScripted(
  scope: Scope,
  speak: (text: string, socket: WebSocket) => void,
): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data) => speak(String(data), socket));
  });
  await new Promise((resolve) => server.once("listening", resolve));
  scope.own(server, () => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
}
