/** The same lobby on Socket.IO: every event goes to everyone, over WebSocket only. Prints its URL when it listens. */
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  socket.on("lobby_prompts_update", () => {
    io.emit("refresh");
  });
});

http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  if (address !== null && typeof address === "object")
    console.log(`http://127.0.0.1:${address.port}`);
});
