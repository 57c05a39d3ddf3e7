/** What a team writes by hand on `ws`: every message goes to everyone who is connected. Prints its URL when it listens. */
import { WebSocket, WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
const clients = new Set<WebSocket>();

server.on("connection", (socket) => {
  clients.add(socket);
  socket.on("close", () => clients.delete(socket));
  socket.on("error", () => socket.terminate());
  socket.on("message", () => {
    for (const client of clients) if (client.readyState === WebSocket.OPEN) client.send("refresh");
  });
});

server.on("listening", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    console.log(`http://127.0.0.1:${address.port}`);
});
